import { Matrix } from 'ml-matrix'
import type { Spectrum } from './spread.ts'
import { solveSymmetric, symmetrised } from './spread.ts'

/** A component in the coordinates of the shared basis: covariance diag(λ) + F Fᵀ. */
export interface Factored {
  readonly weight: number
  /** n numbers. */
  readonly mean: Float64Array
  /** F, n×q. */
  readonly factor: Matrix
}

/** What Woodbury's identity makes of a component, all by q×q matrices. */
export interface Inverse {
  /** diag(1/λ)·F. */
  readonly pulled: Matrix
  /** (I + Fᵀ diag(1/λ) F)⁻¹. */
  readonly inner: Matrix
  /** log det(diag(λ) + F Fᵀ). */
  readonly logDeterminant: number
}

/** Of a component. */
export function inverseOf(values: Float64Array, factor: Matrix): Inverse {
  const pulled = factor.clone()
  for (let i = 0; i < pulled.rows; i++) pulled.mulRow(i, 1 / (values[i] ?? 1))
  const q = factor.columns
  const M = factor.transpose().mmul(pulled).add(Matrix.eye(q, q))
  const { solution: inner, logDeterminant } = solveSymmetric(symmetrised(M), Matrix.eye(q, q))
  const log = values.reduce((sum, value) => sum + Math.log(value), logDeterminant)
  return { pulled, inner, logDeterminant: log }
}

/** Qᵀx. */
export const turned = ({ vectors }: Spectrum, x: ArrayLike<number>): Float64Array =>
  vectors ? transposeTimes(vectors, x) : Float64Array.from(x)

/** Q c. */
export const turnedBack = ({ vectors }: Spectrum, c: Float64Array): Float64Array =>
  vectors ? times(vectors, c) : c

/** Q M Qᵀ. */
export const outOf = ({ vectors }: Spectrum, M: Matrix): Matrix =>
  vectors ? vectors.mmul(M).mmul(vectors.transpose()) : M

/** M v. */
export function times(M: Matrix, v: ArrayLike<number>): Float64Array {
  const out = new Float64Array(M.rows)
  for (let i = 0; i < M.rows; i++) {
    let sum = 0
    for (let j = 0; j < M.columns; j++) sum += M.get(i, j) * (v[j] ?? 0)
    out[i] = sum
  }
  return out
}

/** Mᵀ v. */
export function transposeTimes(M: Matrix, v: ArrayLike<number>): Float64Array {
  const out = new Float64Array(M.columns)
  for (let i = 0; i < M.rows; i++) {
    const factor = v[i] ?? 0
    for (let j = 0; j < M.columns; j++) out[j] = (out[j] ?? 0) + M.get(i, j) * factor
  }
  return out
}

/** aᵀb. */
export const dot = (a: Float64Array, b: ArrayLike<number>): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)
