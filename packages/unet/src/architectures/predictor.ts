import type { Tensor } from '@tweedie/tensor'
import { fromData, getDevice, OptionError, scope } from '@tweedie/tensor'
import type { Params } from '../params.ts'
import type { NetworkConfig } from './catalog.ts'
import { architectureOf } from './catalog.ts'
import type { NetworkBase } from './format.ts'
import { splitLearnedVariance } from './learned-variance.ts'
import type { TrainedOn } from './trained-on.ts'

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
 * where it can, as one that is told classes can if the last of them is none.
 */
export function cannotPredict(
  config: NetworkConfig,
  { noClass = false }: Pick<TrainedOn, 'noClass'> = {},
): string | undefined {
  const { inChannels: inputs, outChannels: outputs } = config
  const { conditional, needsMore } = architectureOf(config)
  const more = noClass && conditional !== undefined ? undefined : needsMore?.(config)
  if (more !== undefined || outputs === inputs || learnsVariance(config)) return more
  return `has ${outputs} output channels for ${inputs} input channels; ${inputs} would fit, or ${2 * inputs} where the variance is learned`
}

/** The network's image of its outputs: of a learned variance nothing is used. */
const imageOf = (config: NetworkConfig): ((output: Tensor) => Tensor) =>
  learnsVariance(config) ? (output) => splitLearnedVariance(output).epsilon : (output) => output

/** A network that is told classes, as a prior asks it. */
export interface ConditionalPredictor {
  /** Classes that it is told, the one that stands for none not among them. */
  readonly classes: number
  /** The embeddings [N, d] of labels; of the label `classes` that of none. */
  embed(labels: readonly number[]): Tensor
  /** The prediction at x_t [N, C, H, W] and time t under a condition c [N, d] or [1, d]; differentiable in x_t and c. */
  predict(xt: Tensor, t: number | Tensor, c: Tensor): Tensor
}

/**
 * A network that was trained to be told a class or none (`labelDrop`), as a prior asks it; undefined for any other.
 * @throws {OptionError} from `embed`, for a label that is no class.
 */
export function conditionalPredictor(
  { config, params }: Network,
  { noClass = false }: Pick<TrainedOn, 'noClass'>,
): ConditionalPredictor | undefined {
  const { conditional, classes } = architectureOf(config)
  const count = classes?.(config) ?? 0
  if (!noClass || conditional === undefined || count < 2) return undefined
  const image = imageOf(config)
  const device = Object.values(params)[0]?.device ?? getDevice()
  return {
    classes: count - 1,
    embed: (labels) => {
      const wrong = labels.find((label) => !(Number.isInteger(label) && label >= 0 && label < count))
      if (wrong !== undefined)
        throw new OptionError('labels', `must be whole numbers 0 … ${count - 2}, got ${wrong}`)
      return scope(() =>
        conditional.embed(params, config, fromData(labels, [labels.length], { dtype: 'int32', device })),
      )
    },
    predict: (xt, t, c) => image(conditional.forward(params, config, xt, t, c)),
  }
}

/**
 * A network as a prior asks it: the prediction [N, C, H, W] at x_t [N, C, H, W] and time t; of a learned variance nothing
 * is used.
 * @param told.label - The class that a class-conditional network is told, for every image: of pictures of that class it
 *   is the prior.
 * @throws {OptionError} for a network that needs more than x and t (class labels), or whose outputs are no image; for a label
 *   that is no class, or given to a network without classes.
 * @example
 * ```ts
 * import { randomKey, zeros } from '@tweedie/tensor'
 * import { admConfig, initAdm, predictor } from '@tweedie/unet'
 * const config = admConfig({ imageSize: 8, modelChannels: 32, channelMult: [1, 1], outChannels: 6 })
 * const predict = predictor({ config, params: initAdm(config, randomKey(0)) })
 * predict(zeros([2, 3, 8, 8]), 500).shape // => [2, 3, 8, 8]
 * ```
 */
export function predictor(
  { config, params }: Network,
  { label }: { readonly label?: number } = {},
): (xt: Tensor, t: number | Tensor) => Tensor {
  const { forward, classes } = architectureOf(config)
  const count = classes?.(config) ?? 0
  const told = label !== undefined
  if (told && !(Number.isInteger(label) && label >= 0 && label < count)) {
    const fits =
      count === 0 ? 'the network is told no classes' : `must be a class 0 … ${count - 1}, got ${label}`
    throw new OptionError('label', fits)
  }
  // Of a network that is told its class, only the outputs may not fit.
  const why = cannotPredict(config, { noClass: told })
  if (why !== undefined) throw new OptionError('network', why)
  const image = imageOf(config)
  if (!told) return (xt, t) => image(forward(params, config, xt, t))
  return (xt, t) =>
    scope(() => {
      const n = xt.shape[0] ?? 0
      const labels = fromData(new Int32Array(n).fill(label), [n], { dtype: 'int32', device: xt.device })
      return image(forward(params, config, xt, t, labels))
    })
}
