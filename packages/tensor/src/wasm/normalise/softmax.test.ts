import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scope, softmax, tensor, zeros } from '../../index.ts'
import type { HostView } from '../../reference/index.ts'
import { compare, dense, fusions, laidOut, layoutOf, mismatch } from '../oracle.test.helper.ts'
import { softmaxKernels } from './softmax.ts'

/** Weights are at most 1: an absolute bound, and a relative one for the small. */
function check(x: HostView, absolute = 0): void {
  for (const fused of fusions) {
    expect(mismatch(compare(softmaxKernels, 'softmax', [x], {}, fused), 2e-6, absolute)).toBeUndefined()
  }
}

const rows = fc
  .tuple(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 2 }), fc.integer({ min: 1, max: 70 }))
  .map(([lead, length]) => [...lead, length])
const views = rows.chain((shape) => layoutOf(shape.length).map((layout) => laidOut(shape, layout)))

describe('softmax along the last axis', () => {
  test('agrees with the reference for any sizes and layouts', () => {
    fc.assert(fc.property(views, (x) => check(x)))
  })

  test('of long rows, with scores of every size', () => {
    const property = fc.property(fc.integer({ min: 500, max: 3000 }), fc.nat(9), (length, power) => {
      const values = Float32Array.from({ length: 3 * length }, (_, i) => Math.sin(i * i) * 10 ** (power - 4))
      // exp doubles the relative error of a large exponent: ten thousand is 2⁻¹¹ coarse in float32.
      check(dense([3, length], values), 1e-7)
    })
    fc.assert(property, { numRuns: 20 })
  })

  test('of −∞, +∞ and NaN is what PyTorch has', () => {
    const { NEGATIVE_INFINITY: low, POSITIVE_INFINITY: high, NaN: nan } = Number
    for (const device of ['wasm', 'reference']) {
      const of = (values: number[]) => Array.from(softmax(tensor(values, { device })).dataSync())
      expect(of([low, 0, low, 0, 0])).toEqual([0, 1 / 3, 0, 1 / 3, 1 / 3].map(Math.fround))
      expect(of([low, low])).toEqual([nan, nan])
      expect(of([0, high])).toEqual([nan, nan])
      expect(of([0, nan, 1, 2, 3])).toEqual(new Array(5).fill(nan))
    }
  })

  test('the gradient of a row knows nothing of the row behind it', () => {
    for (const n of [1, 2, 3, 5, 6, 7]) {
      const y = Float32Array.from({ length: 2 * n }, (_, i) => (i < n ? 1 / n : Number.NaN))
      const dy = Float32Array.from({ length: 2 * n }, (_, i) => (i < n ? i : Number.POSITIVE_INFINITY))
      for (const fused of fusions) {
        const inputs = [dense([2, n], y), dense([2, n], dy)] as const
        const { actual } = compare(softmaxKernels, 'softmaxGrad', inputs, {}, fused)
        const first = Array.from(actual).slice(0, n)
        first.forEach((value, i) => expect(value).toBeCloseTo((i - (n - 1) / 2) / n, 5))
      }
    }
  })

  test('along other axes and of nothing', () => {
    scope(() => {
      const x = tensor([
        [0, 5],
        [0, 5],
      ])
      expect(Array.from(softmax(x, 0).dataSync())).toEqual([0.5, 0.5, 0.5, 0.5])
      expect(softmax(zeros([3, 0])).shape).toEqual([3, 0])
      expect(softmax(zeros([0, 3]), 0).shape).toEqual([0, 3])
      expect(() => softmax(zeros([]))).toThrow(/at least one axis/)
      expect(() => softmax(x, 2)).toThrow(/axis/)
    })
  })
})

test('the gradient agrees with the reference for any sizes and layouts', () => {
  const pairs = rows.chain((shape) =>
    fc
      .tuple(layoutOf(shape.length), layoutOf(shape.length))
      .map((pair) => pair.map((l) => laidOut(shape, l))),
  )
  fc.assert(
    fc.property(pairs, (inputs) => {
      for (const fused of fusions) {
        // y here is no softmax: terms up to 9 each, and as many as the row is long.
        const bound = 3 * inputs[0]!.shape.at(-1)! * 9 * 2 ** -23 * 3
        expect(
          mismatch(compare(softmaxKernels, 'softmaxGrad', inputs, {}, fused), 1e-6, bound),
        ).toBeUndefined()
      }
    }),
  )
})
