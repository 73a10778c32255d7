// What passes here is calibrated (calibration.test.helper.ts), by 500 ranks of each number; DPS and RED-diff, negative controls, are not.
import { normal, randomKey, type Tensor, tensor } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { chiSquares, limits, repeated } from '../calibration.test.helper.ts'
import { dps, redDiff, tmpd } from '../index.ts'

const float64 = { dtype: 'float64' } as const
const cases = 500
const draws = 19
const sigmaY = 0.5
const covariance = [[1, 0.6], [0.6, 0.8]] // biome-ignore format: a matrix
const prior = gaussianPrior({ mean: [0, 0], covariance })
const keys = (purpose: string, count: number) =>
  Array.from({ length: count }, (_, i) => randomKey(11).fold(purpose).fold(i))
// L Lᵀ = covariance.
const truth = normal(keys('truth', cases), [2], float64).matmul(tensor([[1, 0.6], [0, Math.sqrt(0.8 - 0.36)]], float64)) // biome-ignore format: a matrix
const operator = matrixOperator(tensor([[1, 0]], float64))
const noise = gaussianNoise(sigmaY)
const y = noise.sample(keys('noise', cases), operator.forward(truth))
const repeatedly = repeated(y, draws)
const bound = limits[draws]
const passes = (x: Tensor) => {
  for (const chi of chiSquares(x, truth, draws)) expect(chi).toBeLessThan(bound)
}

test('exact draws pass', () => {
  // x₀ | y ~ N(Σaᵀy/v, Σ − Σaᵀa Σ/v), a = (1, 0), v = Σ₁₁ + σ_y², with L Lᵀ its covariance.
  const v = 1 + sigmaY ** 2
  const c = [1 - 1 / v, 0.6 - 0.6 / v, 0.8 - 0.36 / v] as const
  const l = [Math.sqrt(c[0]), c[1] / Math.sqrt(c[0]), Math.sqrt(c[2] - c[1] ** 2 / c[0])] as const
  const z = normal(keys('exact', cases * draws), [2], float64)
  const x = repeatedly.matmul(tensor([[1 / v, 0.6 / v]], float64)).add(z.matmul(tensor([[l[0], l[1]], [0, l[2]]], float64))) // biome-ignore format: a matrix
  passes(x)
})

test('TMPD with the dense covariance passes: its score is exact for a Gaussian', async () => {
  const x = await run(tmpd({ operator, noise, y: repeatedly }, prior, { covariance: 'dense', steps: 100 }))
  passes(x)
})

test.each([
  ['norm', 0.2],
  ['norm', 0.3],
] as const)('DPS fails, form %s of scale %d', async (guidance, scale) => {
  const x = await run(dps({ operator, noise, y: repeatedly }, prior, { guidance, scale, steps: 100 }))
  // Eight times the bound: no accident of the seed.
  expect(Math.max(...chiSquares(x, truth, draws))).toBeGreaterThan(8 * bound)
})

test.each(['linear', 'sqrt', 'log'] as const)('RED-diff fails, weighted %s', async (weighting) => {
  const x = await run(redDiff({ operator, noise, y: repeatedly }, prior, { weighting, steps: 100 }))
  expect(Math.max(...chiSquares(x, truth, draws))).toBeGreaterThan(8 * bound)
})
