import type { View } from '../../device.ts'
import { sizeOf } from '../../shape.ts'
import { times } from '../../times.ts'
import { pieceOf } from '../product/gemm.ts'
import type { Matrix } from '../product/product.ts'
import { transposed } from '../product/product.ts'
import type { WasmContext, WasmKernels } from '../runtime/kernel.ts'
import { addressOf, onFloat32 } from '../runtime/kernel.ts'
import type { WasmFunction } from '../runtime/module.ts'
import type { Call, Task } from '../runtime/tasks.ts'
import { cut, deal } from '../runtime/tasks.ts'
import type { Tile } from '../runtime/tile.ts'
import { spillBytes } from '../runtime/tile.ts'
import { emitAttention, emitAttentionGrad } from './loops.ts'

/** Keys per piece of a product that sums over keys: its panel of weights stays in the first-level cache. */
const pieceLimit = 320
/** Bytes of packed keys and values to prepare at a time. */
const chunkBytes = 1 << 23
/** Queries are dealt out by this many: whole panels of every tile. */
const unit = 48

/** The heads of a call, one matrix each for queries, keys, values and the result's gradient. */
interface Heads {
  readonly count: number
  readonly d: number
  readonly e: number
  readonly queries: number
  readonly keys: number
  /** Matrix of input i for a head. */
  matrix(i: number, head: number): Matrix
}

function headsOf(inputs: readonly View[]): Heads {
  const [q, , v] = inputs as readonly [View, View, View]
  const lead = q.shape.slice(0, -2)
  const [d, queries] = q.shape.slice(-2) as [number, number]
  const [e, keys] = v.shape.slice(-2) as [number, number]
  return {
    ...{ count: sizeOf(lead), d, e, queries, keys },
    matrix(i, head) {
      const x = inputs[i]!
      let [rest, at] = [head, addressOf(x)]
      for (let axis = lead.length - 1; axis >= 0; axis--) {
        const index = rest % lead[axis]!
        at += 4 * index * x.strides[axis]!
        rest = (rest - index) / lead[axis]!
      }
      return { at, row: 4 * x.strides.at(-2)!, column: 4 * x.strides.at(-1)! }
    },
  }
}

const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to

/** Bytes of a left factor [rows × depth], packed. */
const leftBytes = (rows: number, depth: number, { mr }: Tile): number => 4 * roundUp(rows, mr) * depth

/** The calls that pack a left factor [rows × depth], in pieces of the depth. */
function packing(
  packA: WasmFunction,
  to: number,
  { at, row, column }: Matrix,
  [rows, depth, piece]: readonly [number, number, number],
  { mr }: Tile,
): Call[] {
  const calls: Call[] = []
  for (let first = 0; first < depth; first += piece) {
    const deep = Math.min(piece, depth - first)
    const target = to + 4 * roundUp(rows, mr) * first
    calls.push({ run: packA, args: [target, at + first * column, rows, deep, row, column, 4 * mr * deep] })
  }
  return calls
}

/**
 * Runs units of work in tasks for `parts` threads, each with scratch memory of its own at `at`; units of one
 * task run in order.
 */
function share<U>(
  units: readonly U[],
  parts: number,
  bytes: number,
  name: string,
  { heap, threads }: WasmContext,
  callOf: (unit: U, scratch: number) => Call,
): void {
  const ranges = cut(units.length, parts)
  const each = roundUp(bytes, 64)
  const scratch = heap.scratch(name, each * ranges.length)
  const tasks: Task[] = ranges.map(({ from, to }, i) =>
    units.slice(from, to).map((own) => callOf(own, scratch + i * each)),
  )
  threads.run(tasks)
}

/** Rough time of some multiply-adds, in nanoseconds. */
const timeOf = (multiplyAdds: number): number => multiplyAdds / 18

