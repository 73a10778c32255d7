import type { Tensor } from '@tweedie/tensor'
import { fromData, matmul, softmax } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { constant } from '../../linalg/constant.ts'
import { batchOf } from '../../linalg/per-sample.ts'
import type { FactorMixture } from './factor-mixture.ts'
import { dot, inverseOf, transposeTimes, turned } from './factored.ts'

/**
 * (x [N, n], α, σ) ↦ E[x₀ | α·x₀ + σ·ε = x] under a mixture of factor analysers, of differentiable ops. In the basis of Ψ,
 * about the mean m of the mixture, with d = α²λ + σ², c = Qᵀx − αm and M_k = I + α²F_kᵀd⁻¹F_k:
 *
 *     z_k = αM_k⁻¹F_kᵀd⁻¹(c − αμ_k),   E = m + Σ_k r_k (σ²/d·(μ_k + F_k z_k)) + αλ/d·c,
 *
 * two products with K·q columns each: no matrix of a component is ever made. The responsibilities r_k are a softmax of
 * log w_k − ½log|M_k| + αcᵀd⁻¹μ_k − ½α²μ_kᵀd⁻¹μ_k + ½b_kᵀM_k⁻¹b_k, b_k = αF_kᵀd⁻¹(c − αμ_k).
 */
export function factorDenoiser(law: FactorMixture): (x: Tensor, alpha: number, sigma: number) => Tensor {
  const { background, factored } = law
  const n = law.dimension
  const K = factored.length
  const q = Math.max(1, ...factored.map(({ factor }) => factor.columns))
  const centre = turned(background, law.mean())
  const means = factored.map(({ mean }) => mean.map((m, i) => m - (centre[i] ?? 0)))
  const basis = background.vectors && constant(Float64Array.from(background.vectors.to1DArray()), [n, n])
  const back = background.vectors && constant(rows(background.vectors.transpose()), [n, n])
  const centres = constant(centre, [1, n])
  const meanRows = constant(Float64Array.from(means.flatMap((mean) => Array.from(mean))), [K, n])
  const factors = factored.map(({ factor }) => padded(factor, q))
  const factorRows = constant(Float64Array.from(factors.flatMap((F) => F.transpose().to1DArray())), [
    K * q,
    n,
  ])

  return (x, alpha, sigma) => {
    const like = { dtype: x.dtype, device: x.device }
    const N = batchOf(x)
    const host = (data: Float64Array, shape: readonly number[]) => fromData(data, shape, like)
    const d = background.values.map((value) => alpha ** 2 * value + sigma ** 2)
    const parts = factors.map((F, k) => {
      const { pulled, inner, logDeterminant } = inverseOf(d, Matrix.mul(F, alpha))
      const mean = means[k] ?? new Float64Array(n)
      const pulledMean = mean.map((m, i) => (alpha * m) / (d[i] ?? 1))
      return {
        pulled,
        inner,
        pulledMean,
        offset: transposeTimes(pulled, mean).map((value) => alpha * value),
        constant:
          Math.log(law.components[k]?.weight ?? 0) - (logDeterminant + alpha * dot(mean, pulledMean)) / 2,
      }
    })
    const c = (basis ? matmul(x, basis(x)) : x).sub(centres(x).mul(alpha))
    const b = matmul(
      c,
      host(
        sideBySide(
          parts.map(({ pulled }) => pulled),
          n,
          q,
        ),
        [n, K * q],
      ),
    )
      .reshape([N, K, q])
      .sub(host(concatenated(parts.map((p) => p.offset)), [1, K, q]))
    const inner = host(concatenated(parts.map((p) => rows(p.inner))), [K, q, q])
    const z = matmul(b.transpose([1, 0, 2]), inner).transpose([1, 0, 2]) // [N, K, q]
    const linear = matmul(
      c,
      host(
        columnsOf(
          parts.map((p) => p.pulledMean),
          n,
        ),
        [n, K],
      ),
    )
    const logits = linear.add(b.mul(z).sum(2).mul(0.5)).add(
      host(
        Float64Array.from(parts, (p) => p.constant),
        [1, K],
      ),
    )
    const r = softmax(logits, 1)
    const own = matmul(r, meanRows(x)).add(
      matmul(z.mul(r.reshape([N, K, 1])).reshape([N, K * q]), factorRows(x)),
    )
    const share = host(
      d.map((value) => sigma ** 2 / value),
      [1, n],
    )
    const gain = host(
      d.map((value, i) => (alpha * (background.values[i] ?? 0)) / value),
      [1, n],
    )
    const expected = own.mul(share).add(c.mul(gain)).add(centres(x))
    return back ? matmul(expected, back(x)) : expected
  }
}

const rows = (M: Matrix): Float64Array => Float64Array.from(M.to1DArray())

/** Matrices n×q next to each other, row-major. */
function sideBySide(matrices: readonly Matrix[], n: number, q: number): Float64Array {
  const out = new Float64Array(n * q * matrices.length)
  matrices.forEach((M, k) => {
    for (let i = 0; i < n; i++)
      for (let j = 0; j < q; j++) out[(i * matrices.length + k) * q + j] = M.get(i, j)
  })
  return out
}

const concatenated = (parts: readonly Float64Array[]): Float64Array =>
  Float64Array.from(parts.flatMap((part) => Array.from(part)))

/** Vectors as the columns of a matrix, row-major. */
const columnsOf = (vectors: readonly Float64Array[], n: number): Float64Array =>
  Float64Array.from({ length: n * vectors.length }, (_, i) =>
    Number(vectors[i % vectors.length]?.[Math.floor(i / vectors.length)]),
  )

/** M with columns of 0 up to q of them. */
const padded = (M: Matrix, q: number): Matrix => Matrix.zeros(M.rows, q).setSubMatrix(M, 0, 0)
