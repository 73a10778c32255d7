import type { Tensor } from '@tweedie/tensor'
import { fromData, normal, randomKey, tensor } from '@tweedie/tensor'
import { Matrix, solve } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { redDiffGradient, redDiffWeightings } from '../../guidance/index.ts'
import { gaussianNoise } from '../../noise/index.ts'
import { blur as gaussianBlur, matrixOperator } from '../../operators/index.ts'
import { countCalls, gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { noiseLevel, respace, ve, vpLinear } from '../../schedules/index.ts'
import type { Operator } from '../../types.ts'
import { UnfitError } from '../fit.ts'
import type { RedDiffOptions } from '../index.ts'
import { redDiff } from '../index.ts'

const float64 = { dtype: 'float64' } as const
const covariance = new Matrix([
  [1, 0.6, 0.1],
  [0.6, 0.8, -0.2],
  [0.1, -0.2, 0.5],
])
const mean = [0.5, -0.3, 0.2]
const A = new Matrix([
  [1, 0.5, -0.2],
  [0, 0.4, 0.3],
])
const operator = matrixOperator(tensor(A.to2DArray(), float64))
const y = [1.2, -0.4]
const problem = { operator, noise: gaussianNoise(0.1), y: tensor([y], float64) }

describe('the stationary point on a Gaussian prior', () => {
  // ε_θ(x_t) = σ(α²Σ + σ²I)⁻¹(x_t − αm), so E_ε[ε_θ − ε] = σα(α²Σ + σ²I)⁻¹(μ − m). The mean gradient vanishes at
  //   v/m·Aᵀ(y − Aμ) = 1/n·E_t[w_t·σα(α²Σ + σ²I)⁻¹](μ − m):
  // a MAP-like point whose prior precision is an average over the noise levels.
  const settings = {
    lambda: 0.25,
    dataWeight: 1.5,
    weighting: 'linear',
    reduction: 'mean',
    sigmaX0: 0,
  } as const
  const cases = [
    ...(Object.keys(redDiffWeightings) as (keyof typeof redDiffWeightings)[]).map((weighting) => ({
      ...settings,
      weighting,
    })),
    { ...settings, reduction: 'sum' },
    { ...settings, sigmaX0: 0.1 },
  ] as const

  it.each(cases)('$weighting, $reduction, σ₀ = $sigmaX0', (settings) => {
    for (const schedule of [vpLinear(), ve({ sigmaMax: 20 })]) {
      const prior = gaussianPrior({ mean, covariance, schedule })
      const times = respace(schedule, 40).map(({ t }) => t)
      const [n, m] = settings.reduction === 'mean' ? [3, 2] : [1, 1]
      const precision = Matrix.zeros(3, 3)
      for (const t of times) {
        const [a, s] = [schedule.alpha(t), schedule.sigma(t)]
        const w = settings.lambda * redDiffWeightings[settings.weighting](noiseLevel(schedule, t))
        const spread = Matrix.add(Matrix.mul(covariance, a * a), Matrix.eye(3).mul(s * s))
        precision.add(solve(spread, Matrix.eye(3)).mul((w * s * a) / (n * times.length)))
      }
      const data = A.transpose()
        .mmul(A)
        .mul(settings.dataWeight / m)
      const right = A.transpose()
        .mmul(Matrix.columnVector(y))
        .mul(settings.dataWeight / m)
        .add(precision.mmul(Matrix.columnVector(mean)))
      const stationary = solve(Matrix.add(data, precision), right).to1DArray()

      const averageAt = (mu: number[]) => {
        const total = [0, 0, 0]
        for (const [i, t] of times.entries()) {
          const epsilon = normal([randomKey(i)], [3], float64)
          const epsilon0 = normal([randomKey(i + 1000)], [3], float64)
          for (const sign of [1, -1]) {
            // Pairs ±ε make the average over the noise exact, since all is linear.
            const noise = { epsilon: epsilon.mul(sign), epsilon0: epsilon0.mul(sign) }
            const { gradient } = redDiffGradient(
              problem,
              prior,
              fromData(mu, [1, 3], float64),
              t,
              noise,
              settings,
            )
            gradient.dataSync().forEach((g, j) => (total[j]! += g / (2 * times.length)))
          }
        }
        return Math.hypot(...total)
      }
      expect(averageAt(stationary)).toBeLessThan(1e-10)
      expect(averageAt(stationary.map((v) => v + 0.01))).toBeGreaterThan(1e-5)
    }
  })
})

describe('the gradient', () => {
  const prior = gaussianPrior({ mean, covariance })
  const settings = {
    lambda: 0.25,
    dataWeight: 0.7,
    weighting: 'sqrt',
    reduction: 'mean',
    sigmaX0: 0,
  } as const

  it('is that of the two losses, ε_θ held fixed; for a nonlinear operator too', () => {
    const square: Operator = { name: 'square', inShape: [3], outShape: [3], forward: (v) => v.mul(v) }
    const nonlinear = { operator: square, noise: gaussianNoise(0.1), y: tensor([[1, 2, 3]], float64) }
    const mu = tensor([[0.3, -0.8, 1.1]], float64)
    const epsilon = normal([randomKey(1)], [3], float64)
    for (const p of [problem, nonlinear]) {
      const at = (d: number, j: number) =>
        redDiffGradient(
          p,
          prior,
          mu.add(
            fromData(
              [0, 1, 2].map((k) => (k === j ? d : 0)),
              [1, 3],
              float64,
            ),
          ),
          300,
          { epsilon },
          settings,
        )
      const { gradient, lossPrior, x0hat } = at(0, 0)
      const schedule = prior.schedule
      const [a, s] = [schedule.alpha(300), schedule.sigma(300)]
      let total = 0
      for (let j = 0; j < 3; j++) {
        const slope = (at(1e-5, j).lossData.dataSync()[0]! - at(-1e-5, j).lossData.dataSync()[0]!) / 2e-5
        // ε_θ − ε = α(μ − x̂₀)/σ
        const difference = (a * (mu.dataSync()[j]! - x0hat.dataSync()[j]!)) / s
        const w = (0.25 * Math.sqrt(s / a)) / 3
        total += w * difference * mu.dataSync()[j]!
        expect(gradient.dataSync()[j]).toBeCloseTo(slope + w * difference, 8)
      }
      expect(lossPrior.dataSync()[0]).toBeCloseTo(total, 10)
    }
  })

  it('never goes through the prior: one plain evaluation per step', async () => {
    const counted = countCalls(prior)
    await run(redDiff(problem, counted, { steps: 30 }))
    expect(counted.calls).toEqual({ total: 30, recorded: 0 })
  })
})

describe('redDiff', () => {
  const prior = gaussianPrior({ mean, covariance })

  it('fits the measurement and tells its losses', async () => {
    const losses: number[] = []
    let last: readonly number[] = []
    for await (const step of redDiff(problem, prior, { steps: 200, init: 'zeros' })) {
      losses.push(step.lossData[0]!)
      last = step.residual
      expect(step.residual[0]! ** 2 / 4).toBeCloseTo(step.lossData[0]!, 8)
      expect(Number.isFinite(step.lossPrior[0])).toBe(true)
    }
    expect(losses[0]).toBeCloseTo((1.2 ** 2 + 0.4 ** 2) / 4, 10)
    expect(last[0]).toBeLessThan(0.3)
  })

  it('starts at A⁺y exactly where σ_y = 0, however ill-conditioned A; at the ridge, tame, above', async () => {
    // A blur whose smallest singular value is 2e-7 of the largest; x in the range of Aᵀ, so A⁺A x = x.
    const blur = gaussianBlur([1, 16, 16], { size: 9, std: 1.5 })
    const x = normal([randomKey(5)], [1, 16, 16], float64)
    const wide = gaussianPrior({ mean: new Array<number>(256).fill(0), covariance: 1, shape: [1, 16, 16] })
    const start = async (sigmaY: number, y: Tensor, options: RedDiffOptions = {}) => {
      const p = { operator: blur, noise: gaussianNoise(sigmaY), y }
      const steps = redDiff(p, wide, { ...options, learningRate: 1e-14, steps: 1 })
      const { value } = await steps.next()
      const error = Math.hypot(...(value as { x: Tensor }).x.sub(x).dataSync())
      await steps.return(undefined as never)
      return error / 16
    }
    const y = blur.forward(x)
    expect(await start(0, y)).toBeLessThan(1e-10)
    expect(await start(0, y, { init: 'ridge' })).toBeLessThan(1e-10)
    // With a tolerance, what it cuts off is missing.
    expect(await start(0, y, { rankTolerance: 1e-4 })).toBeGreaterThan(0.1)
    expect(await start(0.01, y, { rankTolerance: 0.5 })).toBeGreaterThan(await start(0.01, y))
    // Ridge: |s/(s² + σ²)| ≤ 1/(2σ), so noise of norm ‖e‖ moves μ₀ by at most ‖e‖/(2σ_y).
    const e = normal([randomKey(6)], [1, 16, 16], float64).mul(0.01)
    const moved = Math.abs((await start(0.01, y.add(e))) - (await start(0.01, y)))
    expect(moved).toBeLessThanOrEqual(Math.hypot(...e.dataSync()) / (2 * 0.01) / 16)
  })

  it('starts at the ridge solution, A⁺y, Aᵀy or 0', async () => {
    const start = async (
      options: Parameters<typeof redDiff>[2],
      p: Parameters<typeof redDiff>[0] = problem,
    ) => {
      // With rate 1e-12 the first step stays where it started.
      for await (const { x } of redDiff(p, prior, { ...options, learningRate: 1e-12, steps: 1 }))
        return Array.from(x.dataSync())
      return []
    }
    const close = (a: number[], b: ArrayLike<number>) => a.forEach((v, i) => expect(v).toBeCloseTo(b[i]!, 9))
    const normal = A.transpose().mmul(A)
    const right = A.transpose().mmul(Matrix.columnVector(y))
    close(await start({}), solve(Matrix.add(normal, Matrix.eye(3).mul(0.01)), right).to1DArray())
    close(await start({}, { ...problem, noise: gaussianNoise(0) }), operator.pinv(problem.y).dataSync())
    close(await start({ init: 'pinv' }), operator.pinv(problem.y).dataSync())
    close(await start({ init: 'adjoint' }), operator.adjoint(problem.y).dataSync())
    close(await start({ init: 'zeros' }), [0, 0, 0])
    const bare: Operator = { name: 'bare', inShape: [3], outShape: [2], forward: operator.forward }
    close(await start({}, { ...problem, operator: bare }), [0, 0, 0])
    expect(() => redDiff({ ...problem, operator: bare }, prior, { init: 'pinv' })).toThrow(UnfitError)
  })
})
