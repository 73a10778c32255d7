import { FileFormatError } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { describeScheduler, diffusersScheduler, schedulerTraining } from './scheduler.ts'

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
  prediction: 'epsilon',
  clip: 1,
  learnedVariance: false,
}

const named = { _class_name: 'DDPMScheduler' }

describe('a scheduler of diffusers', () => {
  test.each([
    ['DDPM', ddpm, defaults],
    ['DDIM', ddim, defaults],
    ['PNDM, which does not clip', pndm, { ...defaults, clip: null }],
  ])('%s: written out, and left to its defaults', (_, json, expected) => {
    const { sampler, ...rest } = diffusersScheduler(json)
    expect(rest).toEqual(expected)
    expect(sampler).toMatchObject({ steps_offset: 0, timestep_spacing: 'leading' })
    expect(diffusersScheduler({ _class_name: json._class_name })).toEqual({ ...expected, sampler: {} })
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
    ['predict_epsilon', true, { prediction: 'epsilon' }],
    ['clip_sample', false, { clip: null }],
    ['clip_sample_range', 3, { clip: 3 }],
    ['variance_type', 'learned_range', { learnedVariance: true }],
    ['variance_type', 'learned', { learnedVariance: true }],
    ['variance_type', 'fixed_large', { learnedVariance: false }],
    ['timestep_spacing', 'trailing', { sampler: { timestep_spacing: 'trailing' } }],
    ['steps_offset', 1, { sampler: { steps_offset: 1 } }],
    ['dynamic_thresholding_ratio', 0.9, {}],
    ['_anything', 'of its own', {}],
  ])('%s %o is read', (field, value, read) => {
    const json = { _class_name: 'DDPMScheduler', [field]: value }
    expect(diffusersScheduler(json)).toMatchObject({ ...defaults, ...read })
  })

  test('fields of a class that the file was converted from', () => {
    expect(diffusersScheduler({ ...pndm, clip_sample: false, steps_offset: 1 })).toMatchObject({ clip: null })
    expect(diffusersScheduler({ ...ddim, variance_type: 'fixed_small' })).toMatchObject(defaults)
  })

  test('βs of its own, as many as steps', () => {
    const json = { ...ddpm, num_train_timesteps: 2, trained_betas: [0.1, 0.2] }
    expect(diffusersScheduler(json)).toMatchObject({ timesteps: 2, trainedBetas: [0.1, 0.2] })
    expect(() => diffusersScheduler({ ...ddpm, trained_betas: [0.1, 0.2] })).toThrow(
      'trained_betas: has 2 values, num_train_timesteps is 1000',
    )
  })

  test.each<[json: unknown, message: string]>([
    [null, 'scheduler_config.json: the whole must be a JSON object, got null'],
    [[], 'the whole must be a JSON object, got []'],
    [{}, "_class_name: is missing; it must be 'DDPMScheduler' or 'DDPMParallelScheduler' or"],
    [{ ...ddpm, _class_name: 'EulerDiscreteScheduler' }, "got 'EulerDiscreteScheduler'"],
    [{ ...ddpm, _class_name: 'toString' }, '_class_name: must be'],
    [{ ...ddpm, rescale_betas_zero_snr: true }, 'rescale_betas_zero_snr: must be false, got true'],
    [{ ...ddpm, thresholding: true }, 'thresholding: must be false, got true'],
    [{ ...ddpm, predict_epsilon: false }, 'predict_epsilon: must be true or null, got false'],
    [
      { ...ddpm, prediction_type: 'flow' },
      "prediction_type: must be 'epsilon' or 'v_prediction' or 'sample', got 'flow'",
    ],
    [
      { ...ddpm, beta_schedule: 'laplace' },
      "beta_schedule: must be 'linear' or 'scaled_linear' or 'squaredcos_cap_v2' or 'sigmoid', got 'laplace'",
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
    [{ ...ddpm, use_karras_sigmas: true }, 'use_karras_sigmas: true is not known here for a DDPMScheduler'],
    [{ ...pndm, clip_sample: true }, 'clip_sample: must be false, got true'],
    [{ ...ddpm, toString: 1 }, 'toString: 1 is not known here'],
  ])('%o is refused by field and value', (json, message) => {
    expect(() => diffusersScheduler(json)).toThrow(message)
    expect(() => diffusersScheduler(json)).toThrow(FileFormatError)
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
    expect(said({ clip_sample: false, timestep_spacing: 'leading', steps_offset: 1 })).toBe(
      "linear βs from 0.0001 to 0.02, T = 1000, predicts epsilon, x̂₀ not clipped; of diffusers' own sampler, not used: timestep_spacing leading, steps_offset 1",
    )
    expect(said({ trained_betas: [0.1], num_train_timesteps: 1 })).toBe(
      'its own βs, T = 1, predicts epsilon, x̂₀ clipped to ±1',
    )
  })
})
