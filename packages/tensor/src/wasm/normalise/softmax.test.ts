import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scope, softmax, tensor, zeros } from '../../index.ts'
import { packed } from '../../reference/host.ts'
import type { HostView } from '../../reference/index.ts'
import { compare, dense, fusions, laidOut, layoutOf, mismatch } from '../oracle.test.helper.ts'
import { softmaxKernels } from './softmax.ts'

/** Unit roundoff of float32. */
const u = 2 ** -24

/**
 * How far each weight may be from the exact one, rounded to float32, to first order. With d_n = x_max − x_n, e_n =
 * exp(−d_n) and S = Σ e_n, a relative error of e_n is u·d_n for the rounding of d_n and 2u of `fade`, which
 * `math-softmax.test.ts` holds it to. S has the mean of those, weighted by e_n/S, and a rounding for each of a lane's
 * elements, of which no more than 128 are added before float64. Four more: of S, 1/S, the product and the expected
 * weight. What is below 2⁻¹²⁵ may be 0. Errors of 2,500 random cases use half of it.
 */
function boundsOf(x: HostView): Float64Array {
  const n = x.shape.at(-1) ?? 0
  const values = packed(x)
  const bounds = new Float64Array(values.length)
  for (let from = 0; from < values.length; from += n) {
    const row = Array.from(values.subarray(from, from + n))
    const top = row.reduce((most, v) => Math.max(most, v), Number.NEGATIVE_INFINITY)
    const powers = row.map((v) => Math.exp(v - top))
    const sum = powers.reduce((total, e) => total + e, 0)
    const errors = row.map((v) => u * (top - v) + 2 * u)
    const ofSum = errors.reduce((total, error, i) => total + (error * powers[i]!) / sum, 0)
    const roundings = Math.min(128, Math.ceil(n / 4)) + 4
    errors.forEach((error, i) => {
      bounds[from + i] = 1.01 * (powers[i]! / sum) * (error + ofSum + roundings * u) + 2 ** -125
    })
  }
  return bounds
}

function check(x: HostView): void {
  const bounds = boundsOf(x)
  for (const fused of fusions)
    expect(mismatch(compare(softmaxKernels, 'softmax', [x], {}, fused), 0, bounds)).toBeUndefined()
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
      check(dense([3, length], values))
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
