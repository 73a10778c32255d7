import { expect, test } from 'vitest'
import { centralMoments } from './cmd.ts'
import { meanError, relativeMeanError, relativeVarianceError, varianceError } from './mean-variance.ts'
import { meanOf, momentsOf, variancesOf } from './moments.ts'
import { estimated, gaussian, judgedBy, mean, normals, oneOf, plain, rows } from './plain.test.helper.ts'

const posterior = gaussian([1, -1], [[4, 1], [1, 9]]) // biome-ignore format: a matrix
const judged = judgedBy({ posterior })
// Means 4 and 3, variances 8/2 and 14/2.
const samples = rows([2, 0], [4, 5], [6, 4])

test('by hand', () => {
  expect(Array.from(meanOf(samples))).toEqual([4, 3])
  expect(Array.from(variancesOf(samples))).toEqual([4, 7])
  expect(momentsOf(posterior)).toBe(momentsOf(posterior))
  expect(oneOf(meanError, samples, judged)).toBeCloseTo(5, 12)
  expect(oneOf(relativeMeanError, samples, judged)).toBeCloseTo(5 / Math.sqrt(13), 12)
  expect(oneOf(varianceError, samples, judged)).toBeCloseTo(2, 12)
  expect(oneOf(relativeVarianceError, samples, judged)).toBeCloseTo(2 / Math.sqrt(97), 12)
})

test('the mean of N exact draws is √(tr Σ/N) away, squared and on average; variances are unbiased', () => {
  const unit = judgedBy({ posterior: gaussian([0, 0, 0], [[1, 0, 0], [0, 1, 0], [0, 0, 1]]) }) // biome-ignore format: a line
  const sets = Array.from({ length: 400 }, (_, s) => normals(s, 10, 3))
  const squares = estimated(sets.map((x) => oneOf(meanError, x, unit) ** 2))
  expect(Math.abs(squares.value - 0.3)).toBeLessThan(5 * squares.error)
  const relative = estimated(sets.map((x) => oneOf(relativeMeanError, x, unit) ** 2))
  expect(relative.value).toBeCloseTo(squares.value / 3, 12)
  // ‖s² − 1‖² has the mean 3·2/9 for 10 draws each.
  const spread = estimated(sets.map((x) => oneOf(varianceError, x, unit) ** 2))
  expect(Math.abs(spread.value - 6 / 9)).toBeLessThan(5 * spread.error)
  expect(spread.error).toBeLessThan(0.06)
})

test('central moment discrepancy in plain sums', () => {
  const [x, y] = [normals(1, 7, 2), normals(2, 9, 2)]
  const moments = (points: number[][]) =>
    [0, 1].map((j) => {
      const column = points.map((p) => p[j] ?? 0)
      const m = mean(column)
      return [m, ...[2, 3, 4, 5].map((k) => mean(column.map((v) => (v - m) ** k)))]
    })
  const [a, b] = [moments(plain(x)), moments(plain(y))]
  // The greatest standard deviation is 3.
  const wanted = [0, 1, 2, 3, 4].reduce((sum, k) => {
    const off = [0, 1].reduce((total, j) => total + ((a[j]?.[k] ?? 0) - (b[j]?.[k] ?? 0)) ** 2, 0)
    return sum + Math.sqrt(off) / 12 ** (k + 1)
  }, 0)
  expect(oneOf(centralMoments, x, judgedBy({ posterior }, y))).toBeCloseTo(wanted, 14)
  expect(oneOf(centralMoments, x, judgedBy({ posterior }, x))).toBe(0)
  expect(() => oneOf(centralMoments, x, judgedBy({ posterior }, normals(1, 2, 3)))).toThrow(
    'points of one space',
  )
})
