import { randomKey } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import type { Points } from '../points.ts'
import { occupancy, weightsError } from './occupancy.ts'
import { caseWith, estimated, gaussian, oneOf, rows } from './plain.test.helper.ts'
import { trialCase, trialDraws } from './trials.ts'

/** A posterior whose modes are the whole numbers below `count`. */
const modal = (count: number) => ({
  ...gaussian([0], [[1]]),
  modes: {
    weights: Float64Array.from({ length: count }, () => 1 / count),
    of: (x: Float64Array) => x[0] ?? 0,
  },
})
/** So many points in each mode. */
const points = (...counts: number[]): Points =>
  rows(...counts.flatMap((n, k) => Array.from({ length: n }, () => [k])))
const judged = (draws: Points, modes: number) => ({ posed: caseWith({ posterior: modal(modes) }), draws })

test('χ² of homogeneity by hand', () => {
  // Expected in each set of 40: 25, 15; squared deviations 25: 25·2/25 + 25·2/15.
  const found = occupancy.of(points(30, 10), judged(points(20, 20), 2))
  expect(found[0]).toBeCloseTo(2 + 10 / 3, 12)
  expect(found[1]).toBe(1)
  // 30 of 40 and 40 of 80: the table 30 10 / 40 40, expected 23.33 16.67 46.67 33.33.
  const uneven = occupancy.of(points(30, 10), judged(points(40, 40), 2))
  expect(uneven[0]).toBeCloseTo(6.6666667 ** 2 * (3 / 70 + 3 / 50 + 3 / 140 + 3 / 100), 5)
})

test('small modes are put together, and what is small still with the next', () => {
  // Totals 60, 6, 4, 0: the last two make 10 … with the 0: three cells become 60 and 10.
  expect(occupancy.of(points(30, 4, 1, 0), judged(points(30, 2, 3, 0), 4))[1]).toBe(1)
  const [statistic, degrees] = occupancy.of(points(30, 12, 2), judged(points(26, 15, 3), 3))
  // Totals 56, 27, 5: the last goes into the second.
  expect(degrees).toBe(1)
  expect(statistic).toBeCloseTo(16 / 56 + 16 / 32, 12)
  expect(occupancy.of(points(44), judged(points(44), 3))).toEqual([0, 0])
  expect(occupancy.of(points(40, 4), judged(points(42, 2), 2))).toEqual([0, 0])
})

test('statistics and degrees of cases are summed', () => {
  // χ²₂ ≥ 2 ln 20 has the probability 1/20.
  expect(occupancy.over([[Math.log(20), 1], [Math.log(20), 1], [0, 0]]).value).toBeCloseTo(0.05, 9) // biome-ignore format: a line
  expect(occupancy.over([[0, 0]])).toEqual({ value: 1, low: 1, high: 1 })
})

test('total variation by hand', () => {
  expect(oneOf(weightsError, points(5, 3, 2), judged(points(4, 12, 4), 3))).toBeCloseTo(0.3, 12)
  expect(oneOf(weightsError, points(3, 0), judged(points(0, 4), 2))).toBe(1)
})

test('p is uniform for exact draws, and small where a weight is moved', () => {
  const p = (seed: number, change: 'exact' | 'reweighted', count: number) => {
    const posed = trialCase('mixture', seed)
    const key = randomKey(seed).fold('occupancy')
    const draws = trialDraws(posed, key.fold('b'), count, 'exact')
    return occupancy.of(trialDraws(posed, key.fold('a'), count, change), { posed, draws })
  }
  const exact = Array.from({ length: 150 }, (_, s) => occupancy.over([p(s, 'exact', 300)]).value)
  // Mean ½, variance 1/12; 0.4 and 0.6 standard errors with these seeds.
  const { value } = estimated(exact)
  expect(Math.abs(value - 0.5)).toBeLessThan(5 / Math.sqrt(12 * 150))
  const variance = exact.reduce((sum, v) => sum + (v - 0.5) ** 2, 0) / 150
  expect(Math.abs(variance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / 150))
  const moved = Array.from({ length: 10 }, (_, s) => p(s, 'reweighted', 1000))
  expect(occupancy.over(moved).value).toBeLessThan(1e-4)
})

test('without modes there is none', () => {
  for (const metric of [occupancy, weightsError])
    expect(metric.lacks(caseWith({ posterior: gaussian([0], [[1]]) }))).toBe('modes of the posterior')
  for (const metric of [occupancy, weightsError]) {
    expect(metric.lacks(caseWith({ posterior: modal(1) }))).toBe('more than one mode')
    expect(metric.lacks(caseWith({ posterior: modal(2) }))).toBeUndefined()
  }
})
