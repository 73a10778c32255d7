import { FileFormatError } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { diffusersScheduler, schedulerTraining } from './scheduler.ts'
import { describeScheduler } from './scheduler-words.ts'
import { toldScheduler } from './told-scheduler.ts'

/** As diffusers 0.42 writes them, every field at its default. */
const ddpm = {
  _class_name: 'DDPMScheduler',
  _diffusers_version: '0.42.1',
  beta_end: 0.02,
  beta_schedule: 'linear',
  beta_start: 0.0001,
  clip_sample: true,
  clip_sample_range: 1,
  dynamic_thresholding_ratio: 0.995,
  num_train_timesteps: 1000,
  prediction_type: 'epsilon',
  rescale_betas_zero_snr: false,
  sample_max_value: 1,
  steps_offset: 0,
  thresholding: false,
  timestep_spacing: 'leading',
  trained_betas: null,
  variance_type: 'fixed_small',
}
const { variance_type: _, ...common } = ddpm
const ddim = { ...common, _class_name: 'DDIMScheduler', set_alpha_to_one: true }
const pndm = {
  _class_name: 'PNDMScheduler',
  beta_end: 0.02,
  beta_schedule: 'linear',
  beta_start: 0.0001,
  num_train_timesteps: 1000,
  prediction_type: 'epsilon',
  set_alpha_to_one: false,
  skip_prk_steps: false,
  steps_offset: 0,
  timestep_spacing: 'leading',
  trained_betas: null,
}
const defaults = {
  timesteps: 1000,
  betaSchedule: 'linear',
  betaStart: 1e-4,
  betaEnd: 0.02,
  trainedBetas: null,
  zeroSnr: false,
  prediction: 'epsilon',
  clip: 1,
  thresholding: null,
  grid: { spacing: 'leading', offset: 0, last: 'clean' },
  variance: 'small',
  notUsed: {},
}
/** Those that say the same as DDPM's: what they leave open, and what they say otherwise. */
const own = {
  DDPMScheduler: { ...defaults, learnedVariance: false },
  DDIMScheduler: { ...defaults, learnedVariance: undefined },
  PNDMScheduler: {
    ...defaults,
    learnedVariance: undefined,
    clip: null,
    grid: { ...defaults.grid, last: 'index-0' },
  },
}

const named = { _class_name: 'DDPMScheduler' }

