import { OptionError, scope } from '@tweedie/tensor'
import type { Prior } from '../../types.ts'

/** @throws {OptionError} unless a prior is on pictures of a number of channels. */
function sizeWith(prior: Prior, channels: number): readonly [number, number] {
  const [own, height, width] = prior.shape
  if (prior.shape.length === 3 && own === channels && height !== undefined && width !== undefined)
    return [height, width]
  const wanted = channels === 1 ? 'grey' : 'colour'
  throw new OptionError(
    'prior',
    `'${prior.name}' is for [${prior.shape.join(', ')}], not for ${wanted} pictures`,
  )
}

/**
 * A prior on pictures of several channels, of one on grey pictures: the channels are independent, each a grey picture. An
 * operator acts on the whole picture, and may mix the channels.
 *
 * @throws {OptionError} where the prior is not on grey pictures.
 * @example
 * ```ts
 * import { eachChannel, gaussianPrior } from '@tweedie/solvers'
 * const grey = gaussianPrior({ shape: [1, 2, 2], mean: [0, 0, 0, 0], covariance: 1 })
 * eachChannel(grey, 3).shape // => [3, 2, 2]
 * ```
 */
export function eachChannel(prior: Prior, channels: number): Prior {
  const size = sizeWith(prior, 1)
  return {
    name: prior.name,
    shape: [channels, ...size],
    schedule: prior.schedule,
    denoise: (xt, t) =>
      scope(() => {
        const count = xt.shape[0] ?? 0
        return prior.denoise(xt.reshape([count * channels, 1, ...size]), t).reshape(xt.shape)
      }),
  }
}

/**
 * A prior on grey pictures, of one on colour pictures: x_t stands in all three channels, and x̂₀ is their mean. The network
 * sees the same noise in each channel: right where it was trained on such pictures too, an estimate where it was trained on
 * three noises alone.
 *
 * @throws {OptionError} where the prior is not on colour pictures.
 * @example
 * ```ts
 * import { gaussianPrior, greyOf } from '@tweedie/solvers'
 * const colour = gaussianPrior({ shape: [3, 1, 1], mean: [0, 0, 0], covariance: 1 })
 * greyOf(colour).shape // => [1, 1, 1]
 * ```
 */
export function greyOf(prior: Prior): Prior {
  const size = sizeWith(prior, 3)
  return {
    name: prior.name,
    shape: [1, ...size],
    schedule: prior.schedule,
    denoise: (xt, t) =>
      scope(() => prior.denoise(xt.broadcastTo([xt.shape[0] ?? 0, 3, ...size]), t).mean(1, true)),
  }
}
