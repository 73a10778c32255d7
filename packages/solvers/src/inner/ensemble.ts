import type { Tensor } from '@tweedie/tensor'
import { matmul, maximum, ShapeError } from '@tweedie/tensor'

/** What {@link ensembleGuidance} made of an ensemble. */
export interface EnsembleMove {
  /** The ensemble after it, [N·J, …shape]. */
  readonly x: Tensor
  /** ‖C‖_F of each sample, [N]. */
  readonly norm: Tensor
}

/**
 * A step of an ensemble down ½‖y − G(x)‖² without a gradient of G (EnKG; Zheng et al., arXiv 2409.20175, Algorithm 1): with
 * the J particles of a sample, y_j = G(x_j),
 *
 *     C_ij = ⟨y_i − y, y_j − ȳ⟩/J,     x_i ← x_i − (w/‖C‖_F)·Σ_j C_ij·(x_j − x̄).
 *
 * Σ_j C_ij·(x_j − x̄) is Ĉ_xy·(y_i − y) with the covariance Ĉ_xy of the ensemble: for linear G it tends to C_xx·Gᵀ(G x_i − y),
 * the gradient preconditioned by the covariance of the particles, as J^−½. It moves particles within their own span, and those
 * that differ in nothing not at all. Nothing of it knows the noise: repeated it ends at the data.
 *
 * Of a Gaussian N(m, C₀) and small steps of h = w/‖C‖_F in all of length τ, the covariance becomes (C₀⁻¹ + 2τ·GᵀG)⁻¹, which is
 * Kalman's for noise of variance 1/(2τ); the mean goes less far than Kalman's there, by the square root of the same contraction.
 *
 * @param x - [N·J, …shape].
 * @param measured - G(x), [N·J, …].
 * @param y - Of each particle, like `measured`.
 * @param J - Particles of each sample.
 * @param w - The length of the step.
 * @example
 * ```ts
 * import { ensembleGuidance } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const x = tensor([[0], [2]])
 * const { x: moved, norm } = ensembleGuidance(x, x, tensor([[2], [2]]), 2, 1)
 * norm.dataSync() // ≈ [1.4142]
 * moved.dataSync() // ≈ [1.4142, 2]
 * ```
 */
export function ensembleGuidance(x: Tensor, measured: Tensor, y: Tensor, J: number, w: number): EnsembleMove {
  const N = (x.shape[0] ?? 0) / J
  if (!Number.isInteger(N) || measured.shape[0] !== x.shape[0])
    throw new ShapeError('ensembleGuidance', `needs rows of ${J} particles a sample`, [
      x.shape,
      measured.shape,
    ])
  const rows = (v: Tensor) => v.reshape([N, J, v.size / Math.max(N * J, 1)])
  const centred = (v: Tensor) => v.sub(v.sum(1, true).div(J))
  const error = rows(measured.sub(y))
  const C = matmul(error, centred(rows(measured)).transpose([0, 2, 1])).div(J)
  const norm = C.square().sum([1, 2], true).sqrt()
  // Where all measurements agree C is 0, and so is the move.
  const move = matmul(C, centred(rows(x))).mul(maximum(norm, 1e-30).pow(-1).mul(w))
  return { x: x.sub(move.reshape(x.shape)), norm: norm.reshape([N]) }
}

/** The standard deviation of an ensemble of J, the root of its mean over coordinates, of each sample [N]. */
export function ensembleSpread(x: Tensor, J: number): Tensor {
  const [rows = 0, ...shape] = x.shape
  const each = x.reshape([rows / J, J, ...shape])
  const off = each.sub(each.sum(1, true).div(J)).reshape([rows / J, -1])
  return off
    .square()
    .sum(1)
    .div(Math.max(x.size / (rows / J) - x.size / rows, 1))
    .sqrt()
}
