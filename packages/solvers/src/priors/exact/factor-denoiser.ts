import type { Tensor } from '@tweedie/tensor'
import { fromData, matmul, softmax } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { constant } from '../../linalg/constant.ts'
import { batchOf } from '../../linalg/per-sample.ts'
import type { FactorMixture } from './factor-mixture.ts'
import { turned } from './factored.ts'
import { solveSymmetric } from './spread.ts'

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
  const basis = background.vectors && constant(rows(background.vectors), [n, n])
  const back = background.vectors && constant(rows(background.vectors.transpose()), [n, n])
  const centres = constant(centre, [1, n])
  const factors = factored.map(({ factor }) => rows(padded(factor, q)))
  const meanRows = constant(concatenated(means), [K, n])
  const meanColumns = constant(sideBySide(means, n, 1), [n, K])
  const factorColumns = constant(sideBySide(factors, n, q), [n, K * q])
  const factorRows = constant(
    concatenated(factored.map(({ factor }) => rows(padded(factor, q).transpose()))),
    [K * q, n],
  )

  return (x, alpha, sigma) => {
    const host = (data: Float64Array, shape: readonly number[]) =>
      fromData(data, shape, { dtype: x.dtype, device: x.device })
    const N = batchOf(x)
    const d = background.values.map((value) => alpha ** 2 * value + sigma ** 2)
    const parts = factors.map((F, k) => {
      const mean = means[k] ?? new Float64Array(n)
      const { inner, offset, square, logDeterminant } = within(F, mean, d, alpha, q)
      const weight = Math.log(law.components[k]?.weight ?? 0)
      return { inner, offset, constant: weight - (logDeterminant + square) / 2 }
    })
    const c = (basis ? matmul(x, basis(x)) : x).sub(centres(x).mul(alpha))
    const pulled = c.mul(
      host(
        d.map((value) => alpha / value),
        [1, n],
      ),
    )
    const b = matmul(pulled, factorColumns(x))
      .reshape([N, K, q])
      .sub(host(concatenated(parts.map((p) => p.offset)), [1, K, q]))
    const inner = host(concatenated(parts.map((p) => p.inner)), [K, q, q])
    const z = matmul(b.transpose([1, 0, 2]), inner).transpose([1, 0, 2]) // [N, K, q]
    const logits = matmul(pulled, meanColumns(x))
      .add(b.mul(z).sum(2).mul(0.5))
      .add(
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

/** M⁻¹ and log|M| of a component, α²Fᵀd⁻¹μ and α²μᵀd⁻¹μ; F n×q by rows. */
function within(F: Float64Array, mean: Float64Array, d: Float64Array, alpha: number, q: number) {
  const M = new Float64Array(q * q)
  const offset = new Float64Array(q)
  let square = 0
  d.forEach((value, i) => {
    const scale = alpha ** 2 / value
    const m = mean[i] ?? 0
    square += scale * m * m
    for (let j = 0; j < q; j++) {
      const scaled = (F[i * q + j] ?? 0) * scale
      offset[j] = (offset[j] ?? 0) + scaled * m
      for (let l = 0; l <= j; l++) M[j * q + l] = (M[j * q + l] ?? 0) + scaled * (F[i * q + l] ?? 0)
    }
  })
  const full = new Matrix(q, q)
  for (let j = 0; j < q; j++)
    for (let l = 0; l <= j; l++) {
      full.set(j, l, (M[j * q + l] ?? 0) + (j === l ? 1 : 0))
      full.set(l, j, full.get(j, l))
    }
  const { solution, logDeterminant } = solveSymmetric(full, Matrix.eye(q, q))
  return { inner: rows(solution), offset, square, logDeterminant }
}

const rows = (M: Matrix): Float64Array => Float64Array.from(M.to1DArray())

/** Matrices n×q by rows next to each other, by rows. */
function sideBySide(matrices: readonly Float64Array[], n: number, q: number): Float64Array {
  const out = new Float64Array(n * q * matrices.length)
  matrices.forEach((M, k) => {
    for (let i = 0; i < n; i++)
      for (let j = 0; j < q; j++) out[(i * matrices.length + k) * q + j] = M[i * q + j] ?? 0
  })
  return out
}

function concatenated(parts: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** M with columns of 0 up to q of them. */
const padded = (M: Matrix, q: number): Matrix => Matrix.zeros(M.rows, q).setSubMatrix(M, 0, 0)
