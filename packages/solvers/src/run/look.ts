import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { Prior, Time } from '../types.ts'

/** One evaluation of the prior at x_t, shared by all that want to know of it. */
export interface Look {
  /** x_t [N, …shape]. */
  readonly x: Tensor
  readonly t: Time
  /** α_t and σ_t. */
  readonly alpha: number
  readonly sigma: number
  /** E[x₀ | x_t], like x. */
  readonly x0hat: Tensor
  /**
   * v ↦ Jᵀv for J = ∂x̂₀/∂x_t, both like x. A second call needs `retain` in the first.
   * @throws {OptionError} where the look was not taken through the denoiser.
   */
  pullback(v: Tensor, options?: { retain?: boolean }): Tensor
}

/**
 * Evaluates the prior at x_t, once.
 *
 * @param through - Whether gradients will go back through the denoiser ({@link Look.pullback}).
 * @example
 * ```ts
 * import { gaussianPrior, lookAt, vpLinear } from '@tweedie/solvers'
 * import { ones } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0], covariance: 1, schedule: vpLinear() })
 * const { alpha, x0hat, pullback } = lookAt(prior, ones([1, 1], { dtype: 'float64' }), 500, true)
 * x0hat.div(alpha).dataSync() // ≈ [1.0000]
 * pullback(ones([1, 1], { dtype: 'float64' })).div(alpha).dataSync() // ≈ [1.0000]
 * ```
 */
export function lookAt(prior: Prior, x: Tensor, t: Time, through: boolean): Look {
  const { schedule } = prior
  const at = { x, t, alpha: schedule.alpha(t), sigma: schedule.sigma(t) }
  if (!through) return { ...at, x0hat: prior.denoise(x, t), pullback: noWayBack }
  const [x0hat, back] = vjp((xt: Tensor) => prior.denoise(xt, t), x)
  return { ...at, x0hat, pullback: (v, options) => back(v, options)[0] }
}

/** What a look that was not taken through the denoiser has for a way back. */
export const noWayBack = (): never => {
  throw new OptionError('through', 'must be true where gradients go back through the denoiser, got false')
}
