import { describe, expect, test } from 'vitest'
import { crps, energyScore } from './crps.ts'
import { evidenceBias, logEvidenceError } from './evidence.ts'
import { gap, pooledGap } from './gap.ts'
import {
  caseWith,
  estimated,
  gaussian,
  judgedBy,
  mapped,
  mean,
  normals,
  oneOf,
  plain,
  rows,
} from './plain.test.helper.ts'

const at = (...truth: number[]) => judgedBy({ truth: Float64Array.from(truth) })
const length = (v: readonly number[]) => Math.hypot(...v)
const apart = (a: readonly number[], b: readonly number[]) => length(a.map((v, j) => v - (b[j] ?? 0)))

describe('proper scores', () => {
  const x = normals(6, 9, 3)
  const truth = [0.4, -0.2, 1.5]
  const pairs = <T>(f: (a: number[], b: number[]) => T) =>
    plain(x).flatMap((a, i) => plain(x).flatMap((b, j) => (i === j ? [] : [f(a, b)])))

  test('by double loops', () => {
    const each = truth.map((y, j) => {
      const off = mean(plain(x).map((v) => Math.abs((v[j] ?? 0) - y)))
      return off - mean(pairs((a, b) => Math.abs((a[j] ?? 0) - (b[j] ?? 0)))) / 2
    })
    expect(oneOf(crps, x, at(...truth))).toBeCloseTo(mean(each), 12)
    const wanted = mean(plain(x).map((v) => apart(v, truth))) - mean(pairs(apart)) / 2
    expect(oneOf(energyScore, x, at(...truth))).toBeCloseTo(wanted, 12)
    // On a line they are one.
    const line = rows([2], [-1], [0.5])
    expect(oneOf(energyScore, line, at(0.3))).toBeCloseTo(oneOf(crps, line, at(0.3)), 12)
  })

  test('CRPS of N(0, 1) at y is y(2Φ(y) − 1) + 2φ(y) − 1/√π, unbiased with two draws', () => {
    // y = 1: 0.682689 + 0.483941 − 0.564190 = 0.602441.
    const z = normals(7, 4000, 2)
    const pairsOf = plain(z).map(([a = 0, b = 0]) => rows([a], [b]))
    const { value, error } = estimated(pairsOf.map((two) => oneOf(crps, two, at(1))))
    expect(Math.abs(value - 0.602441)).toBeLessThan(5 * error)
    expect(error).toBeLessThan(0.015)
  })

  test('least for the law itself, truths and draws alike', () => {
    const score = (factor: number) =>
      Array.from({ length: 300 }, (_, s) =>
        oneOf(
          crps,
          mapped(normals(2 * s, 40, 2), (v) => v.map((c) => factor * c)),
          at(...normals(2 * s + 1, 1, 2).values),
        ),
      )
    const exact = score(1)
    for (const factor of [0.5, 1.7]) {
      const { value, error } = estimated(score(factor).map((v, i) => v - (exact[i] ?? 0)))
      expect(value).toBeGreaterThan(5 * error)
    }
  })
})

