import { predictions } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'
import type { NetworkConfig } from '../architectures/catalog.ts'
import { architectureOf } from '../architectures/catalog.ts'
import type { Predicts } from '../architectures/trained-on.ts'
import { countParams } from '../params.ts'
import type { NoiseSchedule } from './schedule.ts'
import { linearNoise, noNoise } from './schedule.ts'

/** What the outcome of a training depends on, besides the images and the noise schedule. */
export interface TrainConfig {
  readonly model: NetworkConfig
  /** What the network learns to predict. */
  readonly predicts: Predicts
  /** Number of optimiser steps in all. */
  readonly steps: number
  /** Images per step. */
  readonly batch: number
  /**
   * Parts of a batch whose gradients are computed on their own and added in order; the same for any number
   * of workers.
   */
  readonly shards: number
  readonly seed: number
  /** T: times are drawn from 0 … T−1. */
  readonly timesteps: number
  /** One time in each of `batch` equal parts of 0 … T−1, instead of independent ones. */
  readonly stratified: boolean
  /** Peak learning rate, reached after `warmup` steps; then it falls to zero at the end, or stays. */
  readonly learningRate: number
  readonly warmup: number
  readonly decay: 'cosine' | 'linear' | 'constant'
  /** Steps of the decay, at the end; the peak is held before them. Default: all after the warm-up. */
  readonly decaySteps: number
  /** Adam's β₁, β₂ and ε (arXiv 1412.6980). */
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  /** Gradients are scaled down to this norm. */
  readonly clipNorm: number
  /** Decay d of the averaged parameters; at step k it is min(d, (1 + k)/(10 + k)). */
  readonly emaDecay: number
  /**
   * Of a network that is told classes: how often a label is replaced by the last of them, which then stands for none
   * (classifier-free guidance, arXiv 2207.12598). Such a network needs it, since a prior is asked without a label too.
   */
  readonly labelDrop?: number
  /** Of an autoencoder: standard deviation of the noise that the decoder meets in training. */
  readonly latentNoise?: number
  /** Of an autoencoder: weight of the mean square of latents in the loss. */
  readonly latentPenalty?: number
  /** Of an autoencoder that tells classes: weight of the cross entropy in the loss. */
  readonly labelWeight?: number
}

export type TrainOptions = Partial<Omit<TrainConfig, 'model'>> & {
  readonly model: NetworkConfig
  readonly steps: number
}

/** The most that a configuration may ask for: a wrong number in a file must not exhaust the process. */
const most = {
  steps: 1e9,
  batch: 65_536,
  shards: 65_536,
  timesteps: 100_000,
  /** Bytes of the gradients of all shards, which are kept side by side. */
  gradientBytes: 2 ** 33,
  /** Values of the images of one shard. */
  shardValues: 2 ** 28,
} as const

/**
 * A complete training configuration, checked.
 * @throws {OptionError} naming the field that does not fit.
 */
export function trainConfig(options: TrainOptions): TrainConfig {
  const warmup = options.warmup ?? Math.min(300, Math.ceil(options.steps / 20))
  const { coder } = architectureOf(options.model)
  const config: TrainConfig = {
    model: options.model,
    predicts: options.predicts ?? (coder === undefined ? 'epsilon' : 'x0'),
    steps: options.steps,
    batch: options.batch ?? 64,
    shards: options.shards ?? 4,
    seed: options.seed ?? 0,
    timesteps: options.timesteps ?? (coder === undefined ? 1000 : 1),
    stratified: options.stratified ?? true,
    learningRate: options.learningRate ?? 2e-3,
    warmup,
    decay: options.decay ?? 'cosine',
    decaySteps: options.decaySteps ?? Math.max(0, options.steps - warmup),
    beta1: options.beta1 ?? 0.9,
    beta2: options.beta2 ?? 0.99,
    epsilon: options.epsilon ?? 1e-8,
    clipNorm: options.clipNorm ?? 1,
    emaDecay: options.emaDecay ?? 0.995,
    ...byArchitecture(options),
  }
  for (const name of ['steps', 'batch', 'shards', 'timesteps'] as const) {
    if (!Number.isSafeInteger(config[name]) || config[name] < 1) {
      throw new OptionError(name, `must be a positive integer, got ${config[name]}`)
    }
    if (config[name] > most[name])
      throw new OptionError(name, `must be at most ${most[name]}, got ${config[name]}`)
  }
  if (config.batch % config.shards !== 0) {
    throw new OptionError(
      'shards',
      `a batch of ${config.batch} does not split into ${config.shards} equal shards`,
    )
  }
  for (const name of ['seed', 'warmup', 'decaySteps'] as const) {
    if (!Number.isSafeInteger(config[name]) || config[name] < 0) {
      throw new OptionError(name, `must be a non-negative integer, got ${config[name]}`)
    }
  }
  if (config.warmup + config.decaySteps > config.steps) {
    throw new OptionError(
      'decaySteps',
      `${config.warmup} steps of warm-up and ${config.decaySteps} of decay are more than ${config.steps}`,
    )
  }
  for (const name of ['learningRate', 'epsilon', 'clipNorm'] as const) {
    if (!(config[name] > 0 && Number.isFinite(config[name])))
      throw new OptionError(name, `must be above 0, got ${config[name]}`)
  }
  for (const name of ['beta1', 'beta2', 'emaDecay'] as const) {
    if (!(config[name] >= 0 && config[name] < 1))
      throw new OptionError(name, `must be in [0, 1), got ${config[name]}`)
  }
  if (!['cosine', 'linear', 'constant'].includes(config.decay)) {
    throw new OptionError('decay', `must be cosine, linear or constant, got ${config.decay}`)
  }
  if (!predictions.includes(config.predicts)) {
    throw new OptionError('predicts', `must be ${predictions.join(', ')}, got ${String(config.predicts)}`)
  }
  checkModel(config)
  checkSize(config)
  return config
}

