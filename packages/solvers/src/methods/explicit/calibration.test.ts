// Simulation-based calibration (Talts et al., arXiv 1804.06788): where x₀ is drawn from the prior and y from x₀, the rank of
// x₀ among draws of an exact posterior is uniform. What passes here draws the posterior, as far as ranks can tell; DPS, a
// negative control, does not.
import { normal, randomKey, type Tensor, tensor } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { dps, tmpd } from '../index.ts'

const float64 = { dtype: 'float64' } as const
const [cases, draws] = [500, 19]
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
const numbers = (x: Tensor) => Array.from(x.dataSync())
/** Each measurement `draws` times over. */
const repeated = tensor(
  numbers(y).flatMap((v) => Array.from({ length: draws }, () => [v])),
  float64,
)

/** χ² of the ranks 0 … draws of a coordinate of the truth among its draws, of mean `draws` for uniform ranks. */
function chiSquare(x: Tensor, coordinate: number): number {
  const [all, true0] = [numbers(x), numbers(truth)]
  const counts = new Array<number>(draws + 1).fill(0)
  for (let k = 0; k < cases; k++) {
    let rank = 0
    for (let l = 0; l < draws; l++)
      if (all[2 * (k * draws + l) + coordinate]! < true0[2 * k + coordinate]!) rank++
    counts[rank] = (counts[rank] ?? 0) + 1
  }
  const wanted = cases / (draws + 1)
  return counts.reduce((sum, count) => sum + (count - wanted) ** 2 / wanted, 0)
}
// χ² of `draws` degrees of freedom has a standard deviation of √(2·draws).
const bound = draws + 6 * Math.sqrt(2 * draws)

test('exact draws pass', () => {
  // x₀ | y ~ N(Σaᵀy/v, Σ − Σaᵀa Σ/v), a = (1, 0), v = Σ₁₁ + σ_y², with L Lᵀ its covariance.
  const v = 1 + sigmaY ** 2
  const c = [1 - 1 / v, 0.6 - 0.6 / v, 0.8 - 0.36 / v] as const
  const l = [Math.sqrt(c[0]), c[1] / Math.sqrt(c[0]), Math.sqrt(c[2] - c[1] ** 2 / c[0])] as const
  const z = normal(keys('exact', cases * draws), [2], float64)
  const x = repeated.matmul(tensor([[1 / v, 0.6 / v]], float64)).add(z.matmul(tensor([[l[0], l[1]], [0, l[2]]], float64))) // biome-ignore format: a matrix
  for (const j of [0, 1]) expect(chiSquare(x, j)).toBeLessThan(bound)
})

test('TMPD with the dense covariance passes: its score is exact for a Gaussian', async () => {
  const x = await run(tmpd({ operator, noise, y: repeated }, prior, { covariance: 'dense', steps: 200 }))
  for (const j of [0, 1]) expect(chiSquare(x, j)).toBeLessThan(bound)
})

test.each([
  ['norm', 0.05],
  ['norm', 0.2],
  ['likelihood', 0.3],
] as const)('DPS fails, form %s of scale %d', async (guidance, scale) => {
  const x = await run(dps({ operator, noise, y: repeated }, prior, { guidance, scale, steps: 200 }))
  // Ten times the bound: no accident of the seed.
  expect(Math.max(chiSquare(x, 0), chiSquare(x, 1))).toBeGreaterThan(10 * bound)
})
