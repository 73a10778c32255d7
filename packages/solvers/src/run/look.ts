import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { OptionError, treeMap, zerosLike } from '@tweedie/tensor'
import type { Look, Prior, Time } from '../types.ts'

export type { Look } from '../types.ts'

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
export const lookAt = (prior: Prior, x: Tensor, t: Time, through: boolean): Look =>
  lookBy((xt) => ({ x0hat: prior.denoise(xt, t) }), prior, x, t, through)

/** The same by a function that says more of x_t than x̂₀; the way back is from x̂₀ alone. */
export function lookBy<Said extends { readonly x0hat: Tensor }>(
  says: (xt: Tensor) => Said,
  { schedule }: Prior,
  x: Tensor,
  t: Time,
  through: boolean,
): Look & Said {
  const at = { x, t, alpha: schedule.alpha(t), sigma: schedule.sigma(t) }
  if (!through) return { ...at, ...says(x), pullback: noWayBack }
  const [said, back] = vjp(says, x)
  const { x0hat, ...more } = said
  return {
    ...at,
    ...said,
    pullback: (v, options) => back({ ...treeMap(more, zerosLike), x0hat: v }, options)[0],
  }
}

/** What a look that was not taken through the denoiser has for a way back. */
const noWayBack = (): never => {
  throw new OptionError('through', 'must be true where gradients go back through the denoiser, got false')
}
