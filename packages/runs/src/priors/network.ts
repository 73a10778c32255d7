import type { Prior } from '@tweedie/solvers'
import { networkPrior } from '@tweedie/solvers'
import type { Shape, Tensor } from '@tweedie/tensor'
import { getDevice, OptionError } from '@tweedie/tensor'
import type { AdmConfig, DdpmConfig, Params } from '@tweedie/unet'
import { admForward, ddpmForward, sampleShape, splitLearnedVariance } from '@tweedie/unet'
import type { Training } from './training.ts'

/** A network's configuration, of either family. */
export type NetworkConfig = DdpmConfig | AdmConfig

/** [C, H, W] of one image. */
export const shapeOf = (config: NetworkConfig): Shape =>
  config.architecture === 'ddpm'
    ? sampleShape(config)
    : [config.inChannels, config.imageSize, config.imageSize]

/** The sides that a network takes are multiples of this. */
export const halvings = (config: NetworkConfig): number =>
  2 ** ((config.architecture === 'ddpm' ? config.blockOutChannels : config.channelMult).length - 1)

/**
 * Makes sure, before any work, that a network is one of pictures that can be used as a prior.
 * @param name - Of the network, for messages.
 * @throws {OptionError} for class labels, channels that are no picture, or outputs that do not fit.
 */
export function checkNetwork(config: NetworkConfig, training: Training, name: string): void {
  const refuse = (message: string): never => {
    throw new OptionError('prior', `'${name}' ${message}`)
  }
  const { inChannels: inputs, outChannels: outputs } = config
  if (config.architecture === 'adm' && config.numClasses !== null) {
    refuse(
      `is class-conditional (num_classes is ${config.numClasses}): class labels are not supported here yet, admForward of @tweedie/unet takes them`,
    )
  }
  if (inputs !== 1 && inputs !== 3) refuse(`is for images of ${inputs} channels; pictures have 1 or 3`)
  if (outputs !== inputs && outputs !== 2 * inputs) {
    refuse(
      `has ${outputs} output channels for ${inputs} input channels; ${inputs} would fit, or ${2 * inputs} where the variance is learned`,
    )
  }
  const { learnedVariance } = training
  if (learnedVariance !== undefined && learnedVariance !== (outputs === 2 * inputs)) {
    refuse(
      `has ${outputs} output channels for ${inputs} input channels, but by its scheduler's variance_type the variance is ${learnedVariance ? '' : 'not '}learned`,
    )
  }
}

/** Channels of the levels of a network, from the full resolution down. */
const widthsOf = (config: NetworkConfig): readonly number[] =>
  config.architecture === 'ddpm'
    ? config.blockOutChannels
    : config.channelMult.map((mult) => mult * config.modelChannels)

/**
 * Makes sure, before any work, that the device could hold what a network needs at once for one picture: where the full
 * resolution is reached again, the joined images of two levels and their norm.
 * @throws {OptionError} with what is needed and what there is.
 */
export function checkMemory(config: NetworkConfig, [, height = 0, width = 0]: Shape): void {
  const { name, memory } = getDevice().info()
  const [first = 0, second = first] = widthsOf(config)
  const needed = 2 * (first + second) * height * width * 4
  if (memory === undefined || needed <= memory.limit) return
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`
  throw new OptionError(
    'prior',
    `at ${height}×${width} pixels the network needs more than ${gib(needed)} for one picture; the device ${name} has ${gib(memory.limit)}`,
  )
}

/** A network with its parameters. */
export interface Network {
  readonly config: NetworkConfig
  readonly params: Params
}

/** A network as a prior for pictures of a shape; of a learned variance nothing is used. */
export function priorOf(name: string, shape: Shape, network: Network, training: Training): Prior {
  const { config, params } = network
  const forward = (xt: Tensor, t: number) =>
    config.architecture === 'ddpm' ? ddpmForward(params, config, xt, t) : admForward(params, config, xt, t)
  const learned = config.outChannels === 2 * config.inChannels
  const { schedule, prediction, clip } = training
  return networkPrior({
    name,
    shape,
    schedule,
    prediction,
    predict: (xt, t) => (learned ? splitLearnedVariance(forward(xt, t)).epsilon : forward(xt, t)),
    ...(clip === null ? {} : { clip: [-clip, clip] }),
  })
}

/**
 * The shape of a network's pictures, at another size where one is given: its layers know none.
 * @throws {OptionError} for a side that the network cannot halve.
 */
export function shapeAt(
  config: NetworkConfig,
  size: readonly [height: number, width: number] | undefined,
): Shape {
  if (size === undefined) return shapeOf(config)
  const factor = halvings(config)
  const odd = size.find((side) => side % factor !== 0)
  if (odd === undefined) return [config.inChannels, ...size]
  throw new OptionError(
    'prior',
    `the network halves its pictures: a side of ${odd} is no multiple of ${factor}`,
  )
}
