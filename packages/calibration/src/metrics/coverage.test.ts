import { describe, expect, test } from 'vitest'
import { hpdCoverage, hpdCoverageSoftmax, marginalCoverage } from './coverage.ts'
import {
  caseWith,
  estimated,
  gaussian,
  judgedBy,
  mapped,
  mean,
  normals,
  oneOf,
  rows,
} from './plain.test.helper.ts'
import { rankIn, within } from './ranks.ts'
import { wilson } from './statistics.ts'

const line = gaussian([0], [[1]])
const hpd = (x: ReturnType<typeof rows>, truth: number) =>
  oneOf(hpdCoverage, x, judgedBy({ posterior: line, truth: Float64Array.of(truth) }))
const soft = (x: ReturnType<typeof rows>, truth: number) =>
  oneOf(hpdCoverageSoftmax, x, judgedBy({ posterior: line, truth: Float64Array.of(truth) }))

test('ranks count what is below, and half of what is equal', () => {
  const values = Float64Array.of(3, 1, 2, 2, 2)
  expect([0, 1, 2, 2.5, 3, 9].map((v) => rankIn(values, v))).toEqual([0, 0, 2, 4, 4, 5])
})

test('the part of the ranks 0 … N below p has the mean p at every N', () => {
  for (const count of [1, 4, 9, 10, 50])
    for (const p of [0.05, 0.1, 0.37])
      expect(mean(Array.from({ length: count + 1 }, (_, rank) => within(rank, count, p)))).toBeCloseTo(p, 12)
})

describe('highest posterior density', () => {
  // Densities fall with |x|.
  const nineteen = rows(...Array.from({ length: 19 }, (_, k) => [(k + 1) / 10]))

  test('by hand: 19 samples leave the ranks 0 and 1 outside', () => {
    for (const [truth, inside] of [[0, 1], [-1.65, 1], [1.75, 1], [1.85, 0], [3, 0]] as const) // biome-ignore format: a line
      expect(hpd(nineteen, truth)).toBeCloseTo(inside, 12)
    const ten = rows(...Array.from({ length: 10 }, (_, k) => [(k + 1) / 10]))
    // 1.1 ranks are outside: 0, and a tenth of 1.
    expect(hpd(ten, 0.95)).toBeCloseTo(0.9, 12)
    expect([hpd(ten, 1.05), hpd(ten, 0.85)]).toEqual([0, 1])
  })

  test('exact draws cover 0.9; weighted by their density again, much less', () => {
    const four = gaussian(
      [0, 0, 0, 0],
      [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => Number(i === j))),
    )
    const cases = Array.from({ length: 600 }, (_, s) => {
      const truth = normals(2 * s, 1, 4).values
      return [normals(2 * s + 1, 50, 4), judgedBy({ posterior: four, truth })] as const
    })
    const rate = (metric: typeof hpdCoverage) => metric.over(cases.map(([x, judged]) => metric.of(x, judged)))
    const { value, low, high } = rate(hpdCoverage)
    expect(Math.abs(value - 0.9)).toBeLessThan(5 * Math.sqrt(0.09 / 600))
    expect({ value, low, high }).toEqual(wilson(value, 600))
    // The densest 90 % by weights ∝ p: P(‖z‖² ≤ q) with q half of χ²₄'s 90 % point, 3.89, is 0.579.
    expect(Math.abs(rate(hpdCoverageSoftmax).value - 0.579)).toBeLessThan(0.02 + 5 * Math.sqrt(0.25 / 600))
    const narrow = cases.map(([x, judged]) =>
      hpdCoverage.of(
        mapped(x, (v) => v.map((c) => 0.5 * c)),
        judged,
      ),
    )
    expect(hpdCoverage.over(narrow).high).toBeLessThan(0.6)
  })

  test('softmax weights by hand: the fewest samples that hold 90 % of the density', () => {
    // Weights 1, e^{−2}, e^{−8}: of 1.1357, 0.8805 and 0.9997 come together.
    const three = rows([2], [0], [4])
    expect([soft(three, 0), soft(three, 1.9), soft(three, 2), soft(three, 2.1)]).toEqual([1, 1, 1, 0])
    // A second point at 0: 2/(2 + e^{−2}) = 0.937.
    const four = rows([2], [0], [0], [4])
    expect([soft(four, 0), soft(four, 0.1)]).toEqual([1, 0])
    expect([soft(rows([1]), 0.5), soft(rows([1]), 1.5)]).toEqual([1, 0])
  })

  test('without a density there is none', () => {
    const { logDensity: _, ...bare } = line
    for (const metric of [hpdCoverage, hpdCoverageSoftmax])
      expect(metric.lacks(caseWith({ posterior: bare }))).toBe('the posterior density')
  })

  test('densities are worked out once for samples and posterior', () => {
    let calls = 0
    const logDensity = (x: Float64Array) => {
      calls++
      return -((x[0] ?? 0) ** 2)
    }
    const judged = judgedBy({ posterior: { ...line, logDensity }, truth: Float64Array.of(0) })
    hpdCoverage.of(nineteen, judged)
    hpdCoverageSoftmax.of(nineteen, judged)
    expect(calls).toBe(19 + 1 + 1)
  })
})

describe('central intervals', () => {
  const marginal = (x: ReturnType<typeof rows>, ...truth: number[]) =>
    oneOf(marginalCoverage, x, judgedBy({ truth: Float64Array.from(truth) }))

  test('by hand: 19 samples leave one rank outside at each end', () => {
    const x = rows(...Array.from({ length: 19 }, (_, k) => [k, -k]))
    expect(marginal(x, -0.5, 9)).toBeCloseTo(0, 12)
    expect(marginal(x, 0.5, -0.5)).toBeCloseTo(1, 12)
    expect(marginal(x, 17.5, -9)).toBeCloseTo(1, 12)
    expect(marginal(x, 18.5, -9)).toBeCloseTo(0.5, 12)
    // Nine samples: half of the rank 0, and half of the rank 9.
    const nine = rows(...Array.from({ length: 9 }, (_, k) => [k]))
    expect([marginal(nine, -1), marginal(nine, 10), marginal(nine, 4.5)].map((v) => +v.toFixed(12))).toEqual([0.5, 0.5, 1]) // biome-ignore format: a line
  })

  test('exact draws cover 0.9 on average, the interval is over cases', () => {
    const cases = Array.from({ length: 300 }, (_, s) =>
      marginalCoverage.of(normals(2 * s + 1, 30, 3), judgedBy({ truth: normals(2 * s, 1, 3).values })),
    )
    const { value, error } = estimated(cases.map(([v = 0]) => v))
    expect(Math.abs(value - 0.9)).toBeLessThan(5 * error)
    const found = marginalCoverage.over(cases)
    expect(found.high - found.value).toBeCloseTo(1.96 * error, 12)
  })
})
