import { FileFormatError } from '@tweedie/tensor'
import type { Predicts, TrainedOn } from '../architectures/trained-on.ts'
import type { Fields, Kind } from '../fields.ts'
import { count, field, flag, listOf, nullable, number, objectOf, oneOf, show, whole } from '../fields.ts'
import { limits } from '../limits.ts'

/** What the scheduler of a diffusers pipeline says of its network. */
export interface DiffusersScheduler {
  /** T. */
  readonly timesteps: number
  /** How the βs lie between `betaStart` and `betaEnd`. */
  readonly betaSchedule: 'linear' | 'scaled_linear' | 'squaredcos_cap_v2' | 'sigmoid'
  readonly betaStart: number
  readonly betaEnd: number
  /** The βs themselves, T of them; then the three fields before do not count. */
  readonly trainedBetas: readonly number[] | null
  /** What the network predicts: ε, v = α·ε − σ·x₀, or x₀. */
  readonly prediction: 'epsilon' | 'v_prediction' | 'sample'
  /** x̂₀ is limited to ± this; null for no limit. */
  readonly clip: number | null
  /** Whether the network has twice as many outputs as inputs, the second half for the variance. */
  readonly learnedVariance: boolean
  /** Fields of diffusers' own sampler, with their values: they do not belong to the network. */
  readonly sampler: Fields
}

type Reads = Readonly<Record<string, readonly [kind: Kind<unknown>, fallback: unknown]>>

/** β strictly between 0 and 1. */
const beta: Kind<number> = {
  wants: 'a number between 0 and 1',
  fits: (v): v is number => typeof v === 'number' && v > 0 && v < 1,
}
const anyNumber = number(-Number.MAX_VALUE, Number.MAX_VALUE)

/** Fields on the network, with diffusers' defaults. A field that allows one value refuses all others. */
const network: Reads = {
  num_train_timesteps: [count(limits.timesteps), 1000],
  beta_start: [beta, 1e-4],
  beta_end: [beta, 0.02],
  beta_schedule: [oneOf('linear', 'scaled_linear', 'squaredcos_cap_v2', 'sigmoid'), 'linear'],
  trained_betas: [nullable(listOf(beta, limits.timesteps)), null],
  prediction_type: [oneOf('epsilon', 'v_prediction', 'sample'), 'epsilon'],
  // Of files from before prediction_type.
  predict_epsilon: [oneOf(true, null), null],
  tensor_format: [oneOf('pt', 'np'), 'pt'],
  timestep_values: [oneOf(null), null],
}

/** Fields of the classes that can limit x̂₀. */
const limiting: Reads = {
  clip_sample: [flag, true],
  clip_sample_range: [number(1e-6, 1e6), 1],
  // Limits that depend on the sample are not supported; the two numbers after this one belong to them.
  thresholding: [oneOf(false), false],
  dynamic_thresholding_ratio: [anyNumber, 0.995],
  sample_max_value: [anyNumber, 1],
  // Nothing of the image would be left at the last time: x̂₀ could not be told from ε there.
  rescale_betas_zero_snr: [oneOf(false), false],
}

/** Fields of the sampler alone: which times it visits, how much noise it adds, what it does last. */
const sampler: Reads = {
  timestep_spacing: [oneOf('leading', 'linspace', 'trailing'), undefined],
  steps_offset: [whole(0, limits.timesteps), undefined],
  variance_type: [
    oneOf('fixed_small', 'fixed_small_log', 'fixed_large', 'fixed_large_log', 'learned', 'learned_range'),
    undefined,
  ],
  set_alpha_to_one: [flag, undefined],
  skip_prk_steps: [flag, undefined],
}

const clipping: Reads = { ...network, ...limiting }
/** The fields on the network by class of scheduler. A converted file keeps the fields of its former class. */
const classes: Readonly<Record<string, Reads>> = {
  DDPMScheduler: clipping,
  DDPMParallelScheduler: clipping,
  DDIMScheduler: clipping,
  DDIMParallelScheduler: clipping,
  PNDMScheduler: { ...clipping, clip_sample: [oneOf(false), false] },
}

