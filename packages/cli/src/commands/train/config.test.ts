import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readText } from '@tweedie/solvers'
import { FileFormatError } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../../testing.test.helper.ts'
import { saveInterval } from './command.ts'
import { readTrainFile } from './config.ts'
import { dataSpecs } from './data-options.ts'
import { nearest } from './unknown-field.ts'

const model = { sampleSize: 8, blockOutChannels: [4, 8], normGroups: 2 }
const diffusers = {
  _class_name: 'UNet2DModel',
  sample_size: 8,
  in_channels: 1,
  out_channels: 1,
  block_out_channels: [4, 8],
  layers_per_block: 1,
  down_block_types: ['DownBlock2D', 'AttnDownBlock2D'],
  up_block_types: ['AttnUpBlock2D', 'UpBlock2D'],
  norm_num_groups: 2,
  attention_head_dim: null,
}

/** What a configuration file with these contents is read as. */
function read(json: unknown, text = JSON.stringify(json)) {
  using folder = temporaryFolder()
  const path = join(folder.path, 'c.json')
  writeFileSync(path, text)
  return readTrainFile(path).config
}

describe('a training configuration', () => {
  test('gives the same model in our form and in that of diffusers', () => {
    expect(read({ model, steps: 3 })).toEqual(read({ model: diffusers, steps: 3 }))
  })

  test('is of the architecture that its model names, or that wrote it', () => {
    const own = { architecture: 'adm', imageSize: 8, modelChannels: 32, channelMult: [1, 2] }
    const guided = {
      image_size: 8,
      in_channels: 3,
      model_channels: 32,
      out_channels: 3,
      num_res_blocks: 2,
      attention_resolutions: [],
      channel_mult: [1, 2],
    }
    const found = read({ model: own, steps: 3, predicts: 'x0' })
    expect(found).toMatchObject({ model: own, predicts: 'x0' })
    expect(found).toEqual(read({ model: guided, steps: 3, predicts: 'x0' }))
    expect(read({ model, steps: 3 })).toMatchObject({ model: { architecture: 'ddpm' }, predicts: 'epsilon' })
  })

  test('has noise levels, a weighting and a part in grey', () => {
    const colour = {
      architecture: 'drunet',
      widths: [4, 8],
      numBlocks: 1,
      sampleSize: [8, 8],
      conditioning: 'gain',
    }
    const given = { noiseLevels: { min: 0.01, max: 10 }, weighting: 'x0', greyPart: 0.25 }
    expect(read({ model: colour, steps: 3, ...given })).toMatchObject({
      ...given,
      predicts: 'edm',
      model: colour,
    })
    const law = { min: 0.01, max: 10, logMean: -1, logStd: 1.2 }
    expect(read({ model, steps: 3, noiseLevels: law }).noiseLevels).toEqual(law)
  })

  test.each<[string, unknown, string]>([
    [
      'an architecture that is none',
      { model: { ...model, architecture: 'vit' }, steps: 3 },
      "architecture: must be one of ddpm, edm, adm, autoencoder, drunet, dncnn, bf_cnn, got 'vit'",
    ],
    [
      'a law of noise levels with a field that is none',
      { model, steps: 3, noiseLevels: { min: 0.1, max: 1, mean: 0 } },
      'noiseLevels.mean: ',
    ],
    ['noise levels in a list', { model, steps: 3, noiseLevels: [0.1, 1] }, 'noiseLevels: must be an object'],
    ['noise levels without an end', { model, steps: 3, noiseLevels: { min: 0.1 } }, 'noiseLevels.max: '],
    ['a weighting that is none', { model, steps: 3, weighting: 'soft' }, 'weighting: '],
    [
      'grey pictures of grey ones',
      { model, steps: 3, greyPart: 0.5 },
      'greyPart: is for networks of 3 channels',
    ],
    ['a target that is none', { model, steps: 3, predicts: 'score' }, 'predicts: '],
    ['null', null, 'the whole: '],
    ['a list', [], 'the whole: must be an object'],
    ['no model', { steps: 3 }, 'model: '],
    ['an empty model', { model: {}, steps: 3 }, 'sampleSize: is missing'],
    ['a model that is a list', { model: [], steps: 3 }, 'model: must be an object'],
    ['no steps', { model }, 'steps: '],
    ['an unknown field', { model, steps: 3, stpes: 4 }, 'stpes: is no field of a training configuration'],
    [
      'an unknown field of the model',
      { model: { ...model, layer: 4 }, steps: 3 },
      "'layer' is no field of a ddpm model",
    ],
    ['no channels', { model: { ...model, blockOutChannels: null }, steps: 3 }, 'blockOutChannels: must be '],
    [
      'an empty list of channels',
      { model: { ...model, blockOutChannels: [] }, steps: 3 },
      'blockOutChannels: ',
    ],
    [
      'channels in words',
      { model: { ...model, blockOutChannels: ['4'] }, steps: 3 },
      'blockOutChannels: must be ',
    ],
    ['attention in words', { model: { ...model, downAttention: 'no' }, steps: 3 }, 'downAttention: must be '],
    ['attention in numbers', { model: { ...model, upAttention: [0, 1] }, steps: 3 }, 'upAttention: must be '],
    ['a size in words', { model: { ...model, sampleSize: '8' }, steps: 3 }, 'sampleSize: must be '],
    ['a size that does not halve', { model: { ...model, sampleSize: 7 }, steps: 3 }, '7 is no multiple of 2'],
    ['a batch of 1e9', { model, steps: 3, batch: 1e9, shards: 1 }, 'batch: must be at most 65536'],
    ['a million shards', { model, steps: 3, batch: 1e6, shards: 1e6 }, 'must be at most 65536'],
    ['1e9 times', { model, steps: 3, timesteps: 1e9 }, 'timesteps: must be at most 100000'],
    ['an infinite rate', '{"model":{},"steps":3,"learningRate":1e999}', 'learningRate: must be finite'],
    ['steps in words', { model, steps: '3' }, 'steps: '],
    ['a fraction of a step', { model, steps: 2.5 }, 'steps: must be an integer'],
    [
      'diffusers without attention types',
      { model: { ...diffusers, down_block_types: 'no' }, steps: 3 },
      'down_block_types: ',
    ],
    ['text', 'model: 3', 'is not JSON'],
  ])('with %s is refused, naming the file and the field', (_, json, message) => {
    const run = () => (typeof json === 'string' ? read(undefined, json) : read(json))
    expect(run).toThrow(FileFormatError)
    expect(run).toThrow(message)
    expect(run).toThrow('c.json: ')
  })
})

