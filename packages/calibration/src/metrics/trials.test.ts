import { randomKey } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { meanOf, variancesOf } from './moments.ts'
import { estimated, mean, plain } from './plain.test.helper.ts'
import { trial, trialCase, trialDraws } from './trials.ts'

const key = randomKey(5)
const draws = (
  change: Parameters<typeof trialDraws>[3],
  problem: 'gaussian' | 'mixture' = 'gaussian',
  count = 4000,
) => trialDraws(trialCase(problem, 3), key, count, change)

describe.each(['gaussian', 'mixture'] as const)('%s', (problem) => {
  const posed = trialCase(problem, 3)

  test('exact draws have the mean and the covariance of the posterior', () => {
    const x = plain(draws('exact', problem))
    const [m, C] = [posed.posterior.mean(), posed.posterior.covariance()]
    m.forEach((value, i) => {
      const found = estimated(x.map((v) => v[i] ?? 0))
      expect(Math.abs(found.value - value)).toBeLessThan(5 * found.error)
      m.forEach((other, j) => {
        const product = estimated(x.map((v) => ((v[i] ?? 0) - value) * ((v[j] ?? 0) - other)))
        expect(Math.abs(product.value - C.get(i, j))).toBeLessThan(5 * product.error)
      })
    })
  })

  test('wider, narrower and shifted draws are the exact ones, moved', () => {
    const exact = draws('exact', problem)
    const about = posed.posterior.mean()
    const deviations = posed.posterior.covariance().diagonal().map(Math.sqrt)
    for (const [change, factor, shift] of [['wider', 1.05, 0], ['narrower', 0.95, 0], ['shifted', 1, 0.05]] as const) {
      const moved = draws(change, problem)
      for (const k of [0, 1, 7, 5999]) {
        const j = k % about.length
        const wanted = (about[j] ?? 0) + factor * ((exact.values[k] ?? 0) - (about[j] ?? 0)) + shift * (deviations[j] ?? 0)
        expect(moved.values[k]).toBeCloseTo(wanted, 12)
      }
    } // biome-ignore format: a table
  })

  test('the truth is a draw of the prior, y of the truth: means and variances over seeds', () => {
    const cases = Array.from({ length: 400 }, (_, seed) => trialCase(problem, seed))
    const A = posed.matrix ?? new Matrix([])
    const sigma = problem === 'gaussian' ? 0.5 : 6
    const off = cases.map(({ truth, problem: { y } }) => {
      const clean = A.mmul(Matrix.columnVector(Array.from(truth))).get(0, 0)
      return ((Number(y.dataSync()[0]) - clean) / sigma) ** 2
    })
    const noise = estimated(off)
    expect(Math.abs(noise.value - 1)).toBeLessThan(5 * noise.error)
    const prior = problem === 'gaussian' ? 0.5 : 0.4 * -3 + 0.25 * 3
    const truths = estimated(cases.map(({ truth }) => truth[0] ?? 0))
    expect(Math.abs(truths.value - prior)).toBeLessThan(5 * truths.error)
  })
})

test('0.05 of the greatest weight goes to the least', () => {
  const posed = trialCase('mixture', 3)
  const weights = posed.law.components.map(({ weight }) => weight)
  const moved = plain(draws('reweighted', 'mixture', 20_000))
  const shares = weights.map((_, k) =>
    mean(moved.map((x) => (posed.posterior.modes?.of(Float64Array.from(x)) === k ? 1 : 0))),
  )
  const wanted = weights.map((w) =>
    w === Math.max(...weights) ? w - 0.05 : w === Math.min(...weights) ? w + 0.05 : w,
  )
  // Components are some five deviations apart: a thousandth lies in another's region.
  shares.forEach((share, k) =>
    expect(Math.abs(share - (wanted[k] ?? 0))).toBeLessThan(0.003 + 5 * Math.sqrt(0.25 / 20_000)),
  )
})

test('the same seed gives the same case and samples; draws to judge by are others', () => {
  const one = trial({ problem: 'mixture', samples: 3, seed: 2 })
  const again = trial({ problem: 'mixture', samples: 3, seed: 2 })
  expect(again.samples).toEqual(one.samples)
  expect(again.judged.posed.truth).toEqual(one.judged.posed.truth)
  expect(one.judged.draws).not.toEqual(one.samples)
  expect(meanOf(trial({ problem: 'mixture', samples: 3, seed: 4 }).samples)).not.toEqual(meanOf(one.samples))
  expect(variancesOf(one.samples).length).toBe(2)
})
