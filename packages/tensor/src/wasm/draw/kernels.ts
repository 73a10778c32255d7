import type { DrawnKey, LeftRange } from '../../device.ts'
import { eachPiece } from '../../times.ts'
import type { Procedure } from '../asm/index.ts'
import { i32, i32x4, v128 } from '../asm/index.ts'
import { transpose4 } from '../lanes/transpose.ts'
import type { WasmContext } from '../runtime/kernel.ts'
import type { Call } from '../runtime/tasks.ts'
import { callOf, cut } from '../runtime/tasks.ts'
import { boxMuller } from './box-muller.ts'
import { philoxFour, roundKeys } from './philox.ts'

/** Normals that a turn makes, of four counters. */
const turnLength = 16
/** Rough, in nanoseconds. */
const timePerNormal = 3

/**
 * Emits `run(out, turns, counter, k0, k1, doubts)`: `turns` times sixteen normals, of the counters from `counter` on. At
 * `doubts` it leaves how many turns are in doubt, and then their first counters.
 */
const emitNormals: Procedure = (f, out, turns, counter, k0, k1, doubts) => {
  const keys = roundKeys(f, k0!, k1!)
  const [at, end] = [f.let(out!), f.let(i32.add(doubts!, 4))]
  f.times(
    turns!,
    [
      [counter!, 4],
      [at, 16 * 4],
    ],
    () => {
      const counters = f.vector(i32x4.add(i32x4.splat(counter!), i32x4.lanes(0, 1, 2, 3)))
      const words = philoxFour(f, counters, keys)
      const { vectors, doubtful } = boxMuller(f, [words[0], words[2]], [words[1], words[3]])
      transpose4(f, vectors).forEach((four, i) => {
        f.emit(v128.store(at, four, 16 * i))
      })
      f.if(v128.anyTrue(doubtful), () => {
        f.emit(i32.store(end, counter!))
        f.add(end, 4)
      })
    },
  )
  f.emit(i32.store(doubts!, i32.shrU(i32.sub(i32.sub(end, doubts!), 4), 2)))
}

/** Turns of one key that one call makes. */
interface Stretch {
  readonly key: number
  readonly from: number
  readonly turns: number
}

/** Turns `from` … `to` − 1 of all keys' turns in a row, key by key. */
function stretchesOf(from: number, to: number, perKey: number): Stretch[] {
  const stretches: Stretch[] = []
  for (let at = from; at < to; ) {
    const key = Math.floor(at / perKey)
    const turns = Math.min(to, (key + 1) * perKey) - at
    stretches.push({ key, from: at - key * perKey, turns })
    at += turns
  }
  return stretches
}

/** Turns whose doubts are listed at a time. */
const listed = 2 ** 16

/** What `Device.normals` does, at the address `out`. */
export function drawNormals(
  out: number,
  keys: readonly DrawnKey[],
  count: number,
  context: WasmContext,
): readonly LeftRange[] {
  const left: LeftRange[] = []
  const perKey = Math.floor(count / turnLength)
  if (count % turnLength > 0)
    keys.forEach((_, key) => left.push({ key, from: perKey * turnLength, count: count % turnLength }))
  const total = perKey * keys.length
  const addressOf = ({ key, from }: Stretch) => out + 4 * (key * count + from * turnLength)
  eachPiece(0, total, listed, (at, turns) => {
    left.push(...drawTurns(at, turns, perKey, keys, addressOf, context))
  })
  return left
}

/** Draws `total` of all keys' turns in a row, from one on, each stretch to its address, and returns what is in doubt. */
function drawTurns(
  first: number,
  total: number,
  perKey: number,
  keys: readonly DrawnKey[],
  addressOf: (stretch: Stretch) => number,
  { heap, kernels, threads }: WasmContext,
): LeftRange[] {
  const kernel = kernels.get('normals', (m) => m.procedure('run', emitNormals))
  const parts = threads.parts(total * turnLength * timePerNormal, total)
  const tasks = cut(total, parts).map(({ from, to }) => stretchesOf(first + from, first + to, perKey))
  const stretches = tasks.flat()
  // A list of doubts for each stretch, of as many as it has turns and their number.
  const lists = heap.scratch('normals:doubts', 4 * (total + stretches.length))
  let list = lists
  const drawn = (stretch: Stretch): Call => {
    const { key, from, turns } = stretch
    const call = callOf(kernel, addressOf(stretch), turns, 4 * from, ...keys[key]!.words, list)
    list += 4 * (turns + 1)
    return call
  }
  threads.run(tasks.map((task) => task.map(drawn)))
  const words = heap.i32
  const left: LeftRange[] = []
  let at = lists / 4
  for (const { key, turns } of stretches) {
    for (let i = 1; i <= words[at]!; i++)
      left.push({ key, from: 4 * (words[at + i]! >>> 0), count: turnLength })
    at += turns + 1
  }
  return left
}
