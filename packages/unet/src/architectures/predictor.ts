import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { Params } from '../params.ts'
import type { NetworkConfig } from './catalog.ts'
import { architectureOf } from './catalog.ts'
import type { NetworkBase } from './format.ts'
import { splitLearnedVariance } from './learned-variance.ts'

/** A network, of any architecture unless one is named: its configuration and its parameters. */
export interface Network<C extends NetworkBase = NetworkConfig> {
  readonly config: C
  readonly params: Params
}

/** Whether half of a network's outputs are for the variance (arXiv 2102.09672). */
export const learnsVariance = ({ inChannels, outChannels }: NetworkConfig): boolean =>
  outChannels === 2 * inChannels

/**
 * Why a network cannot be asked for one image per image at x and t alone, as the rest of a sentence on it; undefined
 * where it can.
 */
export function cannotPredict(config: NetworkConfig): string | undefined {
  const { inChannels: inputs, outChannels: outputs } = config
  const more = architectureOf(config).needsMore?.(config)
  if (more !== undefined || outputs === inputs || learnsVariance(config)) return more
  return `has ${outputs} output channels for ${inputs} input channels; ${inputs} would fit, or ${2 * inputs} where the variance is learned`
}

/**
 * A network as a prior asks it: the prediction [N, C, H, W] at x_t [N, C, H, W] and time t; of a learned variance nothing
 * is used.
 * @throws {OptionError} for a network that needs more than x and t (class labels), or whose outputs are no image.
 * @example
 * ```ts
 * import { randomKey, zeros } from '@tweedie/tensor'
 * import { admConfig, initAdm, predictor } from '@tweedie/unet'
 * const config = admConfig({ imageSize: 8, modelChannels: 32, channelMult: [1, 1], outChannels: 6 })
 * const predict = predictor({ config, params: initAdm(config, randomKey(0)) })
 * predict(zeros([2, 3, 8, 8]), 500).shape // => [2, 3, 8, 8]
 * ```
 */
export function predictor({ config, params }: Network): (xt: Tensor, t: number | Tensor) => Tensor {
  const why = cannotPredict(config)
  if (why !== undefined) throw new OptionError('network', why)
  const { forward } = architectureOf(config)
  if (!learnsVariance(config)) return (xt, t) => forward(params, config, xt, t)
  return (xt, t) => splitLearnedVariance(forward(params, config, xt, t)).epsilon
}
