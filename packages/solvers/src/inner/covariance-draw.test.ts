import { type Tensor, tensor } from '@tweedie/tensor'
import { inverse, Matrix } from 'ml-matrix'
import { expect, test } from 'vitest'
import { denoiserCovariance } from '../linalg/index.ts'
import { matrixOperator } from '../operators/index.ts'
import { gaussianPrior } from '../priors/index.ts'
import { ve } from '../schedules/index.ts'
import { covarianceDraw, proximal, proximalDraw } from './index.ts'

const float64 = { dtype: 'float64' } as const
const list = (x: Tensor) => Array.from(x.dataSync())
const C = [[1, 0.6], [0.6, 0.8]] // biome-ignore format: a matrix
const times = (v: Tensor) => v.matmul(tensor(C, float64))
const problem = {
  operator: matrixOperator(tensor([[1, 0.5]], float64)),
  y: tensor([[0.8]], float64),
  sigmaY: 0.5,
}
const x = tensor([[0.3, -0.2]], float64)
const covariance = inverse(Matrix.add(inverse(new Matrix(C)), new Matrix([[1, 0.5], [0.5, 0.25]]).mul(4))) // biome-ignore format: AᵀA/σ_y²

test('its mean and covariance are those of the Gaussian posterior', () => {
  const mean = list(covarianceDraw(problem, x, times))
  const b = new Matrix([[1], [0.5]]).mul(0.8 * 4)
  const wanted = covariance.mmul(
    inverse(new Matrix(C))
      .mmul(Matrix.columnVector(list(x)))
      .add(b),
  )
  mean.forEach((v, i) => expect(v).toBeCloseTo(wanted.get(i, 0), 10))
  // It is affine in what is drawn: a column for each number of the draws.
  const columns = [0, 1, 2].map((k) => {
    const z = [0, 1, 2].map((j) => (j === k ? 1 : 0))
    const noise = { x: tensor([z.slice(0, 2)], float64), y: tensor([z.slice(2)], float64) }
    return list(covarianceDraw(problem, x, times, noise)).map((v, i) => v - mean[i]!)
  })
  const G = new Matrix(columns)
  const spread = G.transpose().mmul(G)
  for (const i of [0, 1])
    for (const j of [0, 1]) expect(spread.get(i, j)).toBeCloseTo(covariance.get(i, j), 10)
})

test('with C = ρ²I it is the proximal draw', () => {
  const noise = { x: tensor([[0.7, -1.1]], float64), y: tensor([[0.4]], float64) }
  const ours = list(covarianceDraw(problem, x, (v) => v.mul(0.49), noise))
  list(proximalDraw(problem, x, 0.7, noise)).forEach((v, i) => expect(ours[i]).toBeCloseTo(v, 10))
  const mean = list(covarianceDraw(problem, x, (v) => v.mul(0.49)))
  list(proximal(problem, x, 0.7)).forEach((v, i) => expect(mean[i]).toBeCloseTo(v, 10))
})

test('takes the covariance of a denoiser, each sample its own', () => {
  const prior = gaussianPrior({ mean: [0.1, 0.2], covariance: C, schedule: ve() })
  const xt = tensor([[0.3, -0.2], [1, 2]], float64) // biome-ignore format: rows
  const two = { ...problem, y: tensor([[0.8], [0.1]], float64) }
  using given = denoiserCovariance(prior, xt, 0.9)
  const mean = list(covarianceDraw(two, given.x0hat, given.times))
  for (const [i, y] of [
    [0, 0.8],
    [1, 0.1],
  ] as const) {
    // biome-ignore format: pairs
    const law = prior.given(xt.slice(i).dataSync(), 0.9).posterior([[1, 0.5]], [y], 0.5).law
    law.mean().forEach((v, j) => expect(mean[2 * i + j]).toBeCloseTo(v, 9))
  }
})
