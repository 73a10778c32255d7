import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normal, randomKey } from '../../index.ts'
import { philox4x32 } from '../../random/philox.ts'
import { ModuleBuilder, v128 } from '../asm/index.ts'
import { createWasmDevice } from '../device.ts'
import { hasMemory64 } from '../runtime/linear-memory.ts'
import { boxMuller } from './box-muller.ts'

/** The law in float64, as `random.ts` has it. */
const normals = (w: number, v: number): readonly [number, number] => {
  const radius = Math.sqrt(-2 * Math.log((w + 0.5) / 2 ** 32))
  const angle = (2 * Math.PI * (v + 0.5)) / 2 ** 32
  return [radius * Math.cos(angle), radius * Math.sin(angle)]
}

const bits = new DataView(new ArrayBuffer(8))
/** How far a float64 is from the next tie of float32, in its last places. */
function fromTie(x: number): number {
  bits.setFloat64(0, x)
  return Math.abs((bits.getUint32(4) & 0x1fffffff) - 2 ** 28)
}

/** Runs the kernel on pairs of words: the pairs in float32, and for each whether it or its neighbour is in doubt. */
function pairsOf(words: readonly (readonly [number, number])[], fused: boolean) {
  const memory = new WebAssembly.Memory({ initial: 1 })
  const m = new ModuleBuilder({ shared: false }, fused)
  m.procedure('pairs', (f, at) => {
    const { vectors, doubtful } = boxMuller(f, [f.vector(v128.load(at))], [f.vector(v128.load(at, 16))])
    ;[...vectors, doubtful].forEach((x, i) => f.emit(v128.store(at, x, 32 + 16 * i)))
  })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.bytes()), { env: { memory } })
  const run = exports['pairs'] as (at: number) => void
  const [whole, single] = [new Uint32Array(memory.buffer), new Float32Array(memory.buffer)]
  return words.flatMap((_, i) => {
    if (i % 4 !== 0) return []
    const four = [0, 1, 2, 3].map((k) => words[i + k] ?? ([0, 0] as const))
    four.forEach(([w, v], k) => {
      whole[k] = w
      whole[4 + k] = v
    })
    run(0)
    return four
      .map((_, k) => ({ pair: [single[8 + k]!, single[12 + k]!], doubtful: whole[16 + k] !== 0 }))
      .slice(0, words.length - i)
  })
}

/** Words at the ends of the range and about the quarters, where cosine and sine change sign. */
const edges = [0, 1, 2, 3].flatMap((k) =>
  [-2, -1, 0, 1].map((by) => (k * 2 ** 30 + by) >>> 0).concat((k * 2 ** 30 + 2 ** 29) >>> 0),
)
const radii = [...edges, 3037000499, 3037000500, 1518500249, 1518500250, 1, 2, 5, 2 ** 31 - 1, 2 ** 31]

/** A stream of words. */
function* wordsOf(seed: number): Generator<readonly [number, number]> {
  const out = new Uint32Array(4)
  for (let i = 0; ; i++) {
    philox4x32(i, 0, 0, 0, seed, 0, out, 0)
    yield [out[0]!, out[1]!]
    yield [out[2]!, out[3]!]
  }
}
const take = <T>(from: Iterable<T>, count: number): T[] => {
  const taken: T[] = []
  for (const x of from) if (taken.push(x) === count) break
  return taken
}

/** Pairs of words one of whose normals is near a tie. */
function* nearTies(within: number): Generator<readonly [number, number]> {
  for (const words of wordsOf(7)) if (normals(...words).some((x) => fromTie(x) <= within)) yield words
}

describe.each([false, true])('Box and Muller, fused multiply-add %j', (fused) => {
  test('rounds as float64 does, but where that is in doubt', () => {
    const words = [...radii.flatMap((w) => edges.map((v) => [w, v] as const)), ...take(wordsOf(3), 400_000)]
    const found = pairsOf(words, fused)
    const wrong = found.filter(
      ({ pair, doubtful }, i) =>
        !doubtful && !normals(...words[i]!).every((x, k) => Object.is(Math.fround(x), pair[k])),
    )
    expect(wrong).toEqual([])
    // 2¹² of 2²⁹ places are near a tie; a lane tells of four numbers. 49 are expected.
    expect(found.filter(({ doubtful }) => doubtful).length).toBeLessThan(100)
  })

  test('is in doubt next to every tie', () => {
    // The kernel's own error is below 2⁻⁴³, 2¹⁰ last places.
    const words = take(nearTies(2 ** 10), 24)
    // Each with words beside it that are far from a tie, in each of the four lanes.
    for (let lane = 0; lane < 4; lane++) {
      const four = words.map((own) => [0, 1, 2, 3].map((k) => (k === lane ? own : ([1000, 77] as const))))
      const found = pairsOf(four.flat(), fused)
      words.forEach((_, i) => {
        expect(found.slice(4 * i, 4 * i + 4).some(({ doubtful }) => doubtful)).toBe(true)
      })
    }
    expect(pairsOf(take([[1000, 77] as const], 1), fused)[0]!.doubtful).toBe(false)
  })
})

const devices = {
  'one thread': createWasmDevice({ threads: 1, relaxedSimd: false }),
  'three threads': createWasmDevice({ threads: 3 }),
  ...(hasMemory64() && { 'addresses of 64 bits': createWasmDevice({ threads: 1, maxBytes: 2 ** 33 }) }),
}

describe.each(Object.entries(devices))('normals on wasm, %s', (_, device) => {
  const same = (seeds: readonly number[], count: number) => {
    const keys = seeds.map((seed) => randomKey(seed))
    const [own, reference] = [device, 'reference'].map((on) =>
      normal(keys, [count], { device: on }).dataSync(),
    )
    expect(own).toEqual(reference)
  }

  test('are those of the reference, bit for bit, at any length', () => {
    const seed = fc.nat(2 ** 53 - 1)
    const property = fc.property(fc.array(seed, { minLength: 1, maxLength: 4 }), fc.nat(200), same)
    fc.assert(property, { numRuns: 100 })
  })

  test('in long draws, which threads share and which leave doubts', () => {
    same([1], 2 ** 20 + 37)
    same([2 ** 40 + 9, 3, 0], 100_004)
  })
})

test('what is left is the end of each key, and every turn with a number next to a tie', () => {
  const device = createWasmDevice({ threads: 1 })
  const [count, keys] = [700_007, [randomKey(4), randomKey(5)]]
  const left = device.normals!(device.allocate('float32', 2 * count), keys, count)
  expect(left.slice(0, 2)).toEqual([0, 1].map((key) => ({ key, from: 700_000, count: 7 })))
  const doubts = left.slice(2)
  for (const { from, count: length } of doubts) expect([from % 16, length]).toEqual([0, 16])
  // 87,500 turns, of which 2⁻¹³ are in doubt: eleven.
  expect(doubts.length).toBeLessThan(25)
  const told = new Set(doubts.map(({ key, from }) => `${key} ${from}`))
  const near = keys.flatMap((key, k) =>
    [...normal(key, [700_000], { dtype: 'float64' }).dataSync()].flatMap((x, i) =>
      fromTie(x) <= 1500 ? [{ key: k, at: i }] : [],
    ),
  )
  // Of either half of a turn.
  for (const half of [0, 2]) expect(near.filter(({ at }) => (at & 2) === half).length).toBeGreaterThan(0)
  for (const { key, at } of near) expect(told).toContain(`${key} ${at - (at % 16)}`)
})