test('the interval between saved states is in steps or in time', () => {
  expect(['1', '500', '60s', '5m'].map((text) => readText(saveInterval, text))).toEqual([
    { steps: 1 },
    { steps: 500 },
    { seconds: 60 },
    { seconds: 300 },
  ])
  for (const text of ['0', '0s', '-1', '1.5', '60 s', '5h', '', 's', '1e3', '9999999999']) {
    expect(saveInterval.accepts(readText(saveInterval, text)), text).toBe(false)
  }
})

test('what is held out is a number of images or a part of them; memory has units', () => {
  const { holdOut, memory } = dataSpecs
  expect(['40', '5%', '0.5%', '50%', '0.25'].map((text) => readText(holdOut, text))).toEqual([
    40, 0.05, 0.005, 0.5, 0.25,
  ])
  for (const text of ['0', '0%', '100%', '1.5', '-1', '5 %', 'half', '']) {
    const value = readText(holdOut, text)
    expect(value !== undefined && holdOut.accepts(value), text).toBe(false)
  }
  expect(['0', '500', '2k', '3M', '1g'].map((text) => readText(memory, text))).toEqual([
    0,
    500,
    2 ** 11,
    3 * 2 ** 20,
    2 ** 30,
  ])
  for (const text of ['1.5g', '2t', '-1', '']) expect(readText(memory, text), text).toBeUndefined()
})

test('an unknown field is answered with the nearest one, where there is one', () => {
  const names = ['learningRate', 'steps', 'emaDecay', 'beta1', 'beta2']
  const meant = [
    'learning_rate',
    'LearningRate',
    'lerningRate',
    'step',
    'setps',
    'ema',
    'ema_decay',
    'beta3',
    'x',
    '',
  ]
  expect(meant.map((name) => nearest(name, names))).toEqual([
    ...['learningRate', 'learningRate', 'learningRate', 'steps', 'steps', undefined, 'emaDecay', 'beta1'],
    ...[undefined, undefined],
  ])
  expect(nearest('a'.repeat(1e6), names)).toBeUndefined()
})
