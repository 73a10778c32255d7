import { OptionError } from '@tweedie/tensor'
import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from 'ml-matrix'

/** A covariance: one variance for all coordinates, one for each, or a full symmetric matrix. */
export type Covariance = number | ArrayLike<number> | readonly (readonly number[])[] | Matrix

/** Σ = Q diag(values) Qᵀ; `vectors` (the columns of Q) is absent where Q = I. */
export interface Spectrum {
  readonly values: Float64Array
  readonly vectors: Matrix | undefined
}

/**
 * The n×n matrix of a covariance.
 * @throws {OptionError} where it is not of n rows, not symmetric, or has a negative variance.
 */
export function covarianceMatrix(covariance: Covariance, n: number): Matrix {
  const matrix = asMatrix(covariance, n)
  if (matrix.rows !== n || matrix.columns !== n) {
    throw new OptionError('covariance', `must be ${n}×${n}, got ${matrix.rows}×${matrix.columns}`)
  }
  for (let i = 0; i < n; i++) {
    if (!(matrix.get(i, i) >= 0)) throw new OptionError('covariance', `variance ${i} is ${matrix.get(i, i)}`)
    for (let j = 0; j < i; j++) {
      const gap = Math.abs(matrix.get(i, j) - matrix.get(j, i))
      if (!(gap <= 1e-9 * Math.sqrt(matrix.get(i, i) * matrix.get(j, j)) + 1e-300)) {
        throw new OptionError('covariance', `must be symmetric, but entries (${i}, ${j}) differ by ${gap}`)
      }
    }
  }
  return matrix
}

function asMatrix(covariance: Covariance, n: number): Matrix {
  if (typeof covariance === 'number') return Matrix.eye(n, n, covariance)
  if (Matrix.isMatrix(covariance)) return covariance
  const entries = Array.from<number | readonly number[]>(covariance)
  if (typeof entries[0] !== 'number') return new Matrix(entries.filter((row) => typeof row !== 'number'))
  if (entries.length !== n) throw new OptionError('covariance', `needs ${n} variances, got ${entries.length}`)
  return Matrix.diag(entries.filter((variance) => typeof variance === 'number'))
}

const spectra = new WeakMap<Matrix, Spectrum>()

/** The eigenvalues and vectors of a covariance, worked out once; values below 0 by rounding are 0. */
export function spectrumOf(matrix: Matrix): Spectrum {
  const known = spectra.get(matrix)
  if (known !== undefined) return known
  const spectrum = isDiagonal(matrix)
    ? { values: Float64Array.from(matrix.diag()), vectors: undefined }
    : decompose(matrix)
  spectra.set(matrix, spectrum)
  return spectrum
}

function decompose(matrix: Matrix): Spectrum {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true,
  })
  const top = Math.max(...realEigenvalues.map(Math.abs))
  const values = Float64Array.from(realEigenvalues, (value) => {
    if (value < -1e-9 * top) throw new OptionError('covariance', `has the negative eigenvalue ${value}`)
    return Math.max(value, 0)
  })
  return { values, vectors: eigenvectorMatrix }
}

function isDiagonal(matrix: Matrix): boolean {
  for (let i = 0; i < matrix.rows; i++) {
    for (let j = 0; j < i; j++) if (matrix.get(i, j) !== 0 || matrix.get(j, i) !== 0) return false
  }
  return true
}

/**
 * A⁻¹B and log det A of a symmetric positive definite A.
 * @throws {OptionError} where A is not positive definite.
 */
export function solveSymmetric(A: Matrix, B: Matrix): { solution: Matrix; logDeterminant: number } {
  const cholesky = new CholeskyDecomposition(A)
  if (!cholesky.isPositiveDefinite()) {
    throw new OptionError(
      'sigma',
      'the law of y is degenerate: give a σ_y above 0, or drop redundant measurements',
    )
  }
  const L = cholesky.lowerTriangularMatrix
  const logDeterminant = 2 * L.diag().reduce((total, d) => total + Math.log(d), 0)
  return { solution: cholesky.solve(B), logDeterminant }
}

/** (M + Mᵀ)/2. */
export const symmetrised = (M: Matrix): Matrix => Matrix.add(M, M.transpose()).mul(0.5)
