import { FileFormatError, printable } from '@tweedie/tensor'
import type { Fields, Kind } from '../fields.ts'
import { count, field, flag, nullable, number, oneOf, show, whole } from '../fields.ts'
import { limits } from '../limits.ts'

const within = (wants: string, fits: (v: number) => boolean): Kind<number> => ({
  wants,
  fits: (v): v is number => typeof v === 'number' && fits(v),
})

/** β strictly between 0 and 1. */
const beta = within('a number between 0 and 1', (v) => v > 0 && v < 1)
/** βs of which the last may be 1: then nothing is left of x₀ there. */
const betas: Kind<readonly number[]> = {
  wants: `a list of 1 to ${limits.timesteps}, each a number between 0 and 1, the last at most 1`,
  fits: (v): v is readonly number[] =>
    Array.isArray(v) &&
    v.length > 0 &&
    v.length <= limits.timesteps &&
    v.every((b, i) => beta.fits(b) || (b === 1 && i > 0 && i === v.length - 1)),
}

export const varianceTypes = [
  'fixed_small',
  'fixed_small_log',
  'fixed_large',
  'fixed_large_log',
  'learned',
  'learned_range',
] as const

/** Fields that say something here, with the default of most classes. */
export const fields = {
  num_train_timesteps: [count(limits.timesteps), 1000],
  beta_start: [beta, 1e-4],
  beta_end: [beta, 0.02],
  beta_schedule: [
    oneOf('linear', 'scaled_linear', 'squaredcos_cap_v2', 'sigmoid', 'laplace', 'exp'),
    'linear',
  ],
  trained_betas: [nullable(betas), null],
  prediction_type: [oneOf('epsilon', 'v_prediction', 'sample'), 'epsilon'],
  rescale_betas_zero_snr: [flag, false],
  clip_sample: [flag, true],
  clip_sample_range: [number(1e-6, 1e6), 1],
  thresholding: [flag, false],
  dynamic_thresholding_ratio: [within('a number above 0, at most 1', (v) => v > 0 && v <= 1), 0.995],
  sample_max_value: [number(1e-6, 1e6), 1],
  timestep_spacing: [oneOf('leading', 'linspace', 'trailing'), 'leading'],
  steps_offset: [whole(0, limits.timesteps), 0],
  set_alpha_to_one: [flag, true],
  variance_type: [nullable(oneOf(...varianceTypes)), null],
} as const satisfies Readonly<Record<string, readonly [Kind<unknown>, unknown]>>

export type FieldName = keyof typeof fields

/** Whatever stands there. */
const anything: Kind<unknown> = { wants: 'anything', fits: (_): _ is unknown => true }
/** What would make the noise, or what the network predicts, another one. */
const only = (...values: readonly (string | boolean | null)[]): Kind<unknown> => oneOf(...values)

/**
 * Fields that change nothing here, as most are of the solver of their class, which is not used; `only` those values of
 * others that change nothing.
 */
export const others: Readonly<Record<string, Kind<unknown>>> = {
  // Of files from before prediction_type, which is read by it.
  predict_epsilon: nullable(flag),
  tensor_format: only('pt', 'np'),
  timestep_values: only(null),
  // Flow matching: another path, and a network that is told σ.
  use_flow_sigmas: only(false, null),
  use_dynamic_shifting: only(false, null),
  flow_shift: anything,
  time_shift_type: anything,
  shift_terminal: only(null),
  // The network would be told ¼·log σ.
  timestep_type: only('discrete'),
  ...Object.fromEntries(
    [
      ...['skip_prk_steps', 'solver_order', 'algorithm_type', 'solver_type', 'lower_order_final'],
      ...['euler_at_final', 'use_karras_sigmas', 'use_exponential_sigmas', 'use_beta_sigmas'],
      ...['use_lu_lambdas', 'final_sigmas_type', 'lambda_min_clipped', 'interpolation_type', 'sigma_min'],
      ...['sigma_max', 'predict_x0', 'disable_corrector', 'solver_p', 'predictor_order'],
      ...['corrector_order', 'tau_func', 'noise_sampler_seed', 'eta', 'original_inference_steps'],
      ...['timestep_scaling', 'skip_type', 'rho'],
    ].map((name) => [name, anything]),
  ),
}

/** A class of schedulers: which of {@link fields} count in it, and what they are where they are not there. */
export interface SchedulerClass {
  readonly counts: readonly FieldName[]
  readonly defaults?: Partial<Record<FieldName, unknown>>
  /** Whether its sampler is one of ours, step for step. */
  readonly sampler?: 'ddpm' | 'ddim'
}

