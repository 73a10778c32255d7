// Every likelihood score under every sampler, on a mixture of ℝ. Without noise a run is a map of its start, and must
// tend to the flow of the approximate score; with noise the exact score must give the moments of the posterior.
import { fromData, tensor } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { gaussianNoise } from '../noise/index.ts'
import { matrixOperator } from '../operators/index.ts'
import { madeFrom } from '../options/index.ts'
import { gaussianMixturePrior } from '../priors/index.ts'
import { run } from '../run/index.ts'
import { sampleFrom, samplers } from '../samplers/index.ts'
import { flow, karrasLevels, timesOfLevels } from '../schedules/index.ts'
import type { Likelihood } from './index.ts'
import {
  byScore,
  conditioned,
  dpsLikelihood,
  exactLikelihood,
  momentLikelihood,
  pseudoInverseLikelihood,
} from './index.ts'
import { runWith } from './under-samplers.test.helper.ts'

const dtype = 'float64'
const components = [
  { weight: 0.6, mean: -1, variance: 0.4 },
  { weight: 0.4, mean: 1.2, variance: 0.3 },
]
const [a, y, sigmaY] = [0.8, 0.5, 0.6]
const schedule = flow()
const prior = gaussianMixturePrior({
  weights: components.map(({ weight }) => weight),
  means: components.map(({ mean }) => [mean]),
  covariances: { each: components.map(({ variance }) => variance) },
  schedule,
})
const problem = {
  operator: matrixOperator(tensor([[a]], { dtype })),
  noise: gaussianNoise(sigmaY),
  y: tensor([[y]], { dtype }),
}

type Law = readonly { readonly weight: number; readonly mean: number; readonly variance: number }[]

/** Mean and variance of x₀ given u = x₀ + k·ε. */
function given(law: Law, u: number, k: number): { mean: number; variance: number } {
  const each = law.map(({ weight, mean, variance }) => {
    const total = variance + k ** 2
    return {
      likelihood: (weight * Math.exp(-((u - mean) ** 2) / (2 * total))) / Math.sqrt(total),
      mean: mean + (variance / total) * (u - mean),
      variance: (variance * k ** 2) / total,
    }
  })
  const evidence = each.reduce((sum, e) => sum + e.likelihood, 0)
  const mean = each.reduce((sum, e) => sum + e.likelihood * e.mean, 0) / evidence
  const square = each.reduce((sum, e) => sum + e.likelihood * (e.mean ** 2 + e.variance), 0) / evidence
  return { mean, variance: square - mean ** 2 }
}

/** The law of x₀ given y: the same update, at u = y/a with k = σ_y/a. */
const posterior: Law = (() => {
  const k2 = (sigmaY / a) ** 2
  const updated = components.map(({ weight, mean, variance }) => ({
    weight: (weight * Math.exp(-((y / a - mean) ** 2) / (2 * (variance + k2)))) / Math.sqrt(variance + k2),
    mean: mean + (variance / (variance + k2)) * (y / a - mean),
    variance: (variance * k2) / (variance + k2),
  }))
  const total = updated.reduce((sum, { weight }) => sum + weight, 0)
  return updated.map((c) => ({ ...c, weight: c.weight / total }))
})()

/** Likelihoods, and what x₀ they make at (u, k), from the formulas alone: x̂₀ + C·a·W·(y − a·x̂₀), C = Var[x₀ | u]. */
const weighed = (weight: (C: number, k: number) => number) => (u: number, k: number) => {
  const { mean, variance } = given(components, u, k)
  return mean + variance * a * weight(variance, k) * (y - a * mean)
}
const likelihoods: Readonly<Record<string, readonly [Likelihood, (u: number, k: number) => number]>> = {
  exact: [exactLikelihood(prior, problem), (u, k) => given(posterior, u, k).mean],
  moments: [momentLikelihood(problem), weighed((C) => 1 / (a ** 2 * C + sigmaY ** 2))],
  ΠGDM: [
    pseudoInverseLikelihood(problem),
    weighed((_, k) => 1 / ((a ** 2 * k ** 2) / (1 + k ** 2) + sigmaY ** 2)),
  ],
  'point estimate': [dpsLikelihood(problem), weighed(() => 1 / sigmaY ** 2)],
}

