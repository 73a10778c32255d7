import type { Prediction, Prior, Schedule } from '@tweedie/solvers'
import { betaSchedules, networkPrior, vpFromBetas, vpLinear } from '@tweedie/solvers'
import type { Shape } from '@tweedie/tensor'
import { getDevice, OptionError } from '@tweedie/tensor'
import type { Network, NetworkConfig, Predicts, TrainedOn, TrainedSchedule } from '@tweedie/unet'
import { architectureOf, cannotPredict, learnsVariance, predictor } from '@tweedie/unet'

/** The schedule that a network was trained on. */
export function scheduleOf(trained: TrainedSchedule): Schedule {
  switch (trained.kind) {
    case 'vp-linear':
      return vpLinear({ T: trained.timesteps })
    case 'betas':
      return vpFromBetas(trained.betas)
    case 'diffusers':
      return betaSchedules[trained.name]({
        T: trained.timesteps,
        betaMin: trained.betaStart,
        betaMax: trained.betaEnd,
      })
  }
}

/** What a network predicts, as priors call it. */
const predictions: Readonly<Record<Predicts, Prediction>> = {
  epsilon: 'epsilon',
  v: 'v_prediction',
  x0: 'sample',
}

/**
 * Makes sure, before any work, that the command line can use a network.
 * @throws {OptionError} for class labels, channels that are no picture, or outputs that do not fit.
 */
export function checkNetwork(
  config: NetworkConfig,
  { learnedVariance }: TrainedOn,
  name: string,
  option: string,
): void {
  const refuse = (message: string): never => {
    throw new OptionError(option, `'${name}' ${message}`)
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
 * Makes sure, before any work, that the device could hold what a network needs at once for one picture.
 * @throws {OptionError} with what is needed and what there is.
 */
export function checkMemory(config: NetworkConfig, [, height = 0, width = 0]: Shape, option: string): void {
  const { name, memory } = getDevice().info()
  const needed = architectureOf(config).channelsAtOnce(config) * height * width * 4
  if (memory === undefined || needed <= memory.limit) return
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`
  throw new OptionError(
    option,
    `at ${height}×${width} pixels the network needs more than ${gib(needed)} for one picture; the device ${name} has ${gib(memory.limit)}`,
  )
}

/** A network as a prior for pictures of a shape. */
export function priorOf(name: string, shape: Shape, network: Network, trainedOn: TrainedOn): Prior {
  const { schedule, predicts, clip } = trainedOn
  return networkPrior({
    name,
    shape,
    schedule: scheduleOf(schedule),
    prediction: predictions[predicts],
    predict: predictor(network),
    ...(clip === null ? {} : { clip: [-clip, clip] }),
  })
}
