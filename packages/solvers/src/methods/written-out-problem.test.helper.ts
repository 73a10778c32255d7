// One problem for all the written-out tests: a nonlinear denoiser, an operator by its decomposition, four schedules
// in the package's form and in plain numbers, and the draws of a run.
import type { Tensor } from '@tweedie/tensor'
import { matmul, tanh, tensor } from '@tweedie/tensor'
import { expect } from 'vitest'
import { gaussianNoise } from '../noise/index.ts'
import { noiseStreams } from '../run/index.ts'
import { ve, vpCosine, vpLinear } from '../schedules/index.ts'
import type { LinearOperator, Prior, Problem } from '../types.ts'
import type { Decomposition, Levels, Network, Rows, Vector } from './written-out.test.helper.ts'
import {
  cosineBetas,
  linearBetas,
  matrixOf,
  plus,
  times,
  transposed,
  varianceExploding,
  variancePreserving,
} from './written-out.test.helper.ts'

export const float64 = { dtype: 'float64' } as const
export const n = 4
export const list = (x: Tensor): number[] => Array.from(x.dataSync())
export const rows = (M: Rows): Tensor =>
  tensor(
    M.map((row) => [...row]),
    float64,
  )

export const network: Network = {
  W: [
    [0.7, -0.3, 0.2, 0],
    [0.4, 0.5, 0, -0.6],
    [0, 0.3, -0.8, 0.1],
    [-0.2, 0.1, 0.3, 0.9],
  ],
  b: [0.1, -0.2, 0.3, 0],
  scale: (t) => 1.2 - 0.0004 * t,
}

/** The rotation by one angle in the plane of axes i and j, and products of such. */
export const rotation = (size: number, i: number, j: number, angle: number): number[][] =>
  Array.from({ length: size }, (_, r) =>
    Array.from({ length: size }, (_, c) => {
      if (r === c && (r === i || r === j)) return Math.cos(angle)
      if (r === i && c === j) return -Math.sin(angle)
      if (r === j && c === i) return Math.sin(angle)
      return r === c ? 1 : 0
    }),
  )
export const product = (A: Rows, B: Rows): number[][] => A.map((row) => times(transposed(B), row))
export const U = product(rotation(3, 0, 1, 0.7), rotation(3, 1, 2, -1.1))
export const V = product(product(rotation(4, 0, 1, 0.4), rotation(4, 2, 3, 1.3)), rotation(4, 1, 2, -0.8))

/** An operator with exactly this decomposition, coordinates and signs included. */
export function operatorOf(decomposition: Decomposition): LinearOperator {
  const { U, s, V } = decomposition
  const A = matrixOf(decomposition)
  const apply = (M: Rows) => (x: Tensor) => matmul(x, rows(transposed(M)))
  const wide = U.map((row) => Array.from({ length: n }, (_, k) => row[k] ?? 0)) // m×n: the fourth sees nothing
  return {
    name: 'decomposed',
    inShape: [n],
    outShape: [U.length],
    forward: apply(A),
    adjoint: apply(transposed(A)),
    svd: () => ({
      singularValues: Float64Array.from({ length: n }, (_, k) => s[k] ?? 0),
      vt: apply(transposed(V)),
      v: apply(V),
      ut: apply(transposed(wide)),
      u: apply(wide),
    }),
  }
}

/** A⁺ of a decomposition, as a matrix: V Σ⁺ Uᵀ. */
export const inverseOf = ({ U, s, V }: Decomposition): number[][] =>
  V.map((row) =>
    U.map((column) => row.reduce((sum, v, k) => sum + ((s[k] ?? 0) === 0 ? 0 : (v / s[k]!) * column[k]!), 0)),
  )

/** The operator of a decomposition, with its A⁺. */
export function invertibleOf(
  of: Decomposition,
): LinearOperator & { pinv: NonNullable<LinearOperator['pinv']> } {
  const inverse = rows(transposed(inverseOf(of)))
  return { ...operatorOf(of), pinv: (y) => matmul(y, inverse) }
}

export const decomposition: Decomposition = { U, s: [2, 0.7, 0], V }
export const A = matrixOf(decomposition)
export const truth = [0.8, -0.5, 0.3, 1.1]
export const y = plus([1, times(A, truth)], [1, [0.05, -0.1, 0.02]])
export const problemOf = (sigmaY: number, of = decomposition): Problem<LinearOperator> => ({
  operator: operatorOf(of),
  noise: gaussianNoise(sigmaY),
  y: tensor([y], float64),
})

export const schedules = {
  linear: [vpLinear(), variancePreserving(linearBetas(1000))],
  'linear of 50': [vpLinear({ T: 50 }), variancePreserving(linearBetas(50))],
  cosine: [vpCosine({ T: 200 }), variancePreserving(cosineBetas(200))],
  ve: [ve({ sigmaMax: 20 }), varianceExploding],
} as const satisfies Record<string, readonly [Prior['schedule'], Levels]>
export type Name = keyof typeof schedules
export const names = Object.keys(schedules) as Name[]
export const priorOn = (name: Name): Prior => ({
  name: 'written out',
  shape: [n],
  schedule: schedules[name][0],
  denoise: (x, t) =>
    tanh(matmul(x, rows(transposed(network.W))).add(tensor([[...network.b]], float64))).mul(network.scale(t)),
})

export const seed = 11
export const firstSample = 6
export const streams = noiseStreams({ seed, firstSample, count: 1, dtype: 'float64' })
/** The draw of a step for a purpose. */
export const drawn = (i: number, name: string): number[] => list(streams.normal(i, name, [n]))

/** Equal to 1e-9 of the larger of 1 and the largest number. */
export function close(ours: ArrayLike<number>, expected: Vector, what: string): void {
  const size = Math.max(1, ...expected.map(Math.abs))
  expect(ours.length, what).toBe(expected.length)
  expected.forEach((value, i) => {
    expect(Math.abs(ours[i]! - value) / size, `${what}, element ${i}: ${ours[i]} for ${value}`).toBeLessThan(
      1e-9,
    )
  })
}