/** The options of {@link TrainConfig} that some networks have, those of this one filled in. */
function byArchitecture(options: TrainOptions): Partial<TrainConfig> {
  const { coder, classes } = architectureOf(options.model)
  const told = (classes?.(options.model) ?? null) !== null
  const { labelDrop, latentNoise, latentPenalty, labelWeight } = options
  const refuse = (of: Readonly<Record<string, number | undefined>>, why: string) => {
    const [name] = Object.entries(of).find(([, value]) => value !== undefined) ?? []
    if (name !== undefined) throw new OptionError(name, why)
  }
  if (coder === undefined) {
    refuse({ latentNoise, latentPenalty, labelWeight }, 'is for autoencoders')
    if (!told) refuse({ labelDrop }, 'is for networks that are told classes')
    return labelDrop === undefined ? {} : { labelDrop }
  }
  refuse({ labelDrop }, 'is for networks that are told classes; an autoencoder tells them')
  if (!told) refuse({ labelWeight }, 'is for autoencoders that tell classes')
  return {
    latentNoise: latentNoise ?? 0.1,
    latentPenalty: latentPenalty ?? 1e-3,
    ...(told ? { labelWeight: labelWeight ?? 0.01 } : {}),
  }
}

function checkModel(config: TrainConfig): void {
  const { model, predicts, timesteps, labelDrop } = config
  const { coder, needsMore, classes, denoises } = architectureOf(model)
  const what = denoises?.(model)
  if (what !== undefined)
    throw new OptionError('model', `${what}: train the bare network, with predicts edm for EDM's denoiser`)
  if (coder !== undefined && (predicts !== 'x0' || timesteps !== 1))
    throw new OptionError(
      predicts === 'x0' ? 'timesteps' : 'predicts',
      `an autoencoder is shown pictures without noise and gives them back: x0 at 1 time, got ${predicts} at ${timesteps}`,
    )
  for (const name of ['latentNoise', 'latentPenalty', 'labelWeight'] as const) {
    const value = config[name]
    if (value !== undefined && !(value >= 0 && Number.isFinite(value)))
      throw new OptionError(name, `must be a number from 0 up, got ${value}`)
  }
  if (labelDrop !== undefined) {
    if (!(labelDrop > 0 && labelDrop < 1))
      throw new OptionError('labelDrop', `must be between 0 and 1, got ${labelDrop}`)
    const count = classes?.(model) ?? 0
    if (count < 2)
      throw new OptionError('labelDrop', `needs a class and one for none, the model has ${count}`)
  }
  const more = coder === undefined && labelDrop === undefined ? needsMore?.(model) : undefined
  if (more !== undefined) throw new OptionError('model', more)
  if (model.inChannels === model.outChannels) return
  throw new OptionError(
    'outChannels',
    `must equal inChannels ${model.inChannels} for a training, got ${model.outChannels}`,
  )
}

function checkSize({ model, batch, shards }: TrainConfig): void {
  const { spec, sampleShape } = architectureOf(model)
  const parameters = countParams(spec(model))
  if (4 * shards * parameters > most.gradientBytes) {
    throw new OptionError(
      'shards',
      `${shards} gradients of ${parameters} parameters are more than ${most.gradientBytes} bytes; take fewer shards`,
    )
  }
  const [channels, height, width] = sampleShape(model)
  const values = (batch / shards) * channels * height * width
  if (values > most.shardValues) {
    throw new OptionError(
      'batch',
      `${batch / shards} images of [${channels}, ${height}, ${width}] in a shard are ${values} values, more than ${most.shardValues}; take a smaller batch or more shards`,
    )
  }
}

/** The noise of a training: none for an autoencoder, DDPM's linear schedule for all others. */
export const scheduleOf = ({ model, timesteps }: TrainConfig): NoiseSchedule =>
  architectureOf(model).coder === undefined ? linearNoise(timesteps) : noNoise

/** The learning rate of step k = 0, 1, …: linear warm-up, the peak, then the decay. */
export function learningRateAt(config: TrainConfig, k: number): number {
  const { learningRate: peak, warmup, steps, decay, decaySteps } = config
  if (k < warmup) return (peak * (k + 1)) / warmup
  const into = k - (steps - decaySteps)
  if (decay === 'constant' || into < 0) return peak
  const passed = into / decaySteps
  return decay === 'linear' ? peak * (1 - passed) : (peak * (1 + Math.cos(Math.PI * passed))) / 2
}

/** The weight of the old average at step k = 0, 1, …: small at first, so that the start is forgotten. */
export const emaDecayAt = (config: TrainConfig, k: number): number =>
  Math.min(config.emaDecay, (1 + k) / (10 + k))
