import type { Tensor } from '@tweedie/tensor'
import { concat, tensor } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { denseSymmetric } from '../linalg/index.ts'
import { gaussianNoise, poissonNoise } from '../noise/index.ts'
import { defineOperator, matrixOperator } from '../operators/index.ts'
import type { NoiseLikelihood } from '../types.ts'
import { covarianceDraw, optimisedPoint } from './index.ts'

const float64 = { dtype: 'float64' } as const
const list = (x: Tensor) => Array.from(x.dataSync())
const likelihoodOf = (sigma: number): NoiseLikelihood => {
  const { likelihood } = gaussianNoise(sigma)
  if (likelihood === undefined) throw new Error('no likelihood')
  return likelihood
}
const C = [[1, 0.6], [0.6, 0.8]] // biome-ignore format: a matrix
const times = (v: Tensor) => v.matmul(tensor(C, float64))
const operator = matrixOperator(tensor([[1, 0.5]], float64))
const y = tensor([[0.8], [-2]], float64)
const x = tensor([[0.3, -0.2], [1, 3]], float64) // biome-ignore format: rows
const { root, inverse } = denseSymmetric(times, x)
const squares = defineOperator({
  name: 'squares',
  summary: 'squares',
  example: 'squares',
  options: {},
  build: (shape) => ({ inShape: shape, outShape: shape, forward: (at: Tensor) => at.square() }),
})([2])

test('of a linear A and Gaussian noise it is the mean of the Gaussian, of any C', () => {
  const found = optimisedPoint({ operator, y, likelihood: likelihoodOf(0.5) }, x, root, 20)
  const wanted = list(covarianceDraw({ operator, y, sigmaY: 0.5 }, x, times))
  list(found).forEach((v, i) => expect(v).toBeCloseTo(wanted[i] ?? 0, 6))
})

test('it stops after as many iterations as are asked for', () => {
  const measured = { operator: squares, y: tensor([[4, 1]], float64), likelihood: likelihoodOf(0.1) }
  const at = (iterations: number) =>
    list(optimisedPoint(measured, tensor([[0.4, -0.3]], float64), (v) => v, iterations))
  const energyOf = ([a = 0, b = 0]: readonly number[]) =>
    ((a ** 2 - 4) ** 2 + (b ** 2 - 1) ** 2) / 0.02 + ((a - 0.4) ** 2 + (b + 0.3) ** 2) / 2
  const values = [1, 2, 3, 5, 40, 80].map((k) => energyOf(at(k)))
  expect(values[0]).toBeLessThan(energyOf([0.4, -0.3])) // one is no mere look at the start
  for (let k = 1; k < 4; k++) expect(values[k]).toBeLessThan(values[k - 1] ?? 0)
  expect(at(80)).toEqual(at(40)) // it had come to its end
  expect(() => at(0)).toThrow('iterations')
})

test('the end is a stationary point: of squares, and of counts', () => {
  const cases = [
    { operator: squares, y: tensor([[2, 0.5], [0.1, 3]], float64), likelihood: likelihoodOf(0.4) }, // biome-ignore format: rows
    { operator, y, likelihood: poissonNoise({ peak: 4, background: 8 }).likelihood },
  ]
  for (const measured of cases) {
    const found = optimisedPoint(measured, x, root, 60)
    const clean = measured.operator.forward(found)
    const g = measured.likelihood.score(measured.y, clean)
    const back = measured.operator === operator ? operator.adjoint(g) : g.mul(found).mul(2)
    for (const v of list(inverse(found.sub(x)).sub(back))) expect(Math.abs(v)).toBeLessThan(2e-6)
  }
})

test('a batch is its samples alone, bit for bit', () => {
  const likelihood = likelihoodOf(0.4)
  const at = (rows: Tensor, seen: Tensor) =>
    optimisedPoint({ operator: squares, y: seen, likelihood }, rows, (v) => v.mul(0.7), 30)
  const seen = tensor([[2, 0.5], [0.1, 3]], float64) // biome-ignore format: rows
  const alone = [0, 1].map((i) => at(x.slice([i, i + 1]), seen.slice([i, i + 1])))
  expect(list(at(x, seen))).toEqual(list(concat(alone)))
})

test('C⁻¹ of each sample; none where C has none', () => {
  const product = list(times(inverse(x)))
  list(x).forEach((v, i) => expect(product[i]).toBeCloseTo(v, 12))
  const twice = list(root(root(x)))
  list(times(x)).forEach((v, i) => expect(twice[i]).toBeCloseTo(v, 12))
  const flat = denseSymmetric((v: Tensor) => v.mul(tensor([[1, 0]], float64)), x)
  expect(() => flat.inverse(x)).toThrow('an eigenvalue of sample 0 is 0')
  expect(list(flat.root(x))).toEqual([0.3, 0, 1, 0])
})
