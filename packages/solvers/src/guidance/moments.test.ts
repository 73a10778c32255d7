import { matrixTranspose, OptionError, ShapeError, type Tensor, TweedieError, tensor } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { denseSolve } from '../linalg/index.ts'
import { gaussianNoise } from '../noise/index.ts'
import { denoise, matrixOperator } from '../operators/index.ts'
import type { Look } from '../run/index.ts'
import type { MomentOptions } from './index.ts'
import { linearisedAt, momentLikelihood } from './index.ts'

const dtype = 'float64'
const of = (rows: readonly (readonly number[])[]) =>
  tensor(
    rows.map((row) => [...row]),
    { dtype },
  )
const numbers = (x: Tensor) => Array.from(x.dataSync())
const sigmaY = 0.5

/** A look whose Jᵀ is a matrix of choice, the same for each sample. α_t = 0.8, σ_t = 0.6. */
const lookWith = (transposed: readonly (readonly number[])[], x0hat: Tensor): Look => ({
  ...{ x: x0hat, t: 1, alpha: 0.8, sigma: 0.6, x0hat },
  pullback: (v) => v.matmul(matrixTranspose(of(transposed))),
})
const problem = { operator: denoise([2]), noise: gaussianNoise(sigmaY), y: of([[1, 3]]) }
const draws = { i: 0, s: 0, z: () => of([[0.4, -1.2]]).reshape([1, 1, 2]) }
const score = (J: readonly (readonly number[])[], options: MomentOptions, x0 = of([[0, 1]])) =>
  numbers(momentLikelihood(problem, options).score(lookWith(J, x0), draws).g)
const close = (got: readonly number[], wanted: readonly number[]) => {
  expect(got.length).toBe(wanted.length)
  wanted.forEach((v, i) => expect(got[i]).toBeCloseTo(v, 12))
}
const [c, s2] = [0.6 ** 2 / 0.8, sigmaY ** 2] // C = c·Jᵀ

describe('A C_t Aᵀ of a Jacobian that is not symmetric', () => {
  // r = (1, 2), Jᵀ = (2, 1; 0, 3).
  const J = [
    [2, 1],
    [0, 3],
  ]

  test('row sums', () => {
    const w = [1 / (3 * c + s2), 2 / (3 * c + s2)] as const
    close(score(J, { covariance: 'rows' }), [2 * w[0] + w[1], 3 * w[1]])
  })

  test('the diagonal by the signs (1, −1): v ⊙ Jᵀv = (1, 3)', () => {
    const w = [1 / (c + s2), 2 / (3 * c + s2)] as const
    close(score(J, { covariance: 'diagonal' }), [2 * w[0] + w[1], 3 * w[1]])
  })

  test('dense, by LU: (2c + σ_y², c; 0, 3c + σ_y²) w = r', () => {
    const second = 2 / (3 * c + s2)
    const first = (1 - c * second) / (2 * c + s2)
    close(score(J, { covariance: 'dense' }), [2 * first + second, 3 * second])
  })

  test('conjugate gradients after one iteration: w = r·(rᵀr)/(rᵀMr)', () => {
    const along = 5 / (c * (1 * (2 + 2) + 2 * 6) + 5 * s2)
    close(score(J, { iterations: 1 }), [along * (2 + 2), along * 6])
  })
})

test('what is negative on the diagonal counts as 0, so that guidance never turns from y', () => {
  const against = [
    [1, -4],
    [-4, 5],
  ]
  const wanted = (d0: number, d1: number) => {
    const w = [1 / (d0 + s2), 2 / (d1 + s2)] as const
    return [w[0] - 4 * w[1], -4 * w[0] + 5 * w[1]]
  }
  close(score(against, { covariance: 'rows' }), wanted(0, c))
  const apart = against.map((row, i) => row.map((v, j) => (i === j ? v : -v)))
  const signed = wanted(0, c).map((_, i) => {
    const w = [1 / s2, 2 / (c + s2)] as const
    return i === 0 ? w[0] + 4 * w[1] : 4 * w[0] + 5 * w[1]
  })
  close(score(apart, { covariance: 'diagonal' }), signed)
})

test('samples are apart: a batch is its singles, bit for bit', () => {
  const J = [
    [2, 1],
    [1, 3],
  ]
  const both = of([
    [0, 1],
    [-2, 0.5],
  ])
  for (const covariance of ['full', 'dense', 'rows'] as const) {
    const batch = score(J, { covariance }, both)
    for (const i of [0, 1])
      expect(score(J, { covariance }, both.slice([i, i + 1]))).toEqual(batch.slice(2 * i, 2 * i + 2))
  }
})

test('options out of range, and draws without a step, are refused', () => {
  const wrong = { covariance: 'toString' } as unknown as MomentOptions
  expect(() => momentLikelihood(problem, wrong)).toThrow('must be full | dense | rows | diagonal')
  expect(() => momentLikelihood(problem, { probes: 0 })).toThrow(OptionError)
  const still = { ...problem, operator: { ...problem.operator, differentiable: false } }
  expect(() => momentLikelihood(still)).toThrow('no gradient')
  const undrawn = momentLikelihood(problem, { covariance: 'diagonal' })
  expect(() => undrawn.score(lookWith([[1, 0], [0, 1]], of([[0, 1]])))).toThrow('must be told its step') // biome-ignore format: a matrix
})

describe('a dense solve', () => {
  test('of a singular matrix names the sample; of a wrong shape, the shapes', () => {
    const scaled = of([[1], [0]])
    expect(() => denseSolve((v) => v.mul(scaled), of([[1, 2], [3, 4]]))).toThrow(TweedieError) // biome-ignore format: a matrix
    expect(() => denseSolve((v) => v.mul(scaled), of([[1, 2], [3, 4]]))).toThrow('sample 1 is singular') // biome-ignore format: a matrix
    expect(() => denseSolve((v) => v.slice(null, [0, 1]), of([[1, 2]]))).toThrow(ShapeError)
  })
  test('keeps shape and element type', () => {
    const x = denseSolve((v) => v.mul(2), tensor([[[2], [4]]]))
    expect([x.shape, x.dtype, numbers(x)]).toEqual([[1, 2, 1], 'float32', [1, 2]])
  })
})

test('an operator at a point: linear ones as they are, others by both products', () => {
  const matrix = matrixOperator(of([[1, 2]]))
  const at = linearisedAt(matrix, of([[1, 1]]))
  expect([at.clean, at.forward(of([[2, 0]])), at.adjoint(of([[3]]))].map(numbers)).toEqual([[3], [2], [3, 6]])
  const square = { name: 'square', inShape: [2], outShape: [2], forward: (x: Tensor) => x.square() }
  const near = linearisedAt(square, of([[1, 3]]))
  for (const _ of [1, 2])
    expect([near.clean, near.forward(of([[1, 2]])), near.adjoint(of([[1, 1]]))].map(numbers)).toEqual([
      [1, 9],
      [2, 12],
      [2, 6],
    ])
  near.dispose()
})
