// What RED-diff minimises on priors of known law: score distillation in closed form, and how far its point is from the
// posterior's mean.
import type { Tensor } from '@tweedie/tensor'
import { fromData, tensor } from '@tweedie/tensor'
import { Matrix, solve } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { redDiffGradient, redDiffWeightings } from '../../guidance/index.ts'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianMixturePrior, gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { noiseLevel, respace, ve, vpCosine, vpLinear } from '../../schedules/index.ts'
import type { Prior } from '../../types.ts'
import { redDiff } from '../index.ts'

const float64 = { dtype: 'float64' } as const
const list = (x: Tensor) => Array.from(x.dataSync())
const eye = Matrix.eye(3)
const inverse = (m: Matrix) => solve(m, eye)
const mean = [0.5, -0.3, 0.2]
const covariance = new Matrix([
  [1, 0.6, 0.1],
  [0.6, 0.8, -0.2],
  [0.1, -0.2, 0.5],
])
const A = new Matrix([
  [1, 0.5, -0.2],
  [0, 0.4, 0.3],
])
const y = [1.2, -0.4]
const [sigmaY, n, m] = [0.3, 3, 2]
const operator = matrixOperator(tensor(A.to2DArray(), float64))
const problem = { operator, noise: gaussianNoise(sigmaY), y: tensor([y], float64) }
const schedules = { linear: vpLinear(), cosine: vpCosine({ T: 200 }), ve: ve({ sigmaMax: 20 }) }

/** ε_θ − ε at one μ and some ε, a row each: the gradient with w_t = 1 and no data. */
function distilled(
  prior: Prior,
  mu: readonly number[],
  t: number,
  epsilons: readonly number[][],
): number[][] {
  const bare = { lambda: 1, dataWeight: 0, weighting: 'const', reduction: 'sum', sigmaX0: 0 } as const
  const [rows, size] = [epsilons.length, mu.length]
  const table = (of: readonly (readonly number[])[]) => fromData(of.flat(), [rows, size], float64)
  const zero = matrixOperator(fromData(Array<number>(size).fill(0), [1, size], float64))
  const posed = { operator: zero, y: fromData(Array<number>(rows).fill(0), [rows, 1], float64) }
  const draw = { epsilon: table(epsilons) }
  const { gradient } = redDiffGradient(posed, prior, table(epsilons.map(() => mu)), t, draw, bare)
  return epsilons.map((_, row) => list(gradient.slice(row)))
}

describe.each(Object.entries(schedules))('score distillation on %s', (_, schedule) => {
  const times = respace(schedule, 5).map(({ t }) => t)

  // ε_θ = σ(α²Σ + σ²I)⁻¹(x_t − αm); with x_t = αμ + σε and k = σ/α
  //   ε_θ − ε = k(Σ + k²I)⁻¹(μ − m) − Σ(Σ + k²I)⁻¹ε.
  it('of a Gaussian prior: its mean over ε and its noise are in closed form', () => {
    const prior = gaussianPrior({ mean, covariance, schedule })
    const mu = [1.4, 0.2, -0.9]
    for (const t of times) {
      const k = noiseLevel(schedule, t)
      const smooth = inverse(Matrix.add(covariance, Matrix.mul(eye, k * k)))
      const away = mu.map((v, i) => v - mean[i]!)
      const expected = smooth.mmul(Matrix.columnVector(away)).mul(k).to1DArray()
      const noise = covariance.mmul(smooth).mul(-1)
      const size = 1 + Math.hypot(...expected)
      for (let j = 0; j < 3; j++) {
        const unit = [0, 1, 2].map((i) => (i === j ? 1 : 0))
        const [plus, minus] = distilled(prior, mu, t, [unit, unit.map((v) => -v)])
        for (let i = 0; i < 3; i++) {
          expect(Math.abs((plus![i]! + minus![i]!) / 2 - expected[i]!) / size).toBeLessThan(1e-9)
          expect((plus![i]! - minus![i]!) / 2).toBeCloseTo(noise.get(i, j), 9)
        }
      }
    }
  })

  // KL(N(αμ, σ²) ‖ p_t) has the slope −α·E[∇log p_t] = (α/σ)·E[ε_θ] in μ, whatever the prior; E[ε] = 0.
  it('of any prior: its mean is σ/α times the slope of KL(q(x_t | μ) ‖ p_t)', () => {
    const [weights, means, variance] = [[0.3, 0.7], [-1, 1.5], 0.2]
    const prior = gaussianMixturePrior({
      weights,
      means: means.map((v) => [v]),
      covariances: variance,
      schedule,
    })
    for (const t of times.slice(1)) {
      const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
      const spread = alpha * alpha * variance + sigma * sigma
      const logP = (x: number) =>
        Math.log(
          weights.reduce(
            (sum, w, i) => sum + w * Math.exp(-((x - alpha * means[i]!) ** 2) / (2 * spread)),
            0,
          ),
        )
      // E over ε ~ N(0, 1), by the trapezium rule on ±10: exact to rounding for what is so smooth.
      const nodes = Array.from({ length: 201 }, (_, j) => 0.1 * (j - 100))
      const average = (values: readonly number[]) =>
        values.reduce((sum, v, j) => sum + 0.1 * Math.exp(-(nodes[j]! ** 2) / 2) * v, 0) /
        Math.sqrt(2 * Math.PI)
      for (const mu of [-0.4, 0.8]) {
        const cross = (at: number) => -average(nodes.map((e) => logP(alpha * at + sigma * e))) // KL but for a constant
        const slope = (cross(mu + 1e-4) - cross(mu - 1e-4)) / 2e-4
        const ours = average(
          distilled(
            prior,
            [mu],
            t,
            nodes.map((e) => [e]),
          ).flat(),
        )
        expect(Math.abs(ours - (sigma / alpha) * slope)).toBeLessThan(1e-6 * (1 + Math.abs(ours)))
      }
    }
  })
})

