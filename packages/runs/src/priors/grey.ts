import type { Prior } from '@tweedie/solvers'
import { broadcastTo, mean, OptionError, scope } from '@tweedie/tensor'

/**
 * The prior of grey pictures [1, H, W] that one of colour has in it, where it was trained on grey ones too, all channels and
 * their noise alike: x̂₀ is the mean of its three channels.
 * @throws {OptionError} naming the option `prior`, where the samples do not have three channels.
 * @example
 * ```ts
 * import { greyPrior } from '@tweedie/runs'
 * import { networkPrior, vpLinear } from '@tweedie/solvers'
 * import { zerosLike } from '@tweedie/tensor'
 * const colour = networkPrior({ name: 'c', shape: [3, 8, 8], schedule: vpLinear(), predict: zerosLike })
 * greyPrior(colour).shape // => [1, 8, 8]
 * ```
 */
export function greyPrior(prior: Prior): Prior {
  const [channels, ...sides] = prior.shape
  if (channels !== 3 || sides.length !== 2)
    throw new OptionError(
      'prior',
      `'${prior.name}' is of [${prior.shape.join(', ')}], not of colour pictures`,
    )
  return {
    name: prior.name,
    shape: [1, ...sides],
    schedule: prior.schedule,
    denoise: (xt, t) =>
      scope(() => {
        const [n = 0] = xt.shape
        return mean(prior.denoise(broadcastTo(xt, [n, 3, ...sides]), t), [1], true)
      }),
  }
}