describe('a scheduler of diffusers', () => {
  test.each([
    ['DDPM', ddpm],
    ['DDIM', ddim],
    ['PNDM, which does not clip', pndm],
  ])('%s: written out, and left to its defaults', (_, json) => {
    const name = json._class_name as keyof typeof own
    expect(diffusersScheduler(json)).toEqual({ name, ...own[name] })
    expect(diffusersScheduler({ _class_name: name })).toEqual({ name, ...own[name] })
  })

  test.each<[field: string, value: unknown, read: object]>([
    ['num_train_timesteps', 200, { timesteps: 200 }],
    ['beta_start', 0.00085, { betaStart: 0.00085 }],
    ['beta_end', 0.012, { betaEnd: 0.012 }],
    ['beta_schedule', 'scaled_linear', { betaSchedule: 'scaled_linear' }],
    ['beta_schedule', 'squaredcos_cap_v2', { betaSchedule: 'squaredcos_cap_v2' }],
    ['beta_schedule', 'sigmoid', { betaSchedule: 'sigmoid' }],
    ['prediction_type', 'v_prediction', { prediction: 'v_prediction' }],
    ['prediction_type', 'sample', { prediction: 'sample' }],
    ['beta_schedule', 'laplace', { betaSchedule: 'laplace' }],
    ['beta_schedule', 'exp', { betaSchedule: 'exp' }],
    ['rescale_betas_zero_snr', true, { zeroSnr: true }],
    ['predict_epsilon', true, { prediction: 'epsilon' }],
    ['predict_epsilon', false, { prediction: 'sample' }],
    ['clip_sample', false, { clip: null }],
    ['clip_sample_range', 3, { clip: 3 }],
    ['thresholding', true, { clip: null, thresholding: { ratio: 0.995, most: 1 } }],
    ['variance_type', 'fixed_small_log', { variance: 'small' }],
    ['variance_type', 'fixed_large', { variance: 'large' }],
    ['variance_type', 'fixed_large_log', { variance: 'large' }],
    ['variance_type', 'learned', { variance: 'learned', learnedVariance: true }],
    ['variance_type', 'learned_range', { variance: 'learned-range', learnedVariance: true }],
    ['timestep_spacing', 'trailing', { grid: { ...defaults.grid, spacing: 'trailing' } }],
    ['steps_offset', 1, { grid: { ...defaults.grid, offset: 1 } }],
    ['use_karras_sigmas', true, { notUsed: { use_karras_sigmas: true } }],
    ['solver_order', 3, { notUsed: { solver_order: 3 } }],
    ['set_alpha_to_one', false, { grid: defaults.grid }],
    ['dynamic_thresholding_ratio', 0.9, {}],
    ['_anything', 'of its own', {}],
  ])('%s %o is read', (field, value, read) => {
    const json = { _class_name: 'DDPMScheduler', [field]: value }
    const { notUsed: _, ...rest } = defaults
    expect(diffusersScheduler(json)).toMatchObject({ ...rest, ...read })
  })

  test('fields of a class that the file was converted from', () => {
    expect(diffusersScheduler({ ...pndm, clip_sample: false, steps_offset: 1 })).toMatchObject({ clip: null })
    const { notUsed, ...rest } = diffusersScheduler({ ...ddim, variance_type: 'fixed_large' })
    expect(rest).toMatchObject({ learnedVariance: false, variance: 'large' })
    expect(notUsed).toEqual({ variance_type: 'fixed_large' })
    expect(diffusersScheduler({ ...pndm, clip_sample: true, skip_prk_steps: true })).toMatchObject({
      clip: null,
      notUsed: { clip_sample: true, skip_prk_steps: true },
    })
  })

  test('βs of its own, as many as steps', () => {
    const json = { ...ddpm, num_train_timesteps: 2, trained_betas: [0.1, 0.2] }
    expect(diffusersScheduler(json)).toMatchObject({ timesteps: 2, trainedBetas: [0.1, 0.2] })
    expect(() => diffusersScheduler({ ...ddpm, trained_betas: [0.1, 0.2] })).toThrow(
      'trained_betas: has 2 values, num_train_timesteps is 1000',
    )
    const ending = { ...ddpm, num_train_timesteps: 2, trained_betas: [0.1, 1] }
    expect(diffusersScheduler(ending)).toMatchObject({ trainedBetas: [0.1, 1] })
    expect(() => diffusersScheduler({ ...ending, trained_betas: [1, 0.1] })).toThrow('the last at most 1')
    expect(() => diffusersScheduler({ ...ending, num_train_timesteps: 1, trained_betas: [1] })).toThrow(
      FileFormatError,
    )
  })

  test.each<[json: unknown, message: string]>([
    [null, 'scheduler_config.json: the whole must be a JSON object, got null'],
    [[], 'the whole must be a JSON object, got []'],
    [{}, '_class_name: is missing; it must be a text'],
    [{ ...ddpm, _class_name: 7 }, '_class_name: must be a text, got 7'],
    [
      { ...ddpm, _class_name: 'MyScheduler' },
      "_class_name: 'MyScheduler' is no scheduler that is read; read are DDPM",
    ],
    [{ ...ddpm, _class_name: 'LCMScheduler' }, 'its networks are distilled to a few steps'],
    [{ ...ddpm, _class_name: 'KarrasVeScheduler' }, 'a KarrasVeScheduler has noise levels, and no βs'],
    [{ ...ddpm, _class_name: 'toString' }, "'toString' is no scheduler that is read"],
    [
      { ...ddpm, num_train_timesteps: 1, rescale_betas_zero_snr: true },
      'rescale_betas_zero_snr: needs num_train_timesteps of at least 2, got 1',
    ],
    [{ ...ddpm, predict_epsilon: false }, "predict_epsilon: false contradicts prediction_type 'epsilon'"],
    [{ ...ddpm, predict_epsilon: 1 }, 'predict_epsilon: must be true or false, or null, got 1'],
    [{ ...ddpm, use_flow_sigmas: true }, 'use_flow_sigmas: must be false or null, got true'],
    [{ ...ddpm, timestep_type: 'continuous' }, "timestep_type: must be 'discrete', got 'continuous'"],
    [{ ...ddpm, timestep_values: [1] }, 'timestep_values: must be null, got [1]'],
    [{ ...ddpm, dynamic_thresholding_ratio: 0 }, 'dynamic_thresholding_ratio: must be a number above 0'],
    [{ ...ddpm, sample_max_value: -1 }, 'sample_max_value: must be a number from'],
    [{ ...ddpm, rescale_betas_zero_snr: 1 }, 'rescale_betas_zero_snr: must be true or false, got 1'],
    [
      { ...ddpm, prediction_type: 'flow' },
      "prediction_type: must be 'epsilon' or 'v_prediction' or 'sample', got 'flow'",
    ],
    [
      { ...ddpm, beta_schedule: 'cosine' },
      "beta_schedule: must be 'linear' or 'scaled_linear' or 'squaredcos_cap_v2' or 'sigmoid' or 'laplace' or 'exp', got 'cosine'",
    ],
    [{ ...ddpm, beta_start: 0 }, 'beta_start: must be a number between 0 and 1, got 0'],
    [{ ...ddpm, beta_end: 1.5 }, 'beta_end: must be a number between 0 and 1, got 1.5'],
    [
      { ...ddpm, num_train_timesteps: 1e9 },
      'num_train_timesteps: must be a whole number from 1 to 100000, got 1000000000',
    ],
    [{ ...ddpm, num_train_timesteps: 0 }, 'got 0'],
    [{ ...ddpm, clip_sample: 'yes' }, "clip_sample: must be true or false, got 'yes'"],
    [{ ...ddpm, clip_sample_range: 0 }, 'clip_sample_range: must be a number from'],
    [{ ...ddpm, variance_type: 'huge' }, "variance_type: must be 'fixed_small' or"],
    [
      { ...ddpm, timestep_spacing: 'random' },
      "timestep_spacing: must be 'leading' or 'linspace' or 'trailing', got 'random'",
    ],
    [{ ...ddpm, trained_betas: [0.1, 'x'] }, 'trained_betas: must be a list of 1 to 100000'],
    [{ ...ddpm, use_karras_noise: true }, 'use_karras_noise: true is not known here for a DDPMScheduler'],
    [{ ...pndm, clip_sample: 'no' }, "clip_sample: must be true or false, got 'no'"],
    [{ ...ddpm, toString: 1 }, 'toString: 1 is not known here'],
  ])('%o is refused by field and value', (json, message) => {
    expect(() => diffusersScheduler(json)).toThrow(message)
    expect(() => diffusersScheduler(json)).toThrow(FileFormatError)
  })
})

