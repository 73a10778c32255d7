import { describe, expect, test } from 'vitest'
import { caseWith, estimated, gaussian, judgedBy, mapped, mean, normals, rows } from './plain.test.helper.ts'
import { rankCalibration, rankPolynomials, rankSpread, uniformRanks } from './sbc.ts'
import { chiSquareTail } from './statistics.ts'

const identity = (d: number) =>
  Array.from({ length: d }, (_, i) => Array.from({ length: d }, (_, j) => Number(i === j)))
const posteriorOf = (d: number) => gaussian(Array.from({ length: d }, () => 0), identity(d)) // biome-ignore format: a line

/** Cases of a normal law, truth and samples alike, the samples changed. */
const cases = (count: number, N: number, d: number, change: (v: number) => number = (v) => v, first = 0) =>
  Array.from({ length: count }, (_, s) => {
    const truth = normals(2 * (first + s), 1, d).values
    const samples = mapped(normals(2 * (first + s) + 1, N, d), (x) => x.map(change))
    return rankCalibration.of(samples, judgedBy({ posterior: posteriorOf(d), truth }))
  })

describe('polynomials in a rank', () => {
  test.each([1, 2, 3, 4, 9, 50])('are orthonormal over 0 … %d', (count) => {
    const order = Math.min(4, count)
    const all = Array.from({ length: count + 1 }, (_, rank) => [1, ...rankPolynomials(rank, count, order)])
    for (let k = 0; k <= order; k++)
      for (let l = 0; l <= k; l++)
        expect(mean(all.map((p) => (p[k] ?? 0) * (p[l] ?? 0)))).toBeCloseTo(k === l ? 1 : 0, 10)
  })
})

describe('uniformity', () => {
  test('every rank once has no deviation, one rank alone the greatest', () => {
    expect(uniformRanks([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 9)).toBeCloseTo(1, 10)
    // Ranks of 0 … 1: φ₁ = ±1, so that three at one end make 9/3.
    expect(uniformRanks([1, 1, 1], 1)).toBeCloseTo(chiSquareTail(3, 1), 10)
    // The squares of a case's polynomials, of one rank.
    const squares = rankPolynomials(7, 9, 4).reduce((sum, p) => sum + p * p, 0)
    expect(uniformRanks([7], 9)).toBeCloseTo(chiSquareTail(squares, 4), 10)
  })

  test('p is uniform for uniform ranks', () => {
    // Ranks of a number among 20 of its law, 40 at a time.
    const p = Array.from({ length: 150 }, (_, s) => {
      const ranks = Array.from({ length: 40 }, (_, i) => {
        const [truth = 0, ...draws] = normals(1000 * s + i, 21, 1).values
        return draws.filter((v) => v < truth).length
      })
      return uniformRanks(ranks, 20)
    })
    expect(Math.abs(mean(p) - 0.5)).toBeLessThan(5 / Math.sqrt(12 * 150))
    // χ²₄ is close to the law of the statistic: 0.02 is allowed for that.
    const small = p.filter((v) => v < 0.1).length / 150
    expect(Math.abs(small - 0.1)).toBeLessThan(0.02 + 5 * Math.sqrt(0.09 / 150))
  })
})

describe('simulation-based calibration', () => {
  test('ranks of coordinates, projections and the density', () => {
    const [count, ...ranks] = rankCalibration.of(rows([0, 0], [1, 3], [2, -1]), judgedBy({ posterior: posteriorOf(2), truth: Float64Array.of(1.5, -2) })) // biome-ignore format: a line
    expect(count).toBe(3)
    expect(ranks.slice(0, 2)).toEqual([2, 0])
    expect(ranks.length).toBe(2 + 4 + 1)
    // ‖x‖² of the truth is 6.25, of the samples 0, 10 and 5.
    expect(ranks.at(-1)).toBe(1)
    const { logDensity: _, ...bare } = posteriorOf(20)
    const far = rankCalibration.of(
      normals(1, 5, 20),
      judgedBy({ posterior: bare, truth: new Float64Array(20).fill(9) }),
    )
    expect(far.slice(0, 9)).toEqual([5, 5, 5, 5, 5, 5, 5, 5, 5])
    expect(far.length).toBe(1 + 8 + 4)
    expect(rankCalibration.of(normals(1, 5, 1), judgedBy({ posterior: posteriorOf(1), truth: Float64Array.of(0) })).length).toBe(3) // biome-ignore format: a line
  })

  test('exact draws pass with p > 0.01, narrow, wide and shifted ones fail', () => {
    // 100 cases of 7 numbers: 700 ranks; p is 1 with these seeds.
    const exact = cases(100, 49, 2)
    expect(rankCalibration.over(exact).value).toBeGreaterThan(0.01)
    for (const change of [(v: number) => 0.5 * v, (v: number) => 2 * v, (v: number) => v + 0.7])
      expect(rankCalibration.over(cases(100, 49, 2, change)).value).toBeLessThan(1e-4)
  })

  test('p at or below 0.1 in a tenth of the repetitions at most', () => {
    const p = Array.from(
      { length: 60 },
      (_, r) => rankCalibration.over(cases(40, 19, 2, undefined, 40 * r)).value,
    )
    expect(p.filter((v) => v <= 0.1).length / 60).toBeLessThan(0.1 + 5 * Math.sqrt(0.09 / 60))
    // And it is not always 1.
    expect(Math.min(...p)).toBeLessThan(0.5)
  })

  test("p is the least of the numbers' own, times how many they are", () => {
    const [first, second] = [[9, 2, 5], [9, 8, 5]] // biome-ignore format: a line
    const p = [uniformRanks([2, 8], 9), uniformRanks([5, 5], 9)]
    const { value, low, high } = rankCalibration.over([first, second].filter((v) => v !== undefined))
    expect(value).toBe(Math.min(1, 2 * Math.min(...p)))
    expect([low, high]).toEqual([value, value])
  })

  test('the spread of ranks is 1 of uniform ones, above for narrow samples, below for wide', () => {
    const histogram = Array.from({ length: 10 }, (_, rank) => [9, rank])
    expect(rankSpread.over(histogram).value).toBeCloseTo(1, 12)
    const { value, error } = estimated(cases(200, 19, 2).map(([count = 0, ...ranks]) => mean(ranks.map((r) => (r - count / 2) ** 2 / ((count * (count + 2)) / 12))))) // biome-ignore format: a line
    expect(Math.abs(value - 1)).toBeLessThan(5 * error)
    expect(rankSpread.over(cases(100, 19, 2, (v) => v / 2)).low).toBeGreaterThan(1.2)
    expect(rankSpread.over(cases(100, 19, 2, (v) => v * 2)).high).toBeLessThan(0.8)
    expect(rankSpread.lacks(caseWith({}))).toBeUndefined()
  })
})
