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
export const denseSolve = (A: (v: Tensor) => Tensor, b: Tensor): Tensor =>
  byMatrix('denseSolve', A, b, solvedBy)

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
export const denseRoot = (C: (v: Tensor) => Tensor, z: Tensor): Tensor =>
  byMatrix('denseRoot', C, z, (matrix, values) => {
    const symmetric = Matrix.add(matrix, matrix.transpose()).div(2)
    const { realEigenvalues, eigenvectorMatrix: Q } = new EigenvalueDecomposition(symmetric, {
      assumeSymmetric: true,
    })
    const roots = Matrix.diag(realEigenvalues.map((value) => Math.sqrt(Math.max(value, 0))))
    return Q.mmul(roots)
      .mmul(Q.transpose())
      .mmul(Matrix.columnVector([...values]))
      .to1DArray()
  })

/** f of the matrix of A for each sample, built column by column, and of the sample of b. */
function byMatrix(
  op: string,
  A: (v: Tensor) => Tensor,
  b: Tensor,
  f: (matrix: Matrix, values: readonly number[], sample: number) => number[],
): Tensor {
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
  const values = b.dataSync()
  const all = new Float64Array(count * m)
  for (let n = 0; n < count; n++) {
    const matrix = new Matrix(m, m)
    columns.forEach((column, j) => {
      for (let i = 0; i < m; i++) matrix.set(i, j, column[n * m + i] ?? Number.NaN)
    })
    all.set(f(matrix, Array.from(values.slice(n * m, (n + 1) * m)), n), n * m)
  }
  return fromData(all, b.shape, like)
}

function solvedBy(matrix: Matrix, b: readonly number[], sample: number): number[] {
  try {
    return solve(matrix, Matrix.columnVector([...b])).to1DArray()
  } catch {
    throw new TweedieError(`denseSolve: the matrix of sample ${sample} is singular`)
  }
}
