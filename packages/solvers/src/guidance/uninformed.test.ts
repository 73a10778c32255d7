import { type Tensor, tensor } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { gaussianNoise } from '../noise/index.ts'
import { denoise, matrixOperator } from '../operators/index.ts'
import { gaussianPrior } from '../priors/index.ts'
import { lookAt } from '../run/index.ts'
import { flow, ve, vpLinear } from '../schedules/index.ts'
import type { Schedule } from '../types.ts'
import { exactLikelihood, uninformedLikelihood, uninformedScore } from './index.ts'

const float64 = { dtype: 'float64' } as const
const numbers = (v: Tensor) => Array.from(v.dataSync())
const sigmaY = 0.3
const schedules: readonly Schedule[] = [vpLinear(), ve({ sigmaMax: 20 }), flow()]

describe("DMPS's score", () => {
  test.each([0.1, 1, 5])(
    'is the exact one times its known factor where u = μ = 0, at noise level %d',
    (k) => {
      for (const schedule of schedules) {
        for (const variance of [0.2, 1, 30]) {
          const prior = gaussianPrior({ mean: [0, 0], covariance: variance, schedule })
          const problem = {
            operator: denoise([2]),
            noise: gaussianNoise(sigmaY),
            y: tensor([[0.7, -1.1]], float64),
          }
          const look = lookAt(prior, tensor([[0, 0]], float64), schedule.timeOfNoiseLevel(k), false)
          const [g, exact] = [uninformedLikelihood(problem), exactLikelihood(prior, problem)].map((of) =>
            numbers(of.score(look).g),
          )
          const factor =
            ((1 + k ** 2 / variance) * ((variance * k ** 2) / (variance + k ** 2) + sigmaY ** 2)) /
            (k ** 2 + sigmaY ** 2)
          g!.forEach((v, i) => expect(v / (exact![i]! * factor)).toBeCloseTo(1, 7))
        }
      }
    },
  )

  test('tends to the exact one as the prior says less, the error with 1/s²', () => {
    const schedule = ve({ sigmaMax: 20 })
    const problem = {
      operator: matrixOperator(tensor([[1, -0.5], [0.2, 0.7]], float64)), // biome-ignore format: a matrix
      noise: gaussianNoise(sigmaY),
      y: tensor([[0.7, -1.1]], float64),
    }
    const errors = [1e3, 1e4].map((variance) => {
      const prior = gaussianPrior({ mean: [0.5, -0.3], covariance: variance, schedule })
      const look = lookAt(prior, tensor([[2, -1]], float64), schedule.timeOfNoiseLevel(1.5), false)
      const [g, exact] = [uninformedLikelihood(problem), exactLikelihood(prior, problem)].map((of) =>
        numbers(of.score(look).g),
      )
      return Math.hypot(...g!.map((v, i) => v - exact![i]!)) / Math.hypot(...exact!)
    })
    expect(errors[0]).toBeLessThan(0.05)
    expect(errors[0]! / errors[1]!).toBeGreaterThan(9)
  })

  test('is finite where nothing is left of x₀, and the same by conjugate gradients', () => {
    const { svd, pinv, ...operator } = matrixOperator(tensor([[1, -0.5], [0.2, 0.7]], float64)) // biome-ignore format: a matrix
    const rest = { noise: gaussianNoise(sigmaY), y: tensor([[0.7, -1.1]], float64) }
    const x = tensor([[0.3, 0.8]], float64)
    for (const [alpha, sigma] of [
      [0, 1],
      [0.6, 0.8],
    ] as const) {
      const direct = numbers(uninformedScore({ ...rest, operator: { ...operator, svd } })(x, alpha, sigma))
      const solved = numbers(uninformedScore({ ...rest, operator }, { solver: 'cg' })(x, alpha, sigma))
      direct.forEach((v, i) => expect(solved[i]).toBeCloseTo(v, 8))
    }
    // α = 0: Aᵀ(σ²AAᵀ)⁻¹(−A x) = −x/σ² for an invertible A.
    numbers(uninformedScore({ ...rest, operator: { ...operator, svd } })(x, 0, 2)).forEach((v, i) =>
      expect(v).toBeCloseTo(-[0.3, 0.8][i]! / 4, 10),
    )
  })
})