/**
 * What `scheduler_config.json` of a diffusers pipeline says of the network it was trained with, with diffusers' own
 * defaults. A field that is not known, or that asks for what is not supported, is refused by name and value.
 * @param json - The parsed JSON.
 * @param file - Name of the file, for messages.
 * @throws {FileFormatError} naming the field that does not fit, its value and what would fit.
 * @example
 * ```ts
 * import { diffusersScheduler } from '@tweedie/unet'
 * const json = { _class_name: 'DDPMScheduler', num_train_timesteps: 200, prediction_type: 'v_prediction' }
 * const { timesteps, betaSchedule, prediction, clip } = diffusersScheduler(json)
 * timesteps // => 200
 * betaSchedule // => 'linear'
 * prediction // => 'v_prediction'
 * clip // => 1
 * ```
 */
export function diffusersScheduler(json: unknown, file = 'scheduler_config.json'): DiffusersScheduler {
  const given = objectOf(file, json)
  const name = field(file, given, '_class_name', oneOf(...Object.keys(classes)))
  const fields = classes[name]!
  for (const key of Object.keys(given)) {
    if (key.startsWith('_') || Object.hasOwn(fields, key) || Object.hasOwn(sampler, key)) continue
    throw new FileFormatError(file, `${key}: ${show(given[key])} is not known here for a ${name}`)
  }
  const read = <T>(key: string): T => {
    const [kind, fallback] = fields[key]!
    return field(file, given, key, kind, fallback) as T
  }
  for (const key of Object.keys(fields)) read(key)
  const asked = Object.entries(sampler)
    .filter(([key]) => given[key] !== undefined)
    .map(([key, [kind]]) => [key, field(file, given, key, kind)] as const)
  const timesteps = read<number>('num_train_timesteps')
  const trainedBetas = read<readonly number[] | null>('trained_betas')
  if (trainedBetas !== null && trainedBetas.length !== timesteps) {
    throw new FileFormatError(
      file,
      `trained_betas: has ${trainedBetas.length} values, num_train_timesteps is ${timesteps}`,
    )
  }
  return {
    timesteps,
    betaSchedule: read<DiffusersScheduler['betaSchedule']>('beta_schedule'),
    betaStart: read<number>('beta_start'),
    betaEnd: read<number>('beta_end'),
    trainedBetas,
    prediction: read<DiffusersScheduler['prediction']>('prediction_type'),
    clip: read<boolean>('clip_sample') ? read<number>('clip_sample_range') : null,
    learnedVariance: String(given['variance_type']).startsWith('learned'),
    sampler: Object.fromEntries(asked),
  }
}

/** diffusers' names of what a network predicts. */
const predicts: Readonly<Record<DiffusersScheduler['prediction'], Predicts>> = {
  epsilon: 'epsilon',
  v_prediction: 'v',
  sample: 'x0',
}

/** What a scheduler says that its network was trained on. */
export function schedulerTraining(scheduler: DiffusersScheduler): TrainedOn {
  const { timesteps, betaSchedule: name, betaStart, betaEnd, trainedBetas, prediction, clip } = scheduler
  return {
    schedule:
      trainedBetas === null
        ? { kind: 'diffusers', name, timesteps, betaStart, betaEnd }
        : { kind: 'betas', betas: trainedBetas },
    predicts: predicts[prediction],
    clip,
    learnedVariance: scheduler.learnedVariance,
  }
}

/** What a scheduler says, in a sentence: what of it is used, and what belongs to diffusers' own sampler. */
export function describeScheduler(scheduler: DiffusersScheduler): string {
  const { timesteps, betaSchedule, betaStart, betaEnd, trainedBetas, prediction, clip } = scheduler
  const betas =
    trainedBetas !== null
      ? 'its own βs'
      : betaSchedule === 'squaredcos_cap_v2'
        ? betaSchedule
        : `${betaSchedule} βs from ${betaStart} to ${betaEnd}`
  const limit = clip === null ? 'x̂₀ not clipped' : `x̂₀ clipped to ±${clip}`
  const other = Object.entries(scheduler.sampler).map(([name, value]) => `${name} ${String(value)}`)
  const unused = other.length === 0 ? '' : `; of diffusers' own sampler, not used: ${other.join(', ')}`
  return `${betas}, T = ${timesteps}, predicts ${prediction}, ${limit}${unused}`
}
