import type { Tensor } from '@tweedie/tensor'
import { eye, fromData, normal, randomKey, tensor } from '@tweedie/tensor'
import { inverse, Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { ddrmWeights } from '../../linalg/index.ts'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { noiseStreams, run } from '../../run/index.ts'
import { ddpmStep } from '../../samplers/index.ts'
import { expectMoments, momentsOf } from '../../samplers/moments.test.helper.ts'
import { noiseLevel, respace, ve, vpFromBetas, vpLinear } from '../../schedules/index.ts'
import type { Prior, Schedule } from '../../types.ts'
import type { DdrmOptions } from '../index.ts'
import { ddrm } from '../index.ts'

const float64 = { dtype: 'float64' } as const
const covariance = new Matrix([
  [1, 0.6, 0.1],
  [0.6, 0.8, -0.2],
  [0.1, -0.2, 0.5],
])
const mean = [0.5, -0.3, 0.2]

/** A VP schedule whose noise levels σ/α at the indices 0, 1, … are the given, ascending ones. */
function scheduleOf(levels: readonly number[]): Schedule {
  const alphaBar = levels.map((k) => 1 / (1 + k * k))
  return vpFromBetas(alphaBar.map((a, i) => 1 - a / (alphaBar[i - 1] ?? 1)))
}

/** N copies of one measurement. */
const repeated = (y: readonly number[], N: number) =>
  fromData(Array.from({ length: N }, () => y).flat(), [N, y.length], float64)

describe('the marginal identity', () => {
  // Singular values 2, 0.7, 0.02 and 0: the noise levels of ȳ are 0.05, 0.14, 5 and ∞.
  const A = [
    [1.2, -0.4, 1.5, 0.3],
    [0.3, 0.5, -0.2, 0.3],
    [0.01, 0.01, 0.01, -0.01],
  ]
  const operator = matrixOperator(tensor(A, float64))
  const svd = operator.svd()
  const N = 5000
  const x0 = repeated([0.5, -1, 0.2, 0.8], N)
  const oracle: Prior = { name: 'oracle', shape: [4], schedule: ve({ sigmaMax: 60 }), denoise: () => x0 }
  const keys = Array.from({ length: N }, (_, i) => randomKey(99).fold(i))
  const y = operator.forward(x0).add(normal(keys, [3], float64).mul(0.1))

  it.each([
    { eta: 0.85, etaB: 1 },
    { eta: 0, etaB: 0.4 },
    { eta: 1, etaB: 1 },
  ])('given x₀, every x̄_s has mean x₀ and variance σ_s²: $eta, $etaB', async (options) => {
    for (const prior of [oracle, { ...oracle, schedule: scheduleOf([0.03, 0.1, 0.4, 2, 6, 60]) }]) {
      const { schedule } = prior
      const steps = respace(schedule, 6, 'karras')
      const problem = { operator, noise: gaussianNoise(0.1), y }
      for await (const { i, x } of ddrm(problem, prior, { steps: 6, spacing: 'karras', ...options })) {
        const sigma = noiseLevel(schedule, steps[i]!.s)
        const centre = svd.vt(x0.slice([0, 1])).dataSync()
        const coordinates = svd.vt(x.div(schedule.alpha(steps[i]!.s)))
        const { mean, covariance } = momentsOf(coordinates.dataSync(), 4)
        svd.singularValues.forEach((s, j) => {
          const variance = covariance.get(j, j)
          expect(Math.abs(variance - sigma ** 2)).toBeLessThanOrEqual(
            4 * sigma ** 2 * Math.sqrt(2 / N) + 1e-18,
          )
          // The unseen start at 0 instead of x₀, as all of DDRM's coordinates do where σ_T is below τ.
          if (s > 1e-3)
            expect(Math.abs(mean[j]! - centre[j]!)).toBeLessThanOrEqual((4 * sigma) / Math.sqrt(N) + 1e-9)
        })
      }
    }
  })
})

describe('noise-free measurements', () => {
  it.each([vpLinear(), ve({ sigmaMax: 50 })])('A x = y where σ_y = 0, on $name', async (schedule) => {
    const prior = gaussianPrior({ mean, covariance, schedule })
    const problems = [
      [[1, 2, 3]],
      [
        [1, 0, 0],
        [0, 1, 1],
      ],
      [
        [1, 1, 0],
        [2, 2, 0],
        [0, 0, 1],
        [1, 1, 1],
      ],
    ]
    for (const A of problems) {
      const operator = matrixOperator(tensor(A, float64))
      const y = operator.forward(
        tensor(
          [
            [1, -2, 0.5],
            [0, 1, 4],
          ],
          float64,
        ),
      )
      const x = await run(ddrm({ operator, noise: gaussianNoise(0), y }, prior))
      const left = operator.forward(x).sub(y).dataSync()
      expect(Math.max(...left.map(Math.abs))).toBeLessThan(1e-10)
    }
  })

  it('A x → y as σ_y and the last noise level → 0', async () => {
    // A σ_y above 0 but below the last level leaves the denoised remainder of that level's noise.
    const operator = matrixOperator(tensor([[1, 2, 3]], float64))
    const y = tensor([[1]], float64)
    for (const last of [1e-2, 1e-4, 1e-6]) {
      const prior = gaussianPrior({ mean, covariance, schedule: scheduleOf([last, 0.1, 1, 10, 100]) })
      const x = await run(ddrm({ operator, noise: gaussianNoise(last / 100), y }, prior, { steps: 5 }))
      const error = Math.abs(operator.forward(x).dataSync()[0]! - 1)
      expect(error).toBeLessThan(4 * Math.sqrt(14) * last)
    }
  })
})

describe('A = I on a Gaussian prior: denoising', () => {
  const operator = matrixOperator(eye(3))
  const sigmaY = 0.6
  const y = [1, 0.5, -0.8]
  const exact = gaussianPrior({ mean, covariance }).law.posterior(operator, y, sigmaY).law
  const restore = (levels: readonly number[], N: number, options: DdrmOptions) => {
    const prior = gaussianPrior({ mean, covariance, schedule: scheduleOf(levels) })
    const problem = { operator, noise: gaussianNoise(sigmaY), y: repeated(y, N) }
    return run(ddrm(problem, prior, { steps: levels.length, ...options }))
  }

  // With η_b = 1 the chain reaches the level σ_s = σ_y at x̄ = y exactly: y is a sample of x_{σ_y}. Where that is
  // the last level, what is returned is x̂₀(y) = E[x₀ | y], whatever η.
  it.each([0, 0.85, 1])('with σ_y as last level returns the exact posterior mean (η = %d)', async (eta) => {
    const x = (await restore([sigmaY, 1, 5, 60], 3, { eta })).dataSync()
    x.forEach((v, i) => expect(v).toBeCloseTo(exact.mean()[i % 3]!, 10))
  })

  // One more level σ_L = √(1−η²)·σ_y makes of the middle case DDPM's ancestral step from x_{σ_y} = y: with
  // g = v/(v+σ²) per eigenvalue v of Σ, E x̄_L = y·[g_y + (1−η²)(1−g_y)] and g_L·E x̄_L = g_y·y. So the mean is
  // exact again; the variance is that of E[x₀ | x_L] alone, η²σ_L²·g_L², too small by construction.
  it('with √(1−η²)·σ_y below it keeps the exact mean, and has the variance of one ancestral step', async () => {
    const eta = 0.8
    const last = Math.sqrt(1 - eta ** 2) * sigmaY
    const samples = (await restore([last, sigmaY, 1, 5, 60], 5000, { eta })).dataSync()
    const gain = covariance.mmul(inverse(Matrix.add(covariance, Matrix.eye(3).mul(last ** 2))))
    const spread = gain.mmul(gain.transpose()).mul((eta * last) ** 2)
    expectMoments(samples, exact.mean(), spread)
    for (let i = 0; i < 3; i++) expect(spread.get(i, i)).toBeLessThan(exact.covariance().get(i, i))
  })
})

describe('the law of what it returns, on a Gaussian prior', () => {
  // Everything is linear: x̄ ~ N(m, P) is followed exactly, with the update written in ȳ and as in the paper.
  const wide = matrixOperator(tensor([1, 0.5, 0, 0, 0.4, -0.3], float64).reshape([2, 3]))
  const all = [0.05, 0.2, 0.35, 0.8, 1.5, 4, 12, 60]
  it.each([
    { operator: wide, sigmaY: 0.3, eta: 0.85, etaB: 1, levels: all },
    { operator: wide, sigmaY: 0.3, eta: 0.3, etaB: 0.6, levels: all },
    { operator: matrixOperator(eye(3)), sigmaY: 0.35, eta: 0.85, etaB: 1, levels: all },
    // One step: what is returned is x̂₀ of the start, where τ is 0.54, 1.3 and ∞.
    { operator: wide, sigmaY: 0.6, eta: 0.85, etaB: 1, levels: [0.8] },
  ])('is as computed by hand ($sigmaY, $eta, $etaB)', async ({ operator, sigmaY, eta, etaB, levels }) => {
    const svd = operator.svd()
    const dense = (f: (x: Tensor) => Tensor) =>
      Matrix.from1DArray(3, 3, Array.from(f(eye(3, float64)).dataSync())).transpose()
    const V = dense(svd.v)
    const y = [0.7, -0.5, 0.4].slice(0, operator.outShape[0])
    const uty = svd.ut(tensor([y], float64)).dataSync()
    const tau = Array.from(svd.singularValues, (s) => (s < 1e-12 ? Infinity : sigmaY / s))
    const ybar = Array.from(uty, (u, i) => (tau[i] === Infinity ? 0 : u / svd.singularValues[i]!))

    const N = 5000
    const schedule = scheduleOf(levels)
    const prior = gaussianPrior({ mean, covariance, schedule })
    const problem = { operator, noise: gaussianNoise(sigmaY), y: repeated(y, N) }
    const samples = await run(ddrm(problem, prior, { steps: levels.length, eta, etaB, seed: 2 }))

    const descending = [...levels].reverse()
    let m = Matrix.columnVector(tau.map((v, i) => (descending[0]! > v ? ybar[i]! : 0)))
    let P = Matrix.diag(
      tau.map((v) => (descending[0]! > v ? descending[0]! ** 2 - v ** 2 : descending[0]! ** 2)),
    )
    descending.forEach((from, k) => {
      const to = descending[k + 1] ?? 0
      const gain = V.transpose()
        .mmul(covariance)
        .mmul(inverse(Matrix.add(covariance, Matrix.eye(3).mul(from ** 2))))
        .mmul(V)
      const mu = V.transpose().mmul(Matrix.columnVector(mean))
      const keep = Math.sqrt(1 - eta ** 2) * to
      const theta = Matrix.diag(
        tau.map((v) => (v === Infinity ? 1 - keep / from : to < v ? 1 - keep / v : 1 - etaB)),
      )
      const old = Matrix.diag(tau.map((v) => (v === Infinity ? keep / from : 0)))
      const pull = Matrix.columnVector(
        tau.map((v, i) => (v === Infinity ? 0 : to < v ? (keep / v) * ybar[i]! : etaB * ybar[i]!)),
      )
      const fresh = Matrix.diag(
        tau.map((v) => (v === Infinity || to < v ? (eta * to) ** 2 : to ** 2 - (etaB * v) ** 2)),
      )
      const map = Matrix.add(theta.mmul(gain), old)
      m = Matrix.add(map.mmul(m), theta.mmul(Matrix.sub(mu, gain.mmul(mu)))).add(pull)
      P = Matrix.add(map.mmul(P).mmul(map.transpose()), fresh)
    })
    expectMoments(samples.dataSync(), V.mmul(m).to1DArray(), V.mmul(P).mmul(V.transpose()))
  })
})

describe('unseen coordinates', () => {
  it('take DDPM’s ancestral step where η = √(1−ρ²) on levels σ_s = ρ·σ_t', async () => {
    const rho = 0.6
    const schedule = scheduleOf([0.1, 0.1 / rho, 0.1 / rho ** 2, 0.1 / rho ** 3])
    const prior = gaussianPrior({ mean, covariance, schedule })
    const operator = matrixOperator(tensor([[0, 0, 0]], float64))
    const problem = { operator, noise: gaussianNoise(0.1), y: tensor([[0]], float64) }
    let x = normal([randomKey(0)], [3], float64)
    for await (const step of ddrm(problem, prior, {
      steps: 4,
      eta: Math.sqrt(1 - rho ** 2),
      resume: { next: 0, state: { x } },
    })) {
      const z = operator.svd().v(noiseStreams({ count: 1, ...float64 }).normal(step.i, 'step', [3]))
      if (step.t > 0) {
        const expected = ddpmStep(x, step.x0hat, z, { t: step.t, s: step.t - 1, schedule }).dataSync()
        step.x.dataSync().forEach((v, j) => expect(v).toBeCloseTo(expected[j]!, 10))
      }
      x = step.x.alias()
    }
  })
})

describe('ddrmWeights', () => {
  it('joins its cases: at σ_s = τ the third, and no step where σ_y = s = 0', () => {
    const options = { eta: 0.85, etaB: 1 }
    expect(ddrmWeights(0.5, 0.1, 1, 0.2, options)).toEqual({ theta: 0, xbar: 0, uty: 2, z: 0 })
    expect(ddrmWeights(1, 0, 1, 0, options)).toEqual({ theta: 0, xbar: 0, uty: 1, z: 0 })
    expect(ddrmWeights(0, 0.1, 1, 0, options)).toEqual({ theta: 1, xbar: 0, uty: 0, z: 0 })
    const tiny = ddrmWeights(1e-300, 0.1, 1, 0.5, options)
    expect(tiny.uty).toBeCloseTo((Math.sqrt(1 - 0.85 ** 2) * 0.5) / 0.1, 12)
    expect(tiny.theta).toBe(1)
  })
})
