import { describe, expect, test } from 'vitest'
import { energyDistance, maximumMeanDiscrepancy, meanDistance } from './energy.ts'
import { meanBetween, thinned } from './pairs.ts'
import { estimated, judgedBy, mapped, mean, normals, oneOf, plain, rows } from './plain.test.helper.ts'

const squared = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, v, j) => sum + (v - (b[j] ?? 0)) ** 2, 0)
const pairs = (a: readonly number[][], b: readonly number[][], skip: boolean, f: (d: number) => number) =>
  mean(a.flatMap((x, i) => b.flatMap((y, j) => (skip && i === j ? [] : [f(squared(x, y))]))))

const [x, y] = [normals(1, 6, 3), mapped(normals(2, 8, 3), (v) => v.map((c) => 0.5 + 1.3 * c))]
const [a, b] = [plain(x), plain(y)]

test('energy distance by double loops', () => {
  const wanted =
    2 * pairs(a, b, false, Math.sqrt) - pairs(a, a, true, Math.sqrt) - pairs(b, b, true, Math.sqrt)
  expect(oneOf(energyDistance, x, judgedBy({}, y))).toBeCloseTo(wanted, 12)
  expect(meanDistance(x)).toBeCloseTo(pairs(a, a, true, Math.sqrt), 12)
})

test('MMD by double loops over five kernels, by the mean distance of the draws', () => {
  const width = pairs(b, b, true, Math.sqrt)
  const k = (d: number) => [-2, -1, 0, 1, 2].reduce((sum, p) => sum + Math.exp(-d / (width * 2 ** p)), 0)
  const wanted = pairs(a, a, true, k) + pairs(b, b, true, k) - 2 * pairs(a, b, false, k)
  expect(oneOf(maximumMeanDiscrepancy, x, judgedBy({}, y))).toBeCloseTo(wanted, 12)
})

describe('laws', () => {
  test('both are 0 on average for two sets of one law', () => {
    const sets = Array.from(
      { length: 200 },
      (_, s) => [normals(2 * s, 20, 2), normals(2 * s + 1, 20, 2)] as const,
    )
    for (const metric of [energyDistance, maximumMeanDiscrepancy]) {
      const { value, error } = estimated(sets.map(([p, q]) => oneOf(metric, p, judgedBy({}, q))))
      // 0.6 and 0.8 standard errors with these seeds; pairs of a point with itself would add 0.18 to the energy distance.
      expect(Math.abs(value)).toBeLessThan(5 * error)
      expect(error).toBeLessThan(0.02)
    }
  })

  test('energy distance of N(0, 1) and N(δ, 1) on a line', () => {
    // E|x − x'| of a difference N(δ, 2): 2√(1/π)·e^{−δ²/4} + δ·erf(δ/2), erf(1) = 0.8427.
    const delta = 2
    const between = (2 / Math.sqrt(Math.PI)) * Math.exp(-1) + delta * 0.842700792949715
    const wanted = 2 * between - 4 / Math.sqrt(Math.PI)
    const values = Array.from({ length: 20 }, (_, s) =>
      oneOf(
        energyDistance,
        mapped(normals(s, 200, 1), ([v = 0]) => [v + delta]),
        judgedBy({}, normals(100 + s, 200, 1)),
      ),
    )
    const { value, error } = estimated(values)
    expect(Math.abs(value - wanted)).toBeLessThan(5 * error)
    expect(error).toBeLessThan(0.05)
  })
})

test('more than 2,000 points are thinned evenly, fewer kept', () => {
  const many = normals(1, 5000, 1)
  const fewer = thinned(many)
  expect([fewer.count, fewer.values.length]).toEqual([2000, 2000])
  expect([fewer.values[0], fewer.values[1], fewer.values[1999]]).toEqual([many.values[0], many.values[2], many.values[4997]]) // biome-ignore format: a line
  expect(thinned(x)).toBe(x)
  const few = thinned(rows([0, 0], [1, 10], [2, 20], [3, 30], [4, 40]), 2)
  expect(plain(few)).toEqual([[0, 0], [2, 20]]) // biome-ignore format: a line
  expect(meanBetween(few, few, (d) => d)).toBe(404 / 2)
})
