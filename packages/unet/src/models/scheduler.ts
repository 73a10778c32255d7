import type { PipelineGrid, PipelineVariance } from '@tweedie/solvers'
import { FileFormatError } from '@tweedie/tensor'
import type { Predicts, TrainedOn } from '../architectures/trained-on.ts'
import type { Fields } from '../fields.ts'
import { field, objectOf, oneOf, show, text } from '../fields.ts'
import { flowClasses } from './flow-scheduler.ts'
import { levelClasses } from './level-scheduler.ts'
import type { FieldName, varianceTypes } from './scheduler-fields.ts'
import { classes, fields, knownKinds, refusedClasses, requireKnown } from './scheduler-fields.ts'

/** What the scheduler of a diffusers pipeline says of its network, and how it samples. */
export interface DiffusersScheduler {
  /** Its class, such as `DDPMScheduler`. */
  readonly name: string
  /** T. */
  readonly timesteps: number
  /** How the βs lie between `betaStart` and `betaEnd`. */
  readonly betaSchedule: 'linear' | 'scaled_linear' | 'squaredcos_cap_v2' | 'sigmoid' | 'laplace' | 'exp'
  readonly betaStart: number
  readonly betaEnd: number
  /** The βs themselves, T of them; then the three fields before do not count. */
  readonly trainedBetas: readonly number[] | null
  /** Whether the βs are rescaled so that nothing is left of x₀ at the last time. */
  readonly zeroSnr: boolean
  /** What the network predicts: ε, v = α·ε − σ·x₀, or x₀. */
  readonly prediction: 'epsilon' | 'v_prediction' | 'sample'
  /** x̂₀ is limited to ± this; null for no limit, or for that of `thresholding`. */
  readonly clip: number | null
  /** x̂₀ is limited by the quantile `ratio` of its absolute values, at most `most`; null where it is not. */
  readonly thresholding: { readonly ratio: number; readonly most: number } | null
  /** Whether half of the network's outputs are for the variance; undefined where the class does not say it. */
  readonly learnedVariance: boolean | undefined
  /** The times that its pipeline visits. */
  readonly grid: PipelineGrid
  /** The variance of its ancestral steps. */
  readonly variance: PipelineVariance
  /** Fields that change nothing here: of a solver that is not ours, or left over from another class. */
  readonly notUsed: Fields
}

const variances: Readonly<Record<(typeof varianceTypes)[number], PipelineVariance>> = {
  fixed_small: 'small',
  fixed_small_log: 'small',
  fixed_large: 'large',
  fixed_large_log: 'large',
  learned: 'learned',
  learned_range: 'learned-range',
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
  const given = withoutEpsilonFlag(objectOf(file, json), file)
  const name = className(given, file)
  const { counts, defaults = {} } = classes[name]!
  requireKnown(given, knownKinds, name, file)
  /** A field that counts, or its default; of one that the class does not have what it always is. */
  const read = <T>(key: FieldName): T | undefined => {
    if (!counts.includes(key)) return defaults[key] as T | undefined
    const [kind, fallback] = fields[key]
    return field<unknown>(file, given, key, kind, defaults[key] ?? fallback) as T
  }
  const timesteps = read<number>('num_train_timesteps')!
  const trainedBetas = read<readonly number[] | null>('trained_betas')!
  if (trainedBetas !== null && trainedBetas.length !== timesteps)
    throw new FileFormatError(
      file,
      `trained_betas: has ${trainedBetas.length} values, num_train_timesteps is ${timesteps}`,
    )
  const zeroSnr = read<boolean>('rescale_betas_zero_snr') ?? false
  if (zeroSnr && timesteps < 2)
    throw new FileFormatError(file, 'rescale_betas_zero_snr: needs num_train_timesteps of at least 2, got 1')
  const thresholding = read<boolean>('thresholding') === true
  const clips = !thresholding && read<boolean>('clip_sample') === true
  // A DDIM file that was made of DDPM's still tells by it what the network has.
  const variance = given['variance_type'] ?? read('variance_type') ?? null
  return {
    name,
    timesteps,
    betaSchedule: read<DiffusersScheduler['betaSchedule']>('beta_schedule')!,
    betaStart: read<number>('beta_start')!,
    betaEnd: read<number>('beta_end')!,
    trainedBetas,
    zeroSnr,
    prediction: read<DiffusersScheduler['prediction']>('prediction_type')!,
    clip: clips ? (read<number>('clip_sample_range') ?? 1) : null,
    thresholding: thresholding
      ? { ratio: read<number>('dynamic_thresholding_ratio')!, most: read<number>('sample_max_value')! }
      : null,
    learnedVariance: variance === null ? undefined : String(variance).startsWith('learned'),
    grid: {
      spacing: read<PipelineGrid['spacing']>('timestep_spacing') ?? 'leading',
      offset: read<number>('steps_offset') ?? 0,
      last: read<boolean>('set_alpha_to_one') === false ? 'index-0' : 'clean',
    },
    variance: variance === null ? 'small' : variances[variance as (typeof varianceTypes)[number]],
    notUsed: Object.fromEntries(
      Object.entries(given).filter(
        ([key, value]) =>
          !(key.startsWith('_') || (counts as readonly string[]).includes(key) || inert(value)),
      ),
    ),
  }
}

