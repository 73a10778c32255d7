// Every likelihood score under every sampler. On a Gaussian all is affine, and the law of a run is known without drawing:
// it must tend, at the order of the sampler, to the law of the process that the approximate score drives.
import { fromData, tensor } from '@tweedie/tensor'
import { inverse, Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { gaussianNoise } from '../noise/index.ts'
import { matrixOperator } from '../operators/index.ts'
import { madeFrom } from '../options/index.ts'
import { gaussianPrior } from '../priors/index.ts'
import { samplers } from '../samplers/index.ts'
import { edm, flow, karrasLevels, timesOfLevels } from '../schedules/index.ts'
import type { Schedule } from '../types.ts'
import type { Likelihood } from './index.ts'
import {
  byScore,
  conditioned,
  dpsLikelihood,
  exactLikelihood,
  lossGuidedLikelihood,
  momentLikelihood,
  optimalCovarianceLikelihood,
  pseudoInverseLikelihood,
  uninformedLikelihood,
} from './index.ts'
import type { Affine, Moments } from './under-samplers.test.helper.ts'
import { distance, lawOfRun, limitLaw } from './under-samplers.test.helper.ts'

const dtype = 'float64'
const mean = [0.7, -0.4]
const covariance = [
  [0.6, 0.25],
  [0.25, 0.3],
]
const rows = [[0.8, 0.5]]
const y = [1.1]
const sigmaY = 0.5
const problem = {
  operator: matrixOperator(fromData(rows.flat(), [1, 2], { dtype })),
  noise: gaussianNoise(sigmaY),
  y: tensor([y], { dtype }),
}
const [low, high] = [0.3, 3]
const schedules = { edm: edm(), flow: flow() }
const priorOf = (schedule: Schedule) => gaussianPrior({ mean, covariance, schedule })

/** The likelihoods, with what each has in place of (A C_k Aᵀ + σ_y²I)⁻¹ at noise level k. */
const likelihoods: Readonly<
  Record<
    string,
    {
      of(schedule: Schedule): Likelihood
      weight(spread: number, k: number): number
      /** Where it is no such weight: x₀ itself. */
      x0?(k: number): Affine
    }
  >
> = {
  exact: {
    of: (schedule) => exactLikelihood(priorOf(schedule), problem),
    weight: (spread) => 1 / (spread + sigmaY ** 2),
  },
  moments: {
    of: () => momentLikelihood(problem),
    weight: (spread) => 1 / (spread + sigmaY ** 2),
  },
  'moments, dense': {
    of: () => momentLikelihood(problem, { covariance: 'dense' }),
    weight: (spread) => 1 / (spread + sigmaY ** 2),
  },
  'moments, diagonal': {
    of: () => momentLikelihood(problem, { covariance: 'diagonal' }),
    weight: (spread) => 1 / (spread + sigmaY ** 2), // of one number, any probe is the diagonal
  },
  'moments by rows': {
    of: () => momentLikelihood(problem, { covariance: 'rows' }),
    weight: (spread) => 1 / (spread + sigmaY ** 2), // one row: its sum is all
  },
  ΠGDM: {
    of: () => pseudoInverseLikelihood(problem, { variance: 0.7 }),
    weight: (_, k) => 1 / ((0.7 * k ** 2 * (0.8 ** 2 + 0.5 ** 2)) / (0.7 + k ** 2) + sigmaY ** 2),
  },
  'ΠGDM by conjugate gradients': {
    of: () => pseudoInverseLikelihood(problem, { variance: 0.7, solver: 'cg' }),
    weight: (_, k) => 1 / ((0.7 * k ** 2 * (0.8 ** 2 + 0.5 ** 2)) / (0.7 + k ** 2) + sigmaY ** 2),
  },
  'optimal covariance, type I': {
    of: () =>
      optimalCovarianceLikelihood(problem, {
        variance: ({ alpha, sigma }) => 0.1 * (sigma / alpha),
        below: Infinity,
      }),
    weight: (_, k) => 1 / (0.1 * k * (0.8 ** 2 + 0.5 ** 2) + sigmaY ** 2),
  },
  'optimal covariance, type II': {
    of: () =>
      optimalCovarianceLikelihood(problem, {
        variance: ({ alpha, sigma }) => 0.1 * (sigma / alpha),
        below: Infinity,
        type: 'II',
      }),
    weight: () => Number.NaN,
    x0: withoutJacobian,
  },
  'LGD-MC of no spread': {
    of: () => lossGuidedLikelihood(problem, { spread: 0, samples: 1 }),
    weight: () => 1 / sigmaY ** 2,
  },
  DMPS: { of: () => uninformedLikelihood(problem), weight: () => Number.NaN, x0: uninformed },
  'point estimate': {
    of: () => dpsLikelihood(problem),
    weight: () => 1 / sigmaY ** 2,
  },
}

/** x₀ = x̂₀ + k²Aᵀ(k²AAᵀ + σ_y²)⁻¹(y − A u), with K and x̂₀ as in `guided`. */
function uninformed(k: number): Affine {
  const [S, A, mu] = [new Matrix(covariance), new Matrix(rows), Matrix.columnVector(mean)]
  const K = S.mmul(inverse(Matrix.add(S, Matrix.eye(2).mul(k ** 2))))
  const gain = A.transpose().mul(k ** 2 / (k ** 2 * (0.8 ** 2 + 0.5 ** 2) + sigmaY ** 2))
  return { F: Matrix.sub(K, gain.mmul(A)), f: Matrix.sub(mu, K.mmul(mu)).add(gain.mul(y[0]!)) }
}

/** x₀ = x̂₀ + V·Aᵀ(V·AAᵀ + σ_y²)⁻¹(y − A x̂₀), V = k/10. */
function withoutJacobian(k: number): Affine {
  const [S, A, mu] = [new Matrix(covariance), new Matrix(rows), Matrix.columnVector(mean)]
  const K = S.mmul(inverse(Matrix.add(S, Matrix.eye(2).mul(k ** 2))))
  const V = k / 10
  const gain = A.transpose().mul(V / (V * (0.8 ** 2 + 0.5 ** 2) + sigmaY ** 2))
  const rest = Matrix.eye(2).sub(gain.mmul(A))
  return { F: rest.mmul(K), f: rest.mmul(Matrix.sub(mu, K.mmul(mu))).add(gain.mul(y[0]!)) }
}

/** x₀ = x̂₀ + k²·K Aᵀ W (y − A x̂₀), x̂₀ = μ + K(u − μ), K = Σ(Σ + k²I)⁻¹, C = k²K: from the formulas alone. */
const guided =
  (weight: (spread: number, k: number) => number) =>
  (k: number): Affine => {
    const [S, A, mu] = [new Matrix(covariance), new Matrix(rows), Matrix.columnVector(mean)]
    const K = S.mmul(inverse(Matrix.add(S, Matrix.eye(2).mul(k ** 2))))
    const spread = A.mmul(K).mmul(A.transpose()).get(0, 0) * k ** 2
    const gain = K.mmul(A.transpose()).mul(k ** 2 * weight(spread, k))
    const rest = Matrix.eye(2).sub(gain.mmul(A))
    const f = Matrix.sub(mu, K.mmul(mu))
    return { F: rest.mmul(K), f: rest.mmul(f).add(gain.mul(y[0]!)) }
  }

/** Samplers, the λ of the process that they discretise, and their order. */
const discretisations: readonly (readonly [spec: string, lambda: number, order: number])[] = [
  ['ddim:0', 0, 1],
  ['ddim:0.5', 0.25, 1],
  ['ddpm', 1, 1],
  ['euler', 0, 1],
  ['euler:noise=1', 1, 1],
  ['heun', 0, 2],
  ['heun:noise=1', 1, 2],
  ['dpm++2m', 0, 2],
  ['dpm++2m:form=sde', 1, 2],
]
/** Samplers that stay away from a process however short the steps. */
const others = ['renoise:0.85', 'heun:churn=4', 'pc:predictor=ddim', 'langevin:inner=3,rate=0.1']

const run = (name: string, spec: string, schedule: Schedule, steps: number): Moments => {
  const posterior = conditioned(priorOf(schedule), byScore(likelihoods[name]!.of(schedule)))
  const times = timesOfLevels(schedule, karrasLevels(steps, { sigmaMin: low, sigmaMax: high }))
  return lawOfRun(posterior, madeFrom(samplers, spec), times)
}

test('the process of the exact score, from where it starts, ends at the posterior', () => {
  const { law } = priorOf(edm()).law.posterior(rows, y, sigmaY)
  const posterior = { mean: Matrix.columnVector(law.mean()), covariance: law.covariance() }
  const exact = guided(likelihoods['exact']!.weight)
  for (const lambda of [0, 1]) {
    // From N(0, high²I) instead of the posterior at that level, and to E[x₀ | x_t] at the last: both vanish.
    const ends = limitLaw(exact, 1e4, 1e-4, lambda)
    expect(distance(ends, posterior), `λ = ${lambda}`).toBeLessThan(1e-3)
  }
})

describe.each(discretisations)('%s', (spec, lambda, order) => {
  test.each(Object.keys(likelihoods))('%s: the law of its process, at its order', (name) => {
    const limit = limitLaw(likelihoods[name]!.x0 ?? guided(likelihoods[name]!.weight), high, low, lambda)
    const error = (steps: number) => distance(run(name, spec, schedules.flow, steps), limit)
    const [few, many] = [error(16), error(32)]
    expect(Math.log2(few / many)).toBeGreaterThan(order - 0.4)
    expect(Math.log2(few / many)).toBeLessThan(order + 0.6)
    expect(many).toBeLessThan(order === 1 ? 0.15 : 0.01)
  })
})

describe.each([...discretisations.map(([spec]) => spec), ...others])('%s', (spec) => {
  test.each(Object.entries(schedules))('where two scores are one, so are the laws: %s', (_, schedule) => {
    const exact = run('exact', spec, schedule, 6)
    for (const name of ['moments', 'moments, dense', 'moments, diagonal', 'moments by rows'])
      expect(distance(run(name, spec, schedule, 6), exact)).toBeLessThan(1e-9)
    expect(distance(run('point estimate', spec, schedule, 6), exact)).toBeGreaterThan(0.01)
  })
})
