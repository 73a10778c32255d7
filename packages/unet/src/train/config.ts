import { predictions } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'
import type { NetworkConfig } from '../architectures/catalog.ts'
import { architectureOf } from '../architectures/catalog.ts'
import type { Predicts } from '../architectures/trained-on.ts'
import { countParams } from '../params.ts'
import type { NoiseLevels, NoiseSchedule } from './schedule.ts'
import { levelNoise, linearNoise, noNoise, straightNoise, trainPaths } from './schedule.ts'
import type { Weighting } from './target.ts'
import { weightings } from './target.ts'

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
  /** T: times are drawn from 0 … T−1, or noise levels from T of them. */
  readonly timesteps: number
  /**
   * The noise levels σ of x = x₀ + σ·ε, told to the network; left out, the noise is that of DDPM's linear schedule over T
   * steps.
   */
  readonly noiseLevels?: NoiseLevels
  /** The path from noise to data: the straight one of flow matching; left out, DDPM's. */
  readonly path?: (typeof trainPaths)[number]
  /** What an error at each noise level weighs; default all the same. */
  readonly weighting?: Weighting
  /**
   * Of networks of three channels: the part of pictures that they are shown in grey, all channels alike and the noise as
   * well. One trained so is a prior of grey pictures too.
   */
  readonly greyPart?: number
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
    predicts:
      options.predicts ??
      (coder === undefined ? (options.noiseLevels === undefined ? 'epsilon' : 'edm') : 'x0'),
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
    ...given(options),
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
  checkNoise(config)
  checkSize(config)
  return config
}

/** Options without a default that every network may have. */
function given({ noiseLevels, path, weighting, greyPart }: TrainOptions): Partial<TrainConfig> {
  return {
    ...(noiseLevels === undefined ? {} : { noiseLevels }),
    ...(path === undefined ? {} : { path }),
    ...(weighting === undefined ? {} : { weighting }),
    ...(greyPart === undefined ? {} : { greyPart }),
  }
}

function checkNoise({ model, predicts, noiseLevels, path, weighting, greyPart }: TrainConfig): void {
  const { coder } = architectureOf(model)
  if (coder !== undefined)
    for (const [name, value] of Object.entries({ noiseLevels, path, weighting }))
      if (value !== undefined)
        throw new OptionError(name, 'is for networks that are shown noise, no autoencoder')
  if (weighting !== undefined && !weightings.includes(weighting))
    throw new OptionError('weighting', `must be ${weightings.join(', ')}, got ${String(weighting)}`)
  if (greyPart !== undefined) {
    if (!(greyPart >= 0 && greyPart <= 1))
      throw new OptionError('greyPart', `must be between 0 and 1, got ${greyPart}`)
    if (model.inChannels !== 3)
      throw new OptionError('greyPart', `is for networks of 3 channels, the model has ${model.inChannels}`)
  }
  if (path !== undefined && !trainPaths.includes(path))
    throw new OptionError('path', `must be ${trainPaths.join(', ')}, got ${String(path)}`)
  if (path !== undefined && noiseLevels !== undefined)
    throw new OptionError(
      'path',
      'is of a signal that fades, and noiseLevels leave it whole; give one of them',
    )
  if (path !== undefined && predicts === 'edm')
    throw new OptionError('predicts', 'edm is of noise levels; on a straight path it must be another')
  if (noiseLevels === undefined) return
  if (predicts === 'v' || predicts === 'flow' || predicts === 'velocity')
    throw new OptionError(
      'predicts',
      `${predicts} is of schedules with a signal that fades; on noiseLevels it must be edm, x0 or epsilon`,
    )
  const { min, max, logMean, logStd } = noiseLevels
  if (!(min > 0 && min < max && max < Infinity))
    throw new OptionError('noiseLevels', `must go from min above 0 to a larger max, got ${min} and ${max}`)
  if ((logMean === undefined) !== (logStd === undefined))
    throw new OptionError('noiseLevels', 'logMean and logStd make a law together; give both or neither')
  if (logMean === undefined || logStd === undefined) return
  if (!(logStd > 0 && Number.isFinite(logStd)))
    throw new OptionError('noiseLevels', `logStd must be above 0, got ${logStd}`)
  if (!(logMean >= Math.log(min) && logMean <= Math.log(max)))
    throw new OptionError(
      'noiseLevels',
      `logMean must lie between log ${min} and log ${max}, ${Math.log(min).toFixed(3)} to ${Math.log(max).toFixed(3)}, got ${logMean}`,
    )
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
  const { coder, needsMore, untrainable, classes } = architectureOf(model)
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
  const more =
    untrainable?.(model) ?? (coder === undefined && labelDrop === undefined ? needsMore?.(model) : undefined)
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

/** The noise of a training: none for an autoencoder, its noise levels, its path, or DDPM's linear schedule. */
export function scheduleOf({ model, timesteps, noiseLevels, path }: TrainConfig): NoiseSchedule {
  if (architectureOf(model).coder !== undefined) return noNoise
  if (path === 'straight') return straightNoise(timesteps)
  return noiseLevels === undefined ? linearNoise(timesteps) : levelNoise(noiseLevels, timesteps)
}

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