/** What says nothing of interest: off, or not there. */
const inert = (value: unknown): boolean =>
  value === false || value === null || (Array.isArray(value) && value.length === 0)

/** Classes that `saidByScheduler` reads by themselves. */
const withoutBetas: readonly string[] = [...flowClasses, ...levelClasses]

/** The class of a file. @throws {FileFormatError} where it is none that is read, with the reason where there is one. */
function className(given: Fields, file: string): string {
  const name = field(file, given, '_class_name', text)
  if (Object.hasOwn(classes, name)) return name
  if (withoutBetas.includes(name))
    throw new FileFormatError(file, `_class_name: a ${name} has noise levels, and no βs`)
  const why = Object.hasOwn(refusedClasses, name) ? `; ${refusedClasses[name]}` : ''
  const read = [...Object.keys(classes), ...withoutBetas].join(', ')
  throw new FileFormatError(
    file,
    `_class_name: ${show(name)} is no scheduler that is read${why}; read are ${read}`,
  )
}

/**
 * A file's fields with `predict_epsilon`, of before there was `prediction_type`, as that.
 * @throws {FileFormatError} where the two contradict each other.
 */
function withoutEpsilonFlag(given: Fields, file: string): Fields {
  const old = given['predict_epsilon']
  if (typeof old !== 'boolean') return given
  const { predict_epsilon: _, ...rest } = given
  const means = old ? 'epsilon' : 'sample'
  const said = field(file, given, 'prediction_type', oneOf('epsilon', 'v_prediction', 'sample'), means)
  if (said === means) return { ...rest, prediction_type: means }
  throw new FileFormatError(file, `predict_epsilon: ${old} contradicts prediction_type ${show(said)}`)
}

/** diffusers' names of what a network predicts. */
const predicts: Readonly<Record<DiffusersScheduler['prediction'], Predicts>> = {
  epsilon: 'epsilon',
  v_prediction: 'v',
  sample: 'x0',
}

/** What a scheduler says that its network was trained on, and how its pipeline samples. */
export function schedulerTraining(scheduler: DiffusersScheduler): TrainedOn {
  const { timesteps, betaSchedule: name, betaStart, betaEnd, trainedBetas, zeroSnr } = scheduler
  const { thresholding, learnedVariance, grid, variance } = scheduler
  const rescaled = zeroSnr ? { zeroSnr } : {}
  return {
    schedule:
      trainedBetas === null
        ? { kind: 'diffusers', name, timesteps, betaStart, betaEnd, ...rescaled }
        : { kind: 'betas', betas: trainedBetas, ...rescaled },
    predicts: predicts[scheduler.prediction],
    clip: scheduler.clip,
    ...(thresholding && { thresholding }),
    ...(learnedVariance === undefined ? {} : { learnedVariance }),
    pipeline: { grid, variance },
  }
}
