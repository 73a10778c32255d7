import { vjp } from '@tweedie/autograd'
import type { Key, Tensor } from '@tweedie/tensor'
import { concat, sign } from '@tweedie/tensor'
import { rankCut } from '../linalg/ridge.ts'
import type { Blind, LinearOperator, Svd } from '../types.ts'
import { langevin } from './langevin.ts'
import type { SpectralMeasurement } from './spectral-move.ts'

/** A blind measurement with Gaussian noise: y = A_φ x + σ_y·ε. */
export interface BlindGaussian<B extends Blind = Blind> {
  readonly blind: B
  /** [N, …outShape]. */
  readonly y: Tensor
  /** σ_y, above 0. */
  readonly sigmaY: number
}

/** The same with a decomposition for each φ. */
export interface SpectralBlind extends BlindGaussian<Blind<LinearOperator & { svd(): Svd }>> {
  /** Singular values up to this part of the largest count as 0. */
  readonly rankTolerance: number
}

/**
 * Unadjusted Langevin on the unknown of a measurement, for each sample, with the prior exp(−γ‖φ‖₁):
 *
 *     φ ← φ − (ξ/2)·∇_φ [‖y − A_φ x‖²/(2σ_y²) + γ‖φ‖₁] + √ξ·z.
 *
 * Where A is linear in φ, ∂A/∂φ is taken once for all steps.
 *
 * @param x - The picture that is held, [N, …inShape].
 * @param phi - [N, …blind.shape], where to start; stays valid.
 * @param options.xi - ξ, twice the step of {@link langevin}.
 */
export function blindLangevin(
  { blind, y, sigmaY }: BlindGaussian,
  x: Tensor,
  phi: Tensor,
  options: { steps: number; xi: number; gamma: number; keys: readonly Key[] },
): Tensor {
  const { steps, xi, gamma, keys } = options
  const apply = (at: Tensor) => blind.apply(x, at)
  const held = blind.linear === true ? vjp(apply, phi)[1] : undefined
  const back = (p: Tensor): Tensor => {
    if (held !== undefined) return held(y.sub(apply(p)), { retain: true })[0]
    const [clean, pullback] = vjp(apply, p)
    return pullback(y.sub(clean))[0]
  }
  const gradient = (p: Tensor) =>
    sign(p)
      .mul(gamma)
      .sub(back(p).div(sigmaY ** 2))
  try {
    return langevin(gradient, phi, { steps, step: xi / 2, keys })
  } finally {
    held?.dispose()
  }
}

/**
 * f of each sample of a batch by the decomposition at its own φ [N, …blind.shape], as one batch again.
 *
 * @param f - Gets the measurement of one sample, and what takes a batch to the row of that sample.
 */
export function atEachParameter(
  { blind, y, sigmaY, rankTolerance }: SpectralBlind,
  phi: Tensor,
  f: (measurement: SpectralMeasurement, row: (batch: Tensor) => Tensor) => Tensor,
): Tensor {
  const samples = Array.from({ length: y.shape[0] ?? 0 }, (_, n) => {
    const row = (batch: Tensor) => batch.slice([n, n + 1])
    const svd = blind.at(row(phi)).svd()
    return f({ svd, singular: rankCut(svd, rankTolerance), y: row(y), sigmaY }, row)
  })
  return concat(samples)
}
