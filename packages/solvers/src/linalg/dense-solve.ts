import type { Tensor } from '@tweedie/tensor'
import { fromData, ShapeError, sameShape, scope, TweedieError } from '@tweedie/tensor'
import { Matrix, solve } from 'ml-matrix'
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
  const [count, m] = [batchOf(b), sampleSize(b)]
  const like = { dtype: b.dtype, device: b.device }
  const columns = Array.from({ length: m }, (_, j) =>
    scope(() => {
      const unit = Float64Array.from({ length: count * m }, (_, k) => (k % m === j ? 1 : 0))
      const image = A(fromData(unit, b.shape, like))
      if (!sameShape(image.shape, b.shape))
        throw new ShapeError('denseSolve', 'A·v must have the shape of b', [image.shape, b.shape])
      return image.dataSync()
    }),
  )
  const rhs = b.dataSync()
  const solved = new Float64Array(count * m)
  for (let n = 0; n < count; n++) {
    const matrix = new Matrix(m, m)
    columns.forEach((column, j) => {
      for (let i = 0; i < m; i++) matrix.set(i, j, column[n * m + i] ?? Number.NaN)
    })
    solved.set(solvedBy(matrix, Array.from(rhs.slice(n * m, (n + 1) * m)), n), n * m)
  }
  return fromData(solved, b.shape, like)
}

function solvedBy(matrix: Matrix, b: readonly number[], sample: number): number[] {
  try {
    return solve(matrix, Matrix.columnVector([...b])).to1DArray()
  } catch {
    throw new TweedieError(`denseSolve: the matrix of sample ${sample} is singular`)
  }
}