describe('other classes', () => {
  const read = (name: string, fields: object = {}) => diffusersScheduler({ _class_name: name, ...fields })

  test.each([
    'DPMSolverMultistepScheduler',
    'DPMSolverSinglestepScheduler',
    'DEISMultistepScheduler',
    'UniPCMultistepScheduler',
    'SASolverScheduler',
    'EulerDiscreteScheduler',
    'EulerAncestralDiscreteScheduler',
    'LMSDiscreteScheduler',
  ])("%s: DDPM's βs, x̂₀ not clipped", (name) => {
    const grid = { spacing: 'linspace', offset: 0, last: 'clean' }
    expect(read(name)).toEqual({ ...defaults, name, clip: null, grid, learnedVariance: undefined })
    expect(read(name, { clip_sample: true })).toMatchObject({ clip: null, notUsed: { clip_sample: true } })
  })

  test.each([
    'HeunDiscreteScheduler',
    'KDPM2DiscreteScheduler',
    'KDPM2AncestralDiscreteScheduler',
    'DPMSolverSDEScheduler',
  ])('%s: the βs of latent diffusion', (name) => {
    expect(read(name)).toMatchObject({
      betaStart: 0.00085,
      betaEnd: 0.012,
      betaSchedule: 'linear',
      clip: null,
    })
  })

  test('thresholding and clipping where their class has them', () => {
    const thresholding = { thresholding: true, dynamic_thresholding_ratio: 0.9, sample_max_value: 2 }
    expect(read('UniPCMultistepScheduler', thresholding).thresholding).toEqual({ ratio: 0.9, most: 2 })
    expect(read('EulerDiscreteScheduler', thresholding)).toMatchObject({
      thresholding: null,
      notUsed: thresholding,
    })
    expect(read('HeunDiscreteScheduler', { clip_sample: true, clip_sample_range: 2 }).clip).toBe(2)
    expect(read('RePaintScheduler').clip).toBe(1)
    expect(read('RePaintScheduler', { clip_sample: false }).clip).toBeNull()
  })

  test('what DPM-Solver says of a learned variance', () => {
    expect(read('DPMSolverMultistepScheduler').learnedVariance).toBeUndefined()
    const learned = read('DPMSolverMultistepScheduler', { variance_type: 'learned_range' })
    expect(learned).toMatchObject({ learnedVariance: true, variance: 'learned-range' })
  })
})