describe('the stationary point and the posterior', () => {
  const schedule = schedules.linear
  const times = respace(schedule, 30).map(({ t }) => t)

  /** Where the gradient, averaged over the times and over ±ε, is 0: it is affine in μ. */
  function stationary(prior: Prior, lambda: number, weighting: keyof typeof redDiffWeightings): number[] {
    const settings = {
      lambda,
      dataWeight: m / sigmaY ** 2,
      weighting,
      reduction: 'mean',
      sigmaX0: 0,
    } as const
    const at = (mu: readonly number[]) => {
      const total = [0, 0, 0]
      for (const t of times)
        for (const e of [0.7, -0.7]) {
          const epsilon = fromData([e, e, e], [1, 3], float64)
          const { gradient } = redDiffGradient(
            problem,
            prior,
            fromData([...mu], [1, 3], float64),
            t,
            { epsilon },
            settings,
          )
          list(gradient).forEach((g, i) => (total[i]! += g / (2 * times.length)))
        }
      return total
    }
    const f = at([0, 0, 0])
    const columns = [0, 1, 2].map((j) => at([0, 1, 2].map((i) => (i === j ? 1 : 0))).map((v, i) => v - f[i]!))
    return solve(new Matrix(columns).transpose(), Matrix.columnVector(f.map((v) => -v))).to1DArray()
  }
  /** The precision that stands for that of the prior, averaged over the times: w_t·k(Σ + k²I)⁻¹/n. */
  const precisionOf = (sigma: Matrix, lambda: number, weighting: keyof typeof redDiffWeightings) =>
    times.reduce(
      (sum, t) => {
        const k = noiseLevel(schedule, t)
        const w = (lambda * redDiffWeightings[weighting](k) * k) / (n * times.length)
        return sum.add(inverse(Matrix.add(sigma, Matrix.mul(eye, k * k))).mul(w))
      },
      Matrix.zeros(3, 3),
    )
  const likelihood = A.transpose()
    .mmul(A)
    .div(sigmaY ** 2)

  it.each(['linear', 'sqrt', 'const', 'clip'] as const)('are apart by the known amount: %s', (weighting) => {
    const prior = gaussianPrior({ mean, covariance, schedule })
    const posterior = [...prior.law.posterior(A.to2DArray(), y, sigmaY).law.mean()]
    const P = precisionOf(covariance, 0.4, weighting)
    // (AᵀA/σ_y² + P)(μ* − E[x₀ | y]) = (P − Σ⁻¹)(m − E[x₀ | y])
    const away = Matrix.columnVector(mean.map((v, i) => v - posterior[i]!))
    const apart = solve(Matrix.add(likelihood, P), Matrix.sub(P, inverse(covariance)).mmul(away)).to1DArray()
    expect(Math.hypot(...apart)).toBeGreaterThan(0.05)
    stationary(prior, 0.4, weighting).forEach((v, i) => expect(v - posterior[i]!).toBeCloseTo(apart[i]!, 9))
  })

  it('are one where λ makes the precision that of the prior', () => {
    const prior = gaussianPrior({ mean, covariance: 0.6, schedule })
    const posterior = prior.law.posterior(A.to2DArray(), y, sigmaY).law.mean()
    const lambda = 1 / 0.6 / precisionOf(Matrix.mul(eye, 0.6), 1, 'linear').get(0, 0)
    stationary(prior, lambda, 'linear').forEach((v, i) => expect(v).toBeCloseTo(posterior[i]!, 9))
  })

  // Of a prior without spread ε_θ − ε = (α/σ)(μ − m) has no noise, and w_t·α/σ = λ: Tikhonov's problem, which Adam solves.
  it('of a prior that is one point is reached by a run: ridge regression about it', async () => {
    const point = gaussianPrior({ mean, covariance: 1e-12, schedule })
    const found = await run(
      redDiff(problem, point, { steps: 1000, lambda: 0.4, learningRate: 0.02, beta1: 0.5 }),
    )
    const right = A.transpose()
      .mmul(Matrix.columnVector(y))
      .div(m)
      .add(Matrix.columnVector(mean).mul(0.4 / n))
    const ridge = solve(
      A.transpose()
        .mmul(A)
        .div(m)
        .add(Matrix.mul(eye, 0.4 / n)),
      right,
    ).to1DArray()
    list(found).forEach((v, i) => expect(v).toBeCloseTo(ridge[i]!, 6))
  })
})