const kernelsOf = (context: WasmContext) => {
  const { kernels, relaxedSimd: relaxed, tiles } = context
  const { mr, nr } = tiles.tile
  const key = `${mr}×${nr}${relaxed ? '+' : ''}`
  const shape = { mr, nr, relaxed }
  return {
    forward: () => kernels.all(`attention ${key}`, ['attention', 'packA'], (m) => emitAttention(m, shape)),
    backward: () =>
      kernels.all(`attentionGrad ${key}`, ['attentionGrad', 'packA', 'sum'], (m) => {
        emitAttentionGrad(m, shape)
      }),
  }
}

const attention = onFloat32<'attention'>((call, out, context) => {
  const { heap, threads, tiles } = context
  const heads = headsOf(call.inputs)
  const { count, d, e, queries, keys } = heads
  const work = count * queries * keys * (d + e)
  tiles.expect(work)
  const { tile } = tiles
  const { attention: run, packA } = kernelsOf(context).forward()
  const piece = pieceOf(keys, pieceLimit, 1)
  const [keyBytes, valueBytes] = [leftBytes(keys, d, tile), leftBytes(e, keys, tile)]
  const chunk = Math.max(1, Math.min(count, Math.floor(chunkBytes / Math.max(1, keyBytes + valueBytes))))
  const packed = heap.scratch('attention.packed', chunk * (keyBytes + valueBytes))
  const parts = threads.parts(timeOf(work), count * Math.ceil(queries / unit))
  for (let from = 0; from < count; from += chunk) {
    const own = times(Math.min(chunk, count - from), (i) => ({
      head: from + i,
      k: packed + i * (keyBytes + valueBytes),
      v: packed + i * (keyBytes + valueBytes) + keyBytes,
    }))
    const packings = own.flatMap(({ head, k, v }) => [
      ...packing(packA, k, transposed(heads.matrix(1, head)), [keys, d, Math.max(1, d)], tile),
      ...packing(packA, v, heads.matrix(2, head), [e, keys, piece], tile),
    ])
    threads.run(deal(packings, parts))
    const units = own.flatMap((head) =>
      cut(queries, Math.ceil(parts / own.length), unit).map((range) => ({ ...head, ...range })),
    )
    const [panel, scores] = [4 * tile.nr * d, 4 * tile.nr * keys]
    share(units, parts, panel + scores + spillBytes, 'attention.scores', context, (u, scratch) => {
      const q = heads.matrix(0, u.head)
      const to = out + 4 * (u.head * e * queries + u.from)
      const input = [u.k, u.v, q.at + u.from * q.column, q.row, q.column]
      const sizes = [to, 4 * queries, u.to - u.from, keys, d, e, piece]
      const places = [scratch, scratch + panel, scratch + panel + scores]
      return { run, args: [...input, ...sizes, ...places, call.params.scale] }
    })
  }
})

/** Queries per block of the gradients: two strips of weights near the size of the second-level cache. */
const blockOf = (keys: number): number => (keys <= 512 ? 2 * unit : unit)

/**
 * Into how many runs of queries a head's gradients are cut, whose sums over queries are then added, so that one head
 * keeps several threads busy. It depends on the number of queries only: a head's gradients depend neither on threads
 * nor on how many other heads and samples there are.
 */
const runsOf = (queries: number): number => Math.max(1, Math.min(4, Math.floor(queries / (4 * unit))))

