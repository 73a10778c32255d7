import type { Tensor } from '@tweedie/tensor'
import { fromData, matmul, softmax } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { constant } from '../../linalg/constant.ts'
import type { Mixture } from './mixture.ts'
import type { Spectrum } from './spread.ts'
import { spectrumOf } from './spread.ts'

/** Eigenvalues this near, relative to the one that most have, are that one. */
const same = 1e-12

/**
 * (x [N, n], α, σ) ↦ E[x₀ | α·x₀ + σ·ε = x] of a mixture whose components share a covariance Σ, by products of matrices: K·n
 * multiplications a sample, where the differences x − αμ_k take several passes over K·n numbers. With D = α²Σ + σ²I the terms of
 * the log responsibilities that are quadratic in x are common to all components:
 *
 *     ℓ_k = log w_k + α·xᵀD⁻¹μ_k − α²·μ_kᵀD⁻¹μ_k/2,     E[x₀ | x] = αΣD⁻¹x + Σ_k softmax(ℓ)_k·σ²D⁻¹μ_k.
 *
 * x and μ_k are counted from the middle of the means. A function of Σ is f(λ₀)·I + V·diag(f(λ) − f(λ₀))·Vᵀ, λ₀ the eigenvalue that
 * most directions have, V the others: of a posterior given m numbers, m columns. Meant for double precision: the products lose what
 * the differences do not.
 */
export function denoiserByProducts(law: Mixture): (x: Tensor, alpha: number, sigma: number) => Tensor {
  const [n, K] = [law.dimension, law.components.length]
  const { columns, values, most } = otherDirections(spectrumOf(law.components[0]!.covariance), n)
  const m = values.length
  const middle = Float64Array.from({ length: n }, (_, i) =>
    law.components.reduce((sum, { mean }) => sum + mean[i]! / K, 0),
  )
  const means = new Matrix(law.components.map(({ mean }) => Array.from(mean, (v, i) => v - middle[i]!))) // K×n
  const within = m === 0 ? undefined : means.mmul(columns) // K×m: Vᵀμ_k
  const logWeights = law.components.map(({ weight }) => Math.log(weight))
  const origin = constant(middle, [1, n])
  const V = constant(Float64Array.from(columns.to1DArray()), [n, m])
  const Vt = constant(Float64Array.from(columns.transpose().to1DArray()), [m, n])
  /** f(Σ)μ_k, K×n. */
  const ofMeans = (f: (lambda: number) => number): Matrix => {
    const scaled = Matrix.mul(means, f(most))
    if (within === undefined) return scaled
    const shares = within.clone().mulRowVector(values.map((lambda) => f(lambda) - f(most)))
    return scaled.add(shares.mmul(columns.transpose()))
  }

  return (x, alpha, sigma) => {
    const like = { dtype: x.dtype, device: x.device }
    const onDevice = (rows: Matrix) =>
      fromData(Float64Array.from(rows.to1DArray()), [rows.rows, rows.columns], like)
    const d = (lambda: number) => alpha ** 2 * lambda + sigma ** 2
    const gain = (lambda: number) => (alpha * lambda) / d(lambda)
    const pulled = ofMeans((lambda) => alpha / d(lambda)) // αD⁻¹μ_k
    const constants = logWeights.map(
      (log, k) => log - (alpha / 2) * pulled.getRowVector(k).dot(means.getRowVector(k)),
    )
    const centred = x.sub(origin(x).mul(alpha))
    const logits = matmul(centred, onDevice(pulled.transpose())).add(
      fromData(Float64Array.from(constants), [1, K], like),
    )
    const between = matmul(softmax(logits, 1), onDevice(ofMeans((lambda) => sigma ** 2 / d(lambda))))
    const straight = centred.mul(gain(most)).add(between).add(origin(x))
    if (m === 0) return straight
    const others = fromData(
      Float64Array.from(values, (lambda) => gain(lambda) - gain(most)),
      [1, m],
      like,
    )
    return straight.add(matmul(matmul(centred, V(x)).mul(others), Vt(x)))
  }
}

/** The eigenvalue that most directions have, and the directions that have another, n×m with their eigenvalues. */
function otherDirections({ values, vectors }: Spectrum, n: number) {
  const sorted = Float64Array.from(values).sort()
  const near = (a: number, b: number) => Math.abs(a - b) <= same * Math.abs(b)
  const counts = Array.from(sorted, (value) => sorted.filter((other) => near(other, value)).length)
  const most = sorted[counts.indexOf(Math.max(...counts))]!
  const others = Array.from(values, (_, i) => i).filter((i) => !near(values[i]!, most))
  const all = vectors ?? Matrix.eye(n, n)
  return { most, values: others.map((i) => values[i]!), columns: all.subMatrixColumn(others) }
}
