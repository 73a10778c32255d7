import type { Prior } from '@tweedie/solvers'
import { networkPrior } from '@tweedie/solvers'
import type { Shape } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { Network, NetworkConfig, TrainedOn } from '@tweedie/unet'
import { architectureOf, cannotPredict, learnsVariance, predictor, requireMemory } from '@tweedie/unet'
import { scheduleOf } from './schedule.ts'

/**
 * Makes sure, before any work, that a network can be the prior of pictures.
 * @param name - Of the network, for messages.
 * @throws {OptionError} naming the option `prior`: for class labels, channels that are no picture, or outputs that do
 * not fit.
 */
export function checkNetwork(config: NetworkConfig, { learnedVariance }: TrainedOn, name: string): void {
  const refuse = (message: string): never => {
    throw new OptionError('prior', `'${name}' ${message}`)
  }
  const { inChannels: inputs, outChannels: outputs } = config
  const why = cannotPredict(config)
  if (why !== undefined) refuse(why)
  if (inputs !== 1 && inputs !== 3) refuse(`is for images of ${inputs} channels; pictures have 1 or 3`)
  if (learnedVariance !== undefined && learnedVariance !== learnsVariance(config)) {
    refuse(
      `has ${outputs} output channels for ${inputs} input channels, but by its scheduler's variance_type the variance is ${learnedVariance ? '' : 'not '}learned`,
    )
  }
}

/**
 * The shape [C, H, W] of a network's pictures, at another size where one is given: its layers know none.
 * @throws {OptionError} naming the option `prior`, for a side that the network cannot halve.
 */
export function shapeAt(
  config: NetworkConfig,
  size: readonly [height: number, width: number] | undefined,
): Shape {
  const { sampleShape, divisor } = architectureOf(config)
  if (size === undefined) return sampleShape(config)
  const factor = divisor(config)
  const odd = size.find((side) => side % factor !== 0)
  if (odd === undefined) return [config.inChannels, ...size]
  throw new OptionError(
    'prior',
    `the network halves its pictures: a side of ${odd} is no multiple of ${factor}`,
  )
}

/**
 * Makes sure, before any work, that the device could hold what a network needs at once for one picture.
 * @throws {OptionError} naming the option `prior`, with what is needed and what there is.
 */
export function checkMemory(config: NetworkConfig, [, height = 0, width = 0]: Shape): void {
  const bytes = architectureOf(config).channelsAtOnce(config) * height * width * 4
  requireMemory('prior', bytes, `at ${height}×${width} pixels the network`)
}

/** A network as a prior for pictures of a shape. */
export function priorOf(name: string, shape: Shape, network: Network, trainedOn: TrainedOn): Prior {
  const { schedule, predicts, clip } = trainedOn
  return networkPrior({
    name,
    shape,
    schedule: scheduleOf(schedule),
    predicts,
    predict: predictor(network),
    ...(clip === null ? {} : { clip: [-clip, clip] }),
  })
}
