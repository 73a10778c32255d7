import { tensor } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { matrixOperator } from '../operators/index.ts'
import type { LinearOperator, Operator } from '../types.ts'
import { measuredScore } from './coupled.ts'

const float64 = { dtype: 'float64' } as const
const A = matrixOperator(tensor([[1, 2, 3]], float64))
const [x, y] = [tensor([[1, 1, 1]], float64), tensor([[8]], float64)]
const score = (seen: typeof y, clean: typeof y) => seen.sub(clean).mul(10)

test('the score of a linear measurement is Aᵀ of that of the noise, by its adjoint alone', () => {
  let asked = 0
  const adjoint: typeof A.adjoint = (v) => {
    asked++
    return A.adjoint(v)
  }
  // 10·(8 − 6)·(1, 2, 3)
  const counted: LinearOperator = { ...A, adjoint }
  expect([...measuredScore(counted, y, score)(x).dataSync()]).toEqual([20, 40, 60])
  expect(asked).toBe(1)
})

test('the score of another measurement goes back through it', () => {
  const { name, inShape, outShape } = A
  const squared: Operator = { name, inShape, outShape, forward: (at) => A.forward(at.square()) }
  expect([...measuredScore(squared, y, score)(x).dataSync()]).toEqual([40, 80, 120])
})