const attentionGrad = onFloat32<'attentionGrad'>((call, out, context) => {
  const { heap, threads, tiles } = context
  const heads = headsOf(call.inputs)
  const { count, d, e, queries, keys } = heads
  const work = count * queries * keys * (3 * d + 2 * e)
  tiles.expect(work)
  const { tile } = tiles
  const { attentionGrad: run, packA, sum } = kernelsOf(context).backward()
  const [dqOut, dkOut] = [out, out + 4 * count * d * queries]
  const dvOut = dkOut + 4 * count * keys * d
  if (queries === 0) {
    heap.view('float32', out, sizeOf(call.shape)).fill(0)
    return
  }
  const piece = pieceOf(keys, pieceLimit, 1)
  const block = blockOf(keys)
  const runs = cut(queries, runsOf(queries), block)
  const sides = [leftBytes(keys, d, tile), leftBytes(d, keys, tile), leftBytes(keys, e, tile)] as const
  const perHead = sides[0] + sides[1] + sides[2]
  const sumBytes = 4 * keys * (d + e)
  const perHeadAll = perHead + (runs.length - 1) * sumBytes
  const chunk = Math.max(1, Math.min(count, Math.floor(chunkBytes / Math.max(1, perHeadAll))))
  const packed = heap.scratch('attention.packed', chunk * perHeadAll)
  const parts = threads.parts(timeOf(work), count * runs.length)
  const strip = 4 * keys * roundUp(block, tile.nr)
  const left = leftBytes(keys, block, tile)
  const right = 4 * block * (Math.max(d, e) + tile.nr) + 4 * tile.nr * Math.max(d, e)
  for (let from = 0; from < count; from += chunk) {
    const own = times(Math.min(chunk, count - from), (i) => {
      const kt = packed + i * perHeadAll
      const partial = kt + perHead
      return { head: from + i, kt, k: kt + sides[0], vt: kt + sides[0] + sides[1], partial }
    })
    const packings = own.flatMap(({ head, kt, k, vt }) => {
      const [keyMatrix, valueMatrix] = [heads.matrix(1, head), heads.matrix(2, head)]
      return [
        ...packing(packA, kt, transposed(keyMatrix), [keys, d, Math.max(1, d)], tile),
        ...packing(packA, k, keyMatrix, [d, keys, piece], tile),
        ...packing(packA, vt, transposed(valueMatrix), [keys, e, Math.max(1, e)], tile),
      ]
    })
    threads.run(deal(packings, parts))
    const units = own.flatMap((head) => runs.map((range, index) => ({ ...head, ...range, index })))
    const bytes = 2 * strip + left + right + spillBytes
    share(units, parts, bytes, 'attention.strips', context, (u, scratch) => {
      const [q, dy] = [heads.matrix(0, u.head), heads.matrix(3, u.head)]
      const partial = u.partial + (u.index - 1) * sumBytes
      const dk = u.index === 0 ? dkOut + 4 * u.head * keys * d : partial
      const dv = u.index === 0 ? dvOut + 4 * u.head * keys * e : partial + 4 * keys * d
      const factors = [u.kt, u.k, u.vt, q.at + u.from * q.column, q.row, q.column]
      const gradient = [dy.at + u.from * dy.column, dy.row, dy.column]
      const results = [dqOut + 4 * (u.head * d * queries + u.from), 4 * queries, dk, dv]
      const sizes = [u.to - u.from, keys, d, e, piece, block]
      const [weights, slopes] = [scratch, scratch + strip]
      const places = [weights, slopes, slopes + strip, slopes + strip + left, slopes + strip + left + right]
      return { run, args: [...factors, ...gradient, ...results, ...sizes, ...places, call.params.scale] }
    })
    if (runs.length === 1) continue
    const additions = own.map(
      ({ head, partial }): Task =>
        runs.slice(1).flatMap((_, i) => {
          const [dk, dv] = [partial + i * sumBytes, partial + i * sumBytes + 4 * keys * d]
          return [
            { run: sum, args: [dkOut + 4 * head * keys * d, dk, keys * d] },
            { run: sum, args: [dvOut + 4 * head * keys * e, dv, keys * e] },
          ]
        }),
    )
    threads.run(additions)
  }
})

/**
 * Attention of float32 and its gradients, over inputs with any strides. Per thread a panel of nr queries'
 * scores is held at a time, in the gradients two strips of some dozen: memory grows with keys, not with their
 * square.
 */
export const attentionKernels = { attention, attentionGrad } satisfies WasmKernels
