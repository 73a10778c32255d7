import type { Prior, Schedule } from '@tweedie/solvers'
import { betaSchedules, networkPrior, vpFromBetas, vpLinear } from '@tweedie/solvers'
import type { Shape, Tensor } from '@tweedie/tensor'
import { getDevice, OptionError } from '@tweedie/tensor'
import type { AdmConfig, DdpmConfig, DiffusersScheduler, Params } from '@tweedie/unet'
import { admForward, ddpmForward, sampleShape, splitLearnedVariance } from '@tweedie/unet'
import type { FoundSchedule } from '@tweedie/unet/node'

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

/** What a network was trained on: which schedule, what it predicts, and how x̂₀ is limited. */
export interface Training {
  readonly schedule: Schedule
  readonly prediction: DiffusersScheduler['prediction']
  /** x̂₀ is limited to ± this; null for no limit. */
  readonly clip: number | null
  /** Whether half of the outputs are for the variance; undefined where nothing says it. */
  readonly learnedVariance?: boolean
}

/** ε on the linear schedule, x̂₀ within the data range: what `tweedie train` and guided-diffusion train on. */
export const linearTraining = (timesteps: number): Training => ({
  schedule: vpLinear({ T: timesteps }),
  prediction: 'epsilon',
  clip: 1,
})

/** What a file says of it. */
export function trainingOf(found: FoundSchedule): Training {
  if (found.kind === 'record') return linearTraining(found.timesteps)
  const { scheduler } = found
  const { prediction, clip, learnedVariance, trainedBetas } = scheduler
  const range = { T: scheduler.timesteps, betaMin: scheduler.betaStart, betaMax: scheduler.betaEnd }
  const schedule =
    trainedBetas === null ? betaSchedules[scheduler.betaSchedule](range) : vpFromBetas(trainedBetas)
  return { schedule, prediction, clip, learnedVariance }
}

/** What a scheduler's file says, in a sentence: what of it is used, and what belongs to diffusers' own sampler. */
export function describeScheduler({ path, scheduler }: FoundSchedule & { kind: 'scheduler' }): string {
  const { timesteps, betaSchedule, betaStart, betaEnd, trainedBetas, prediction, clip, sampler } = scheduler
  const betas =
    trainedBetas !== null
      ? 'its own βs'
      : betaSchedule === 'squaredcos_cap_v2'
        ? betaSchedule
        : `${betaSchedule} βs from ${betaStart} to ${betaEnd}`
  const limit = clip === null ? 'x̂₀ not clipped' : `x̂₀ clipped to ±${clip}`
  const other = Object.entries(sampler).map(([name, value]) => `${name} ${String(value)}`)
  const unused = other.length === 0 ? '' : `; of diffusers' own sampler, not used: ${other.join(', ')}`
  return `${path}: ${betas}, T = ${timesteps}, predicts ${prediction}, ${limit}${unused}`
}

/**
 * Makes sure, before any work, that the command line can use a network.
 * @throws {OptionError} for class labels, channels that are no picture, or outputs that do not fit.
 */
export function checkNetwork(config: NetworkConfig, training: Training, name: string, option: string): void {
  const refuse = (message: string): never => {
    throw new OptionError(option, `'${name}' ${message}`)
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
export function checkMemory(config: NetworkConfig, [, height = 0, width = 0]: Shape, option: string): void {
  const { name, memory } = getDevice().info()
  const [first = 0, second = first] = widthsOf(config)
  const needed = 2 * (first + second) * height * width * 4
  if (memory === undefined || needed <= memory.limit) return
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`
  throw new OptionError(
    option,
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
