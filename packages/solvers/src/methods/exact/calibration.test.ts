// Simulation-based calibration (Talts et al., arXiv 1804.06788) of PnP-DM on its own law: where x is drawn from the prior, z
// from N(x, ρ²I) and y from N(A z, σ_y²I), the rank of x among draws of π(x | y) is uniform, at any ρ.
import { normal, randomKey, type Tensor, tensor } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { ve } from '../../schedules/index.ts'
import type { PnpDmOptions } from '../index.ts'
import { pnpDm } from '../index.ts'

const [cases, draws] = [240, 9]
const [rho, sigmaY] = [0.8, 0.4]
const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.6], [0.6, 0.8]], schedule: ve() }) // biome-ignore format: a matrix
const drawn = (purpose: string, n: number) =>
  normal(Array.from({ length: cases }, (_, i) => randomKey(17).fold(purpose).fold(i)), [n]) // biome-ignore format: a line
// L Lᵀ is the covariance.
const truth = drawn('truth', 2).matmul(tensor([[1, 0.6], [0, Math.sqrt(0.8 - 0.36)]])) // biome-ignore format: a matrix
const operator = matrixOperator(tensor([[1, 0.5]]))
const noise = gaussianNoise(sigmaY)
const y = operator.forward(truth.add(drawn('coupling', 2).mul(rho))).add(drawn('noise', 1).mul(sigmaY))
const numbers = (x: Tensor) => Array.from(x.dataSync())
const repeated = tensor(numbers(y).flatMap((v) => Array.from({ length: draws }, () => [v])))

/** χ² of the ranks 0 … draws of a coordinate of the truth among its draws. */
function chiSquare(x: Tensor, coordinate: number): number {
  const [all, true0] = [numbers(x), numbers(truth)]
  const counts = new Array<number>(draws + 1).fill(0)
  for (let k = 0; k < cases; k++) {
    const below = (l: number) => all[2 * (k * draws + l) + coordinate]! < true0[2 * k + coordinate]!
    const rank = Array.from({ length: draws }, (_, l) => below(l)).filter(Boolean).length
    counts[rank] = (counts[rank] ?? 0) + 1
  }
  const wanted = cases / (draws + 1)
  return counts.reduce((sum, count) => sum + (count - wanted) ** 2 / wanted, 0)
}
// χ² of `draws` degrees of freedom has a standard deviation of √(2·draws).
const bound = draws + 6 * Math.sqrt(2 * draws)
const restored = (options: PnpDmOptions) =>
  run(
    pnpDm({ operator, noise, y: repeated }, prior, {
      steps: 8,
      rho0: rho,
      rhoMin: rho,
      priorSteps: 16,
      ...options,
    }),
  )

test('PnP-DM passes', async () => {
  const x = await restored({})
  // With this seed 13 and 12; the bound is 34.
  for (const j of [0, 1]) expect(chiSquare(x, j)).toBeLessThan(bound)
})

test('with the probability flow for its prior step it fails: too narrow', async () => {
  const x = await restored({ sampler: 'ode' })
  // 162 and 23: twice the bound is no accident of the seed.
  expect(Math.max(chiSquare(x, 0), chiSquare(x, 1))).toBeGreaterThan(2 * bound)
})