describe('gap', () => {
  const posterior = gaussian([1, 0], [[1, 0], [0, 1]]) // biome-ignore format: a line
  const judged = judgedBy({ posterior, truth: Float64Array.of(0, 0) })

  test('by hand', () => {
    // The mean (2, 0) is at 4, the posterior's at 1: 6.02 dB.
    const found = gap.of(rows([1, 1], [3, -1]), judged)
    expect(found).toEqual([4, 1])
    expect(gap.over([found]).value).toBeCloseTo(20 * Math.log10(2), 12)
    expect(gap.over([[4, 1], [1, 4]]).value).toBeCloseTo(0, 12) // biome-ignore format: a line
    expect(pooledGap.over([[4, 1], [1, 4]]).value).toBeCloseTo(0, 12) // biome-ignore format: a line
    expect(pooledGap.over([[4, 1], [2, 2]]).value).toBeCloseTo(10 * Math.log10(2), 12) // biome-ignore format: a line
    expect(pooledGap.of(rows([1, 1], [3, -1]), judged)).toEqual([4, 1])
  })

  test('interval of the ratio: residuals y − r x over the mean of x', () => {
    // r = 2, residuals 2 and −2: variance 8 over n − 1, standard error √(8/2)/1.5.
    const { low, high } = pooledGap.over([[4, 1], [2, 2]]) // biome-ignore format: a line
    expect(high).toBeCloseTo(10 * Math.log10(2 + (1.96 * 2) / 1.5), 12)
    expect(low).toBe(-Infinity)
    expect(pooledGap.over([[4, 1]]).high).toBe(Infinity) // biome-ignore format: a line
  })

  test('of sums, N exact draws have 1 + 1/N', () => {
    const N = 4
    const ratios = Array.from({ length: 2000 }, (_, s) => {
      const z = normals(s, N + 1, 2)
      const [truth = [], ...draws] = plain(z)
      const centred = judgedBy({ posterior: gaussian([0, 0], [[1, 0], [0, 1]]), truth: Float64Array.from(truth) }) // biome-ignore format: a line
      return pooledGap.of(rows(...draws), centred)
    })
    // Means of the two: 2·(1 + 1/4) and 2.
    const { value, error } = estimated(ratios.map(([ours = 0, exact = 0]) => ours - (1 + 1 / N) * exact))
    expect(Math.abs(value)).toBeLessThan(5 * error)
    const floor = 10 * Math.log10(1 + 1 / N)
    const { low, high } = pooledGap.over(ratios)
    // The interval is 1.96 standard errors to each side.
    expect(Math.abs((low + high) / 2 - floor)).toBeLessThan((2.6 * (high - low)) / 2)
    expect(high - low).toBeLessThan(0.5)
  })
})

describe('evidence', () => {
  const posterior = { ...gaussian([0], [[1]]), logEvidence: -700 }
  const with_ = (...logEvidence: number[]) => ({ ...judgedBy({ posterior }), logEvidence })

  test('by hand, where Ẑ and Z are below what a double holds', () => {
    const off = [Math.log(2), Math.log(0.5), 0].map((v) => v - 700)
    expect(oneOf(evidenceBias, rows([0]), with_(...off))).toBeCloseTo((1 - 0.5 + 0) / 3, 12)
    expect(oneOf(logEvidenceError, rows([0]), with_(...off))).toBeCloseTo((2 * Math.log(2)) / 3, 12)
    // e^x − 1 of a small x keeps its digits.
    expect(oneOf(evidenceBias, rows([0]), { ...judgedBy({ posterior: { ...posterior, logEvidence: 0 } }), logEvidence: [1e-13] })).toBeCloseTo(1e-13, 20) // biome-ignore format: a line
  })

  test('over cases: a mean with its interval, infinite where the mean is', () => {
    const { value, low, high } = evidenceBias.over([[0.5], [-0.5], [0.3]])
    expect(value).toBeCloseTo(0.1, 12)
    const half = 1.96 * Math.sqrt((0.16 + 0.36 + 0.04) / 2 / 3)
    expect([value - low, high - value].map((v) => v / half)).toEqual([
      expect.closeTo(1, 12),
      expect.closeTo(1, 12),
    ])
    expect(evidenceBias.over([[Infinity], [0]])).toEqual({ value: Infinity, low: -Infinity, high: Infinity })
  })

  test('a method that estimates none has no numbers; a case without the evidence lacks it', () => {
    for (const metric of [evidenceBias, logEvidenceError]) {
      expect(metric.of(rows([0]), judgedBy({ posterior }))).toEqual([])
      expect(metric.over([[], []]).value).toBeNaN()
      expect(metric.lacks(caseWith({ posterior: gaussian([0], [[1]]) }))).toBe('the evidence of y')
    }
  })
})