const noise = [
  ...(['num_train_timesteps', 'beta_start', 'beta_end', 'beta_schedule'] as const),
  ...(['trained_betas', 'prediction_type'] as const),
] as const satisfies FieldName[]
const grid = ['timestep_spacing', 'steps_offset'] as const satisfies FieldName[]
const clip = ['clip_sample', 'clip_sample_range'] as const satisfies FieldName[]
const threshold = [
  'thresholding',
  'dynamic_thresholding_ratio',
  'sample_max_value',
] as const satisfies FieldName[]
const zero = 'rescale_betas_zero_snr'
const linspace = { timestep_spacing: 'linspace' } as const
/** Those that k-diffusion has them for. */
const latent = { ...linspace, beta_start: 0.00085, beta_end: 0.012 } as const

const ddpm: SchedulerClass = {
  counts: [...noise, ...grid, ...clip, ...threshold, zero, 'variance_type'],
  defaults: { variance_type: 'fixed_small' },
  sampler: 'ddpm',
}
const ddim: SchedulerClass = {
  counts: [...noise, ...grid, ...clip, ...threshold, zero, 'set_alpha_to_one'],
  sampler: 'ddim',
}
const euler: SchedulerClass = { counts: [...noise, ...grid, zero], defaults: linspace }
const solver: SchedulerClass = { counts: [...noise, ...grid, ...threshold], defaults: linspace }
const kdpm: SchedulerClass = { counts: [...noise, ...grid], defaults: latent }

/** The classes of diffusers whose networks are asked as DDPM's are. */
export const classes: Readonly<Record<string, SchedulerClass>> = {
  DDPMScheduler: ddpm,
  DDPMParallelScheduler: ddpm,
  DDIMScheduler: ddim,
  DDIMParallelScheduler: ddim,
  PNDMScheduler: { counts: [...noise, ...grid, 'set_alpha_to_one'], defaults: { set_alpha_to_one: false } },
  RePaintScheduler: { counts: [...noise, 'clip_sample'] },
  DPMSolverMultistepScheduler: { counts: [...solver.counts, zero, 'variance_type'], defaults: linspace },
  DPMSolverSinglestepScheduler: {
    counts: [...noise, ...threshold, 'variance_type'],
    defaults: linspace,
  },
  DEISMultistepScheduler: solver,
  UniPCMultistepScheduler: { counts: [...solver.counts, zero], defaults: linspace },
  SASolverScheduler: { counts: [...solver.counts, 'variance_type'], defaults: linspace },
  EulerDiscreteScheduler: euler,
  EulerAncestralDiscreteScheduler: euler,
  LMSDiscreteScheduler: { counts: [...noise, ...grid], defaults: linspace },
  HeunDiscreteScheduler: {
    counts: [...noise, ...grid, ...clip],
    defaults: { ...latent, clip_sample: false },
  },
  KDPM2DiscreteScheduler: kdpm,
  KDPM2AncestralDiscreteScheduler: kdpm,
  DPMSolverSDEScheduler: kdpm,
}

/** Classes whose networks are asked otherwise, and why they are not read. */
export const refusedClasses: Readonly<Record<string, string>> = {
  LCMScheduler: 'its networks are distilled to a few steps, which predict no E[x₀ | x_t]',
  TCDScheduler: 'its networks are distilled to a few steps, which predict no E[x₀ | x_t]',
  CMStochasticIterativeScheduler: 'its networks are consistency models, which predict no E[x₀ | x_t]',
  UnCLIPScheduler: 'its networks are told an embedding of a text',
  IPNDMScheduler: 'its noise schedule is one of its own',
  VQDiffusionScheduler: 'its networks are of discrete codes',
  DDPMWuerstchenScheduler: 'its networks are of codes of pictures, on a continuous schedule',
  DDIMInverseScheduler: 'it goes from pictures to noise; take the DDIMScheduler it was made of',
  DPMSolverMultistepInverseScheduler:
    'it goes from pictures to noise; take the DPMSolverMultistepScheduler it was made of',
  CosineDPMSolverMultistepScheduler: 'its networks are of sound',
}

/** @throws {FileFormatError} for a field that is none of some kinds, or does not fit its own. */
export function requireKnown(
  given: Fields,
  kinds: Readonly<Record<string, Kind<unknown>>>,
  name: string,
  file: string,
): void {
  for (const key of Object.keys(given)) {
    if (key.startsWith('_')) continue
    if (!Object.hasOwn(kinds, key))
      throw new FileFormatError(
        file,
        `${printable(key, 80)}: ${show(given[key])} is not known here for a ${name}`,
      )
    field(file, given, key, kinds[key]!)
  }
}

/** All fields that may stand in the file of one of {@link classes}. */
export const knownKinds: Readonly<Record<string, Kind<unknown>>> = {
  ...others,
  ...Object.fromEntries(Object.entries(fields).map(([name, [kind]]) => [name, kind])),
}

/** A value as a note would have it. */
export const inWords = (fields: Readonly<Record<string, unknown>>): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : show(value)}`)
    .join(', ')
