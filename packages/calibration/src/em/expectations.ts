import type { Tensor } from '@tweedie/tensor'
import { fromData, logSumExp, matmul, scope, softmax } from '@tweedie/tensor'
import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import type { Points } from '../points.ts'
import type { ComponentSums, FactorFit, FactorModel } from './model.ts'

/** What the E step finds. */
export interface Expectations {
  readonly sums: readonly ComponentSums[]
  /** Σ log p(x). */
  readonly logLikelihood: number
  /** tr Ψ⁻¹. */
  readonly tracePrecision: number
}

/**
 * The E step of {@link fitFactorMixture}. With R_k = Ψ⁻¹W_k, M_k = I + W_kᵀR_k and b = R_kᵀ(x − μ_k): E[z | x, k] = M_k⁻¹b,
 * Cov[z | x, k] = M_k⁻¹, and log p(x | k) is xᵀΨ⁻¹μ_k − ½μ_kᵀΨ⁻¹μ_k + ½bᵀM_k⁻¹b − ½log|M_k| beside what all components
 * share, whose sum over points needs the scatter Σxxᵀ alone.
 */
export function expectations(
  points: Points,
  scatter: Matrix,
  model: FactorModel,
  { batch = 2500, dtype = 'float32' }: Pick<FactorFit, 'batch' | 'dtype'>,
): Expectations {
  const { count, dimension: n } = points
  const K = model.weights.length
  const q = model.factors[0]?.columns ?? 0
  const { inverse: precision, logDeterminant } = inverseOf(model.background)
  const parts = model.factors.map((W, k) => {
    const R = precision.mmul(W)
    const { inverse: inner, logDeterminant: log } = inverseOf(W.transpose().mmul(R).add(Matrix.eye(q, q)))
    const mean = Matrix.columnVector(Array.from(model.means[k] ?? []))
    const pulled = precision.mmul(mean)
    const constant = Math.log(model.weights[k] ?? 0) - (log + mean.dot(pulled)) / 2
    return { R, inner, pulled, constant, offset: mean.transpose().mmul(R) }
  })
  const host = (data: readonly number[], shape: readonly number[]) =>
    fromData(Float64Array.from(data), shape, { dtype })
  const columns = (of: readonly Matrix[]) =>
    of.reduce((all, M) =>
      Matrix.zeros(n, all.columns + M.columns)
        .setSubMatrix(all, 0, 0)
        .setSubMatrix(M, 0, all.columns),
    )

  using R = host(columns(parts.map((p) => p.R)).to1DArray(), [n, K * q])
  using offset = host(
    parts.flatMap((p) => p.offset.to1DArray()),
    [1, K, q],
  )
  using inner = host(
    parts.flatMap((p) => p.inner.to1DArray()),
    [K, q, q],
  )
  using linear = host(columns(parts.map((p) => p.pulled)).to1DArray(), [n, K])
  using constants = host(
    parts.map((p) => p.constant),
    [1, K],
  )

  const counts = new Float64Array(K)
  const points1 = new Float64Array(n * K)
  const cross = new Float64Array(n * K * q)
  const factors = new Float64Array(K * q)
  const squares = new Float64Array(K * q * q)
  let total = 0
  for (let from = 0; from < count; from += batch) {
    const N = Math.min(batch, count - from)
    const found = scope(() => {
      const x = fromData(points.values.subarray(from * n, (from + N) * n), [N, n], { dtype })
      const b = matmul(x, R).reshape([N, K, q]).sub(offset)
      const z = matmul(b.transpose([1, 0, 2]), inner) // [K, N, q]
      const logits = matmul(x, linear)
        .add(b.transpose([1, 0, 2]).mul(z).sum(2).transpose([1, 0]).mul(0.5))
        .add(constants)
      const r = softmax(logits, 1)
      const weighted = z.mul(r.transpose([1, 0]).reshape([K, N, 1]))
      const xt = x.transpose([1, 0])
      return {
        log: read(logSumExp(logits, 1)),
        counts: read(r.sum(0)),
        points: read(matmul(xt, r)),
        cross: read(matmul(xt, weighted.transpose([1, 0, 2]).reshape([N, K * q]))),
        factors: read(weighted.sum(1)),
        squares: read(matmul(z.transpose([0, 2, 1]), weighted)),
      }
    })
    total += found.log.reduce((sum, value) => sum + value, 0)
    add(counts, found.counts)
    add(points1, found.points)
    add(cross, found.cross)
    add(factors, found.factors)
    add(squares, found.squares)
  }

  const sums = parts.map((part, k): ComponentSums => {
    const inside = Matrix.mul(part.inner, counts[k] ?? 0).add(
      Matrix.from1DArray(q, q, Array.from(squares.subarray(k * q * q, (k + 1) * q * q))),
    )
    const mean = Array.from(factors.subarray(k * q, (k + 1) * q))
    const augmented = Matrix.zeros(q + 1, q + 1).setSubMatrix(symmetrised(inside), 0, 0)
    mean.forEach((value, j) => {
      augmented.set(j, q, value)
      augmented.set(q, j, value)
    })
    augmented.set(q, q, counts[k] ?? 0)
    const across = new Matrix(n, q + 1)
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < q; j++) across.set(i, j, cross[i * K * q + k * q + j] ?? 0)
      across.set(i, q, points1[i * K + k] ?? 0)
    }
    return { count: counts[k] ?? 0, cross: across, inner: augmented }
  })
  const shared = count * (n * Math.log(2 * Math.PI) + logDeterminant) + Matrix.mul(scatter, precision).sum()
  return { sums, logLikelihood: total - shared / 2, tracePrecision: precision.trace() }
}

const read = (x: Tensor): Float64Array => Float64Array.from(x.dataSync(), Number)

function add(sum: Float64Array, values: Float64Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (values[i] ?? 0)
}

const symmetrised = (M: Matrix): Matrix => Matrix.add(M, M.transpose()).mul(0.5)

/** The inverse of a positive definite matrix and the logarithm of its determinant. */
export function inverseOf(M: Matrix): { inverse: Matrix; logDeterminant: number } {
  const cholesky = new CholeskyDecomposition(symmetrised(M))
  const log = cholesky.lowerTriangularMatrix.diag().reduce((sum, d) => sum + Math.log(d), 0)
  return { inverse: symmetrised(cholesky.solve(Matrix.eye(M.rows, M.rows))), logDeterminant: 2 * log }
}
