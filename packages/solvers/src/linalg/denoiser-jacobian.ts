import { jvp, linearize } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { OptionError, scope } from '@tweedie/tensor'
import type { Prior, Time } from '../types.ts'

/**
 * x̂₀ and its derivative along v, ∂x̂₀/∂x_t·v, by one forward product.
 *
 * For a true denoiser the Jacobian is symmetric and this equals vᵀ·∂x̂₀/∂x_t; for a trained one only about.
 *
 * @param xt - x_t [N, …shape].
 * @param v - Directions, one per sample, like x_t.
 * @example
 * ```ts
 * import { denoiserJvp, gaussianPrior } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0], [0, 0]] })
 * const t = prior.schedule.timeOfNoiseLevel(1)
 * const [xt, v] = [tensor([[1, 2]], { dtype: 'float64' }), tensor([[1, 1]], { dtype: 'float64' })]
 * denoiserJvp(prior, xt, t, v).tangent.dataSync() // ≈ [0.7071, 0]
 * ```
 */
export function denoiserJvp(
  prior: Prior,
  xt: Tensor,
  t: Time,
  v: Tensor,
): { readonly x0hat: Tensor; readonly tangent: Tensor } {
  const [x0hat, tangent] = jvp((x: Tensor) => prior.denoise(x, t), [xt], [v])
  return { x0hat, tangent }
}

/** Cov[x₀ | x_t] as a linear map, with x̂₀. */
export interface DenoiserCovariance {
  /** E[x₀ | x_t], [N, …shape]. */
  readonly x0hat: Tensor
  /** v ↦ Cov[x₀ | x_t]·v, sample by sample, [N, …shape] both; any number of times. */
  times(v: Tensor): Tensor
  /** Frees what the denoiser saved; x̂₀ stays. */
  dispose(): void
  [Symbol.dispose](): void
}

/**
 * Tweedie's formula of second order, Cov[x₀ | x_t] = (σ_t²/α_t)·∂x̂₀/∂x_t (arXiv 2310.06721, in the notation
 * x_t = α_t·x₀ + σ_t·ε): one run of the denoiser, then a product per pass through its tape.
 *
 * `reverse` products multiply by the transposed Jacobian. That is the same matrix for a true denoiser; a
 * trained one's is symmetric only about, and then the two modes differ, and neither need be positive.
 *
 * @param xt - x_t [N, …shape], all at a time t where σ_t > 0.
 * @param options.mode - `reverse` (default) or `forward`.
 * @throws {OptionError} where σ_t = 0, at the clean end.
 * @example
 * ```ts
 * import { denoiserCovariance, gaussianPrior } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0], covariance: 4 })
 * const t = prior.schedule.timeOfNoiseLevel(1)
 * const covariance = denoiserCovariance(prior, tensor([[0.5]], { dtype: 'float64' }), t)
 * covariance.times(tensor([[1]], { dtype: 'float64' })).dataSync() // ≈ [0.80]
 * covariance.dispose()
 * ```
 */
export function denoiserCovariance(
  prior: Prior,
  xt: Tensor,
  t: Time,
  options: { mode?: 'reverse' | 'forward' } = {},
): DenoiserCovariance {
  const { mode = 'reverse' } = options
  const [alpha, sigma] = [prior.schedule.alpha(t), prior.schedule.sigma(t)]
  if (!(sigma > 0)) throw new OptionError('t', `needs noise, but sigma is ${sigma} at t = ${t}`)
  const line = linearize((x: Tensor) => prior.denoise(x, t), [xt], { argnums: 0 })
  const factor = sigma ** 2 / alpha
  const dispose = () => line.dispose()
  return {
    x0hat: line.value,
    times: (v) => scope(() => (mode === 'reverse' ? line.pullback(v) : line.pushforward(v)).mul(factor)),
    dispose,
    [Symbol.dispose]: dispose,
  }
}