describe('what a network was trained on', () => {
  const training = (fields: object) => schedulerTraining(diffusersScheduler({ ...named, ...fields }))

  test('is the schedule by name with its ends, or the βs themselves', () => {
    expect(training({ beta_schedule: 'sigmoid', beta_start: 0.001, num_train_timesteps: 50 })).toEqual({
      schedule: { kind: 'diffusers', name: 'sigmoid', timesteps: 50, betaStart: 0.001, betaEnd: 0.02 },
      predicts: 'epsilon',
      clip: 1,
      learnedVariance: false,
      pipeline: { grid: { spacing: 'leading', offset: 0, last: 'clean' }, variance: 'small' },
    })
    expect(training({ rescale_betas_zero_snr: true }).schedule).toMatchObject({ zeroSnr: true })
    expect(training({ thresholding: true, sample_max_value: 3 })).toMatchObject({
      clip: null,
      thresholding: { ratio: 0.995, most: 3 },
    })
    expect(training({ trained_betas: [0.1, 0.2], num_train_timesteps: 2 }).schedule).toEqual({
      kind: 'betas',
      betas: [0.1, 0.2],
    })
  })

  test.each([
    ['epsilon', 'epsilon'],
    ['v_prediction', 'v'],
    ['sample', 'x0'],
  ])('%s is %s', (prediction_type, predicts) => {
    expect(training({ prediction_type }).predicts).toBe(predicts)
  })

  test('is said in a sentence', () => {
    const said = (fields: object) => describeScheduler(diffusersScheduler({ ...named, ...fields }))
    expect(
      said({ clip_sample: false, steps_offset: 1, use_karras_sigmas: true, skip_prk_steps: false }),
    ).toBe(
      'DDPMScheduler: linear βs from 0.0001 to 0.02, T = 1000, predicts epsilon, x̂₀ not clipped; samples at leading times + 1, variance small; not used: use_karras_sigmas true',
    )
    expect(said({ trained_betas: [0.1], num_train_timesteps: 1, variance_type: 'learned_range' })).toBe(
      'DDPMScheduler: its own βs, T = 1, predicts epsilon, x̂₀ clipped to ±1; samples at leading times, variance learned-range',
    )
    expect(
      said({
        _class_name: 'DDIMScheduler',
        beta_schedule: 'squaredcos_cap_v2',
        thresholding: true,
        set_alpha_to_one: false,
      }),
    ).toBe(
      'DDIMScheduler: squaredcos_cap_v2, T = 1000, predicts epsilon, x̂₀ limited by its quantile 0.995, at most 1; samples at leading times, ending at the noise of t = 0, variance small',
    )
    expect(said({ rescale_betas_zero_snr: true })).toContain('rescaled to end in pure noise')
  })
})

describe('a scheduler of noise levels', () => {
  const said = (told: string) => toldScheduler(told)

  test('says in words what it is, and what of it is not used', () => {
    expect(said('EDMEulerScheduler:rho=5,prediction_type=v_prediction').words).toBe(
      'EDMEulerScheduler: sigma_min 0.002, sigma_max 80, sigma_data 0.5, prediction_type v_prediction; told ¼·log σ, predicts what is left of x₀ after c_skip·x (arXiv 2206.00364), x̂₀ not clipped; not used: rho 5',
    )
    expect(said('ScoreSdeVeScheduler').trainedOn.schedule).toEqual({
      kind: 'edm',
      sigmaMin: 0.02,
      sigmaMax: 2696,
    })
  })

  test.each([
    ['EDMEulerScheduler:beta_start=0.1', 'beta_start: 0.1 is not known here for a EDMEulerScheduler'],
    ['EDMDPMSolverMultistepScheduler:thresholding=true', 'thresholding: must be false, got true'],
    ['EDMEulerScheduler:prediction_type=sample', "prediction_type: must be 'epsilon' or 'v_prediction'"],
    ['KarrasVeScheduler:sigma_min=-1', 'sigma_min: must be a number from'],
    ['KarrasVeScheduler:sigma_min=200', 'sigma_min: 200 is above sigma_max, 100'],
    ['ScoreSdeVpScheduler:beta_max=0.05', 'beta_min: 0.1 is above beta_max, 0.05'],
  ])('%s is refused', (told, message) => {
    expect(() => said(told)).toThrow(message)
    expect(() => said(told)).toThrow(FileFormatError)
  })
})
