import { clamp, scope } from '@tweedie/tensor'
import type { Prior } from '../types.ts'

/**
 * The same prior with E[x₀ | x_t] cut to a range; no gradient where it is cut. Without a range it is the prior itself. What its
 * network says of the variance is left as it is.
 *
 * @example
 * ```ts
 * import { clipped, gaussianPrior } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = clipped(gaussianPrior({ mean: [0], covariance: 9 }), [-1, 1])
 * prior.denoise(tensor([[5]]), 0).dataSync() // => [1]
 * ```
 */
export function clipped(prior: Prior, range: readonly [low: number, high: number] | undefined): Prior {
  if (range === undefined) return prior
  const [low, high] = range
  const { pipeline } = prior
  return {
    name: prior.name,
    shape: prior.shape,
    schedule: prior.schedule,
    denoise: (xt, t) => scope(() => clamp(prior.denoise(xt, t), low, high)),
    ...(pipeline && {
      pipeline: {
        ...pipeline,
        estimate: (xt, t) =>
          scope(() => {
            const { x0hat, ...said } = pipeline.estimate(xt, t)
            return { ...said, x0hat: clamp(x0hat, low, high) }
          }),
      },
    }),
  }
}
