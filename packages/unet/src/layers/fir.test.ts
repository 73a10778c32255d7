// Resampling by a filter: against dense matrices in float64, and against what diffusers 0.42 computes.
import type { Tensor } from '@tweedie/tensor'
import { fromData, matmul, matrixTranspose, normal, randomKey, scope, sum, tensor } from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { relativeError } from '../relative-error.test.helper.ts'
import { conv2d } from './affine.ts'
import { firDownsample, firUpsample } from './fir.ts'

const host = { dtype: 'float64', device: 'reference' } as const

/** Symmetric filters of 2, 4 and 6 taps. */
const filters = fc
  .array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 })
  .map((half) => [...half, ...[...half].reverse()])
const cases = fc.record({
  filter: filters,
  n: fc.integer({ min: 1, max: 2 }),
  c: fc.integer({ min: 1, max: 3 }),
  h: fc.integer({ min: 2, max: 7 }),
  w: fc.integer({ min: 2, max: 7 }),
  more: fc.integer({ min: 0, max: 2 }),
  seed: fc.nat(1e6),
})

const total = (filter: readonly number[]) => filter.reduce((a, b) => a + b, 0)

/** [⌊(size + 2·padding − k)/2⌋ + 1, size]: row i has the filter from column 2i − padding on. */
function halving(size: number, filter: readonly number[], padding: number): number[][] {
  const rows = Math.floor((size + 2 * padding - filter.length) / 2) + 1
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: size }, (_, j) => (filter[j - 2 * i + padding] ?? 0) / total(filter)),
  )
}

/** [2·size + 2·margin, size]: column j has twice the filter from row 2j + 1 − k/2 + margin on. */
function doubling(size: number, filter: readonly number[], margin: number): number[][] {
  return Array.from({ length: 2 * size + 2 * margin }, (_, i) =>
    Array.from(
      { length: size },
      (_, j) => (2 * (filter[i - (2 * j + 1 - filter.length / 2 + margin)] ?? 0)) / total(filter),
    ),
  )
}

const along = (x: Tensor, rows: number[][], columns: number[][]) =>
  matmul(matmul(tensor(rows, host), x), matrixTranspose(tensor(columns, host)))

describe('is the dense matrix of the filter along both axes', () => {
  test('halving', () => {
    fc.assert(
      fc.property(cases, ({ filter, n, c, h, w, more, seed }) =>
        scope(() => {
          const x = normal(randomKey(seed), [n, c, h, w], host)
          const usual = filter.length / 2 - 1
          const wanted = (padding: number) =>
            along(x, halving(h, filter, padding), halving(w, filter, padding))
          expect(relativeError(firDownsample(x, { filter }), wanted(usual))).toBeLessThan(1e-13)
          const padding = usual + more
          expect(relativeError(firDownsample(x, { filter, padding }), wanted(padding))).toBeLessThan(1e-13)
          expect(firDownsample(x, { filter }).shape).toEqual([n, c, Math.floor(h / 2), Math.floor(w / 2)])
        }),
      ),
      { numRuns: 40 },
    )
  })

  test('doubling', () => {
    fc.assert(
      fc.property(cases, ({ filter, n, c, h, w, more: margin, seed }) =>
        scope(() => {
          const x = normal(randomKey(seed), [n, c, h, w], host)
          const wanted = along(x, doubling(h, filter, margin), doubling(w, filter, margin))
          expect(relativeError(firUpsample(x, { filter, margin }), wanted)).toBeLessThan(1e-13)
        }),
      ),
      { numRuns: 40 },
    )
  })
})

test('doubling is four times the adjoint of halving', () => {
  fc.assert(
    fc.property(cases, ({ filter, n, c, h, w, seed }) =>
      scope(() => {
        const key = randomKey(seed)
        const x = normal(key.fold(0), [n, c, h, w], host)
        const y = normal(key.fold(1), [n, c, 2 * h, 2 * w], host)
        const left = sum(firUpsample(x, { filter }).mul(y)).dataSync()[0]!
        const right = 4 * sum(x.mul(firDownsample(y, { filter }))).dataSync()[0]!
        expect(Math.abs(left - right)).toBeLessThan(1e-11 * n * c * h * w)
      }),
    ),
  )
})

describe('is what diffusers computes with (1, 3, 3, 1)', () => {
  const pixels = Array.from({ length: 24 }, (_, i) => (i * i) % 17)
  const weight = { 'c.weight': fromData([0, 1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 3, 3], host) }
  const whole = () => tensor(pixels, host).reshape([1, 1, 4, 6])
  const corner = () => whole().slice(0, null, [0, 2], [0, 3]).reshape([1, 1, 2, 3])
  const list = (x: Tensor) => [...x.dataSync()]

  test('downsample_2d, also of odd sides', () => {
    expect(list(firDownsample(whole()).mul(64))).toEqual([294, 548, 442, 379, 537, 223])
    const odd = whole().slice(null, null, [0, 3], [0, 5])
    expect(list(firDownsample(odd).mul(64))).toEqual([294, 548])
  })

  test('upsample_2d', () => {
    expect(list(firUpsample(corner()).mul(16))).toEqual([
      ...[0, 3, 9, 21, 39, 36, 6, 24, 56, 79, 93, 75],
      ...[18, 64, 144, 181, 175, 129, 18, 63, 141, 174, 162, 117],
    ])
  })

  test('FirDownsample2D with its convolution', () => {
    const wide = conv2d(weight, 'c', whole(), { padding: 2, bias: false })
    expect(list(firDownsample(wide, { padding: 0 }).mul(64))).toEqual([
      13713, 20051, 11597, 9861, 13478, 6059,
    ])
  })

  test('FirUpsample2D with its convolution', () => {
    expect(list(conv2d(weight, 'c', firUpsample(corner(), { margin: 1 }), { bias: false }).mul(16))).toEqual([
      ...[263, 716, 1335, 1972, 2161, 1624, 830, 2123, 3582, 4579, 4438, 3061],
      ...[1130, 2843, 4644, 5656, 5245, 3484, 773, 1922, 3048, 3580, 3226, 2065],
    ])
  })
})

test.each([[[]], [[1]], [[1, 2, 1]], [[1, 3, 3, 2]], [[1, -1, -1, 1]], [[Number.NaN, Number.NaN]]])(
  'a filter of taps %o is refused',
  (filter) => {
    const x = tensor([[[[1, 2]]]], host)
    expect(() => firDownsample(x, { filter })).toThrow('filter: needs an even number of taps, symmetric')
    expect(() => firUpsample(x, { filter })).toThrow('filter: needs an even number of taps, symmetric')
  },
)

test('images have four axes', () => {
  expect(() => firUpsample(tensor([[1]]))).toThrow('x must be [N, C, H, W]')
  expect(() => firDownsample(tensor([[[[[1]]]]]))).toThrow('x must be [N, C, H, W]')
})
