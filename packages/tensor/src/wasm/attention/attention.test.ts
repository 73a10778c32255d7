import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { channelAttention, memory, normal, randomKey, resetPeak, scope, zeros } from '../../index.ts'
import type { HostView } from '../../reference/index.ts'
import { sizeOf } from '../../shape.ts'
import { compare, dense, fill, fusions, laidOut, layoutOf, mismatch } from '../oracle.test.helper.ts'
import { attentionBounds } from './bound.test.helper.ts'
import { attentionKernels } from './kernels.ts'

interface Sizes {
  readonly lead: readonly number[]
  readonly queries: number
  readonly keys: number
  readonly d: number
  readonly e: number
}

/** Extents around the edges of panels (4 to 16), of pieces and blocks (48, 96, 320). */
const near = (...edges: number[]) =>
  fc.oneof(
    fc.integer({ min: 1, max: 20 }),
    fc.tuple(fc.constantFrom(...edges), fc.integer({ min: -1, max: 1 })).map(([edge, by]) => edge + by),
  )
const small = fc.record<Sizes>({
  lead: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
  queries: near(48, 96, 100),
  keys: near(48, 64),
  d: near(16, 24),
  e: near(16, 24),
})

const shapesOf = ({ lead, queries, keys, d, e }: Sizes) => [
  [...lead, d, queries],
  [...lead, d, keys],
  [...lead, e, keys],
  [...lead, e, queries],
]
const inputsOf = (sizes: Sizes, scale = 1.5): fc.Arbitrary<HostView[]> => {
  const shapes = shapesOf(sizes)
  return fc
    .tuple(...shapes.map((shape) => layoutOf(shape.length)))
    .map((layouts) => layouts.map((layout, i) => laidOut(shapes[i]!, layout, 'float32', scale)))
}

/** Checks each element to within its bound. */
function check(inputs: readonly HostView[], scale: number): void {
  const bounds = attentionBounds(inputs, scale)
  for (const fused of fusions) {
    for (const [primitive, count] of [['attention', 3] as const, ['attentionGrad', 4] as const]) {
      const comparison = compare(attentionKernels, primitive, inputs.slice(0, count), { scale }, fused)
      expect(
        mismatch(comparison, 0, bounds[primitive]),
        `${primitive} ${inputs.map(({ shape }) => `[${shape}]`)}`,
      ).toBeUndefined()
    }
  }
}

describe('attention and its gradients', () => {
  test('agree with the reference for any sizes and layouts', () => {
    const cases = small.chain((sizes) => inputsOf(sizes))
    fc.assert(
      fc.property(cases, fc.constantFrom(0.1, 1, -0.5), (inputs, scale) => check(inputs, scale)),
      { numRuns: 60 },
    )
  })

  test('over many keys and queries, in pieces, blocks and runs', () => {
    const sizes = [
      { lead: [], queries: 200, keys: 650, d: 5, e: 7 },
      { lead: [1], queries: 500, keys: 330, d: 3, e: 2 },
      { lead: [3], queries: 390, keys: 20, d: 9, e: 4 },
    ]
    for (const own of sizes) {
      fc.assert(
        fc.property(inputsOf(own), (inputs) => check(inputs, 0.3)),
        { numRuns: 2 },
      )
    }
  })

  test('are held to bounds that see a scale off by 2⁻¹³, and a value by 2⁻¹²', () => {
    const own = { lead: [], queries: 6, keys: 9, d: 4, e: 3 }
    const inputs = shapesOf(own).map((shape, i) => dense(shape, fill('float32', sizeOf(shape), i + 1, 1.5)))
    const bounds = attentionBounds(inputs, 1)
    const values = inputs[2]!.data.map((v, i) => (i === 4 ? v * (1 + 2 ** -12) : v))
    const other = [inputs[0]!, inputs[1]!, dense(inputs[2]!.shape, values), inputs[3]!]
    for (const [primitive, count] of [['attention', 3] as const, ['attentionGrad', 4] as const]) {
      const exactOf = (views: readonly HostView[], scale: number) =>
        compare(attentionKernels, primitive, views.slice(0, count), { scale }).expected
      const expected = exactOf(inputs, 1)
      for (const actual of [exactOf(inputs, 1 + 2 ** -13), exactOf(other, 1)])
        expect(mismatch({ actual, expected }, 0, bounds[primitive])).toMatch(/^element/)
    }
  })

  test('stay finite for scores of ±10⁴ and more', () => {
    const own = { lead: [2], queries: 17, keys: 33, d: 8, e: 3 }
    fc.assert(
      fc.property(inputsOf(own, 60), (inputs) => {
        const { actual } = compare(attentionKernels, 'attention', inputs.slice(0, 3), { scale: 1 })
        expect(actual.every((x) => Number.isFinite(x))).toBe(true)
      }),
      { numRuns: 5 },
    )
  })

  test('of no queries are zero, of no keys an error', () => {
    scope(() => {
      expect(channelAttention(zeros([2, 3, 0]), zeros([2, 3, 4]), zeros([2, 5, 4])).shape).toEqual([2, 5, 0])
      expect(() => channelAttention(zeros([3, 4]), zeros([3, 0]), zeros([5, 0]))).toThrow(/N of at least 1/)
      expect(() => channelAttention(zeros([3, 4]), zeros([2, 4]), zeros([5, 4]))).toThrow(/\[… d, M\]/)
    })
  })

  test('of one head do not depend on the others', () => {
    const sizes = (heads: number) => ({ lead: [heads], queries: 400, keys: 30, d: 5, e: 3 })
    const of = (heads: number, primitive: 'attention' | 'attentionGrad') => {
      const inputs = shapesOf(sizes(heads)).map((shape, i) =>
        dense(shape, fill('float32', sizeOf(shape), i + 1).slice() as Float32Array),
      )
      return compare(attentionKernels, primitive, inputs.slice(0, primitive === 'attention' ? 3 : 4), {
        scale: 0.4,
      }).actual
    }
    const [one, many] = [of(1, 'attention'), of(5, 'attention')]
    expect([...many.subarray(0, one.length)]).toEqual([...one])
    // dq, dk and dv of all heads, one after the other.
    const [alone, together] = [of(1, 'attentionGrad'), of(5, 'attentionGrad')]
    const parts = [400 * 5, 30 * 5, 30 * 3]
    parts.forEach((size, i) => {
      const before = parts.slice(0, i).reduce((a, b) => a + b, 0)
      expect([...together.subarray(5 * before, 5 * before + size)]).toEqual([
        ...alone.subarray(before, before + size),
      ])
    })
  })

  test('hold no matrix of weights', () => {
    scope(() => {
      const [tokens, d] = [4096, 8]
      const [q, k, v] = [0, 1, 2].map((i) => normal(randomKey(i), [d, tokens])) as [never, never, never]
      resetPeak()
      const before = memory().bytes
      channelAttention(q, k, v)
      expect(memory().peakBytes - before).toBe(4 * d * tokens)
    })
  })
})