/** x₀ from u at level `high`, by du/dlog k = u − x₀(u, k) and the classical Runge–Kutta method. */
function flowed(x0: (u: number, k: number) => number, start: number, high: number, low: number): number {
  const steps = 400
  const h = Math.log(low / high) / steps
  let u = start
  for (let i = 0; i < steps; i++) {
    const slope = (v: number, fraction: number) => v - x0(v, high * Math.exp((i + fraction) * h))
    const k1 = slope(u, 0)
    const k2 = slope(u + (h / 2) * k1, 0.5)
    const k3 = slope(u + (h / 2) * k2, 0.5)
    u += (h / 6) * (k1 + 2 * k2 + 2 * k3 + slope(u + h * k3, 1))
  }
  return x0(u, low)
}

const [low, high] = [0.3, 3]
const z = Array.from({ length: 81 }, (_, i) => (i - 40) / 10)
const density = z.map((v) => Math.exp((-v * v) / 2))
const mass = density.reduce((sum, v) => sum + v, 0)
const average = (values: readonly number[]) => values.reduce((sum, v, i) => sum + (density[i]! * v) / mass, 0)

describe.each([
  ['ddim:0', 1],
  ['euler', 1],
  ['heun', 2],
  ['dpm++2m', 2],
] as const)('%s', (spec, order) => {
  test.each(Object.entries(likelihoods))('%s: the flow of its score, at its order', (_, [likelihood, x0]) => {
    const wanted = z.map((v) => flowed(x0, high * v, high, low))
    const error = (steps: number) => {
      const times = timesOfLevels(schedule, karrasLevels(steps, { sigmaMin: low, sigmaMax: high }))
      const guided = conditioned(prior, byScore(likelihood))
      const ends = runWith(guided, madeFrom(samplers, spec), times, () =>
        fromData(z, [z.length, 1], { dtype }),
      )
      return Math.sqrt(average(Array.from(ends.dataSync(), (v, i) => (v - wanted[i]!) ** 2)))
    }
    const [few, many] = [error(24), error(48)]
    expect(Math.log2(few / many)).toBeGreaterThan(order - 0.4)
    expect(many).toBeLessThan(order === 1 ? 0.05 : 0.003)
  })
})

const moments = {
  mean: posterior.reduce((sum, c) => sum + c.weight * c.mean, 0),
  square: posterior.reduce((sum, c) => sum + c.weight * (c.mean ** 2 + c.variance), 0),
}

test('the flow of the exact score is a map of the noised posterior onto the posterior', () => {
  // Quantiles of p(u | y) at the highest level, carried down, have the moments of the posterior.
  const grid = Array.from({ length: 2001 }, (_, i) => (i - 1000) / 50)
  const p = grid.map((u) => {
    const at = posterior.map(({ weight, mean, variance }) => {
      const total = variance + 9
      return (weight * Math.exp(-((u - mean) ** 2) / (2 * total))) / Math.sqrt(2 * Math.PI * total)
    })
    return at.reduce((sum, v) => sum + v, 0) / 50
  })
  const x = grid.map((u) => flowed((v, k) => given(posterior, v, k).mean, u, 3, 1e-3))
  expect(p.reduce((sum, v) => sum + v, 0)).toBeCloseTo(1, 8)
  expect(p.reduce((sum, v, i) => sum + v * x[i]!, 0)).toBeCloseTo(moments.mean, 5)
  expect(p.reduce((sum, v, i) => sum + v * x[i]! ** 2, 0)).toBeCloseTo(moments.square, 4)
})

test.each([
  'ddpm',
  'ddim:0.5',
  'euler:noise=1',
  'heun:noise=1',
  'heun:churn=20',
  'dpm++2m:form=sde',
  'pc:predictor=euler',
])('the exact score under %s: the moments of the posterior', async (spec) => {
  const guided = conditioned(prior, byScore(exactLikelihood(prior, problem)))
  const times = timesOfLevels(schedule, karrasLevels(60, { sigmaMin: 0.02, sigmaMax: 40 }))
  const count = 4000
  const x = (
    await run(sampleFrom(guided, madeFrom(samplers, spec), { times, count, dtype, seed: 5 }))
  ).dataSync()
  const mean = Array.from(x).reduce((sum, v) => sum + v, 0) / count
  const variance = Array.from(x).reduce((sum, v) => sum + (v - mean) ** 2, 0) / count
  const wanted = moments.square - moments.mean ** 2
  // Five standard errors, and what 60 steps of order 1 leave.
  expect(Math.abs(mean - moments.mean) / Math.sqrt(wanted)).toBeLessThan(5 / Math.sqrt(count) + 0.03)
  expect(Math.abs(Math.sqrt(variance / wanted) - 1)).toBeLessThan(5 / Math.sqrt(2 * count) + 0.05)
})
