import type { Tensor } from '@tweedie/tensor'
import { fromData, ShapeError, sameShape, scope, TweedieError } from '@tweedie/tensor'
import { EigenvalueDecomposition, Matrix, solve } from 'ml-matrix'
import { batchOf, sampleSize } from './per-sample.ts'

/**
 * Solves A·x = b for each sample of a batch by its m×m matrix, built of m applications of A, and LU on the host in double
 * precision. For small m, and for an A that need not be symmetric or positive, where `conjugateGradient` may break down.
 *
 * @param A - v ↦ A·v on batches [N, …shape], linear, samples apart.
 * @param b - [N, …shape] of m elements each.
 * @throws {TweedieError} where the matrix of a sample is singular.
 * @throws {ShapeError} where A·v is not shaped like b.
 * @example
 * ```ts
 * import { denseSolve } from '@tweedie/solvers'
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * const matrix = tensor([[0, 2], [1, 0]], { dtype: 'float64' })
 * denseSolve((v: Tensor) => v.matmul(matrix), tensor([[3, 4]], { dtype: 'float64' })).dataSync() // => [2, 3]
 * ```
 */
export function denseSolve(A: (v: Tensor) => Tensor, b: Tensor): Tensor {
  const matrices = matricesOf('denseSolve', A, b)
  return perSampleOf(b, (column, n) => solvedBy(matrices[n] ?? Matrix.zeros(0, 0), column, n))
}

/**
 * C^½·z for each sample of a batch, C symmetric and positive semidefinite, by its matrix, built of m applications of C, and its
 * eigenvalues on the host in double precision: of covariance C where z ~ N(0, I). For small m. Of a C that is not symmetric
 * the symmetric part is taken, and of that what is not negative.
 *
 * @param C - v ↦ C·v on batches [N, …shape], linear, samples apart.
 * @param z - [N, …shape] of m elements each.
 * @throws {ShapeError} where C·v is not shaped like z.
 * @example
 * ```ts
 * import { denseRoot } from '@tweedie/solvers'
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * denseRoot((v: Tensor) => v.mul(4), tensor([[1, 3]], { dtype: 'float64' })).dataSync() // ≈ [2, 6]
 * ```
 */
export const denseRoot = (C: (v: Tensor) => Tensor, z: Tensor): Tensor => denseSymmetric(C, z).root(z)

/** Functions of a covariance C, any number of times. */
export interface DenseSymmetric {
  /** v ↦ C^½·v. */
  root(v: Tensor): Tensor
  /** v ↦ C⁻¹·v. @throws {TweedieError} where C of a sample is not positive definite. */
  inverse(v: Tensor): Tensor
}

/**
 * C^½ and C⁻¹ of each sample of a batch, by one decomposition: as {@link denseRoot}.
 *
 * @param like - [N, …shape] of m elements each.
 * @throws {ShapeError} where C·v is not shaped like it.
 * @example
 * ```ts
 * import { denseSymmetric } from '@tweedie/solvers'
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * const v = tensor([[1, 3]], { dtype: 'float64' })
 * denseSymmetric((v: Tensor) => v.mul(4), v).inverse(v).dataSync() // ≈ [0.25, 0.75]
 * ```
 */
export function denseSymmetric(C: (v: Tensor) => Tensor, like: Tensor): DenseSymmetric {
  const decomposed = matricesOf('denseSymmetric', C, like).map((matrix) => {
    const symmetric = Matrix.add(matrix, matrix.transpose()).div(2)
    return new EigenvalueDecomposition(symmetric, { assumeSymmetric: true })
  })
  const by = (f: (eigenvalue: number, sample: number) => number) =>
    decomposed.map(({ realEigenvalues, eigenvectorMatrix: Q }, n) =>
      Q.mmul(Matrix.diag(realEigenvalues.map((value) => f(value, n)))).mmul(Q.transpose()),
    )
  const times = (matrices: readonly Matrix[], v: Tensor) =>
    perSampleOf(v, (column, n) => (matrices[n] ?? Matrix.zeros(0, 0)).mmul(column).to1DArray())
  let inverses: readonly Matrix[] | undefined
  let roots: readonly Matrix[] | undefined
  return {
    root: (v) => {
      roots ??= by((value) => Math.sqrt(Math.max(value, 0)))
      return times(roots, v)
    },
    inverse: (v) => {
      inverses ??= by((value, n) => {
        if (value > 0) return 1 / value
        throw new TweedieError(
          `denseSymmetric: an eigenvalue of sample ${n} is ${value}; there is an inverse where all are above 0`,
        )
      })
      return times(inverses, v)
    },
  }
}

/** The matrix of A for each sample, built column by column. */
function matricesOf(op: string, A: (v: Tensor) => Tensor, b: Tensor): Matrix[] {
  const [count, m] = [batchOf(b), sampleSize(b)]
  const like = { dtype: b.dtype, device: b.device }
  const columns = Array.from({ length: m }, (_, j) =>
    scope(() => {
      const unit = Float64Array.from({ length: count * m }, (_, k) => (k % m === j ? 1 : 0))
      const image = A(fromData(unit, b.shape, like))
      if (!sameShape(image.shape, b.shape))
        throw new ShapeError(op, 'A·v must have the shape of v', [image.shape, b.shape])
      return image.dataSync()
    }),
  )
  return Array.from({ length: count }, (_, n) => {
    const matrix = new Matrix(m, m)
    columns.forEach((column, j) => {
      for (let i = 0; i < m; i++) matrix.set(i, j, column[n * m + i] ?? Number.NaN)
    })
    return matrix
  })
}

/** f of each sample as a column. */
function perSampleOf(b: Tensor, f: (column: Matrix, sample: number) => number[]): Tensor {
  const [count, m] = [batchOf(b), sampleSize(b)]
  const values = b.dataSync()
  const all = new Float64Array(count * m)
  for (let n = 0; n < count; n++)
    all.set(f(Matrix.columnVector(Array.from(values.slice(n * m, (n + 1) * m))), n), n * m)
  return fromData(all, b.shape, { dtype: b.dtype, device: b.device })
}

function solvedBy(matrix: Matrix, b: Matrix, sample: number): number[] {
  try {
    return solve(matrix, b).to1DArray()
  } catch {
    throw new TweedieError(`denseSolve: the matrix of sample ${sample} is singular`)
  }
}
