// Configurations as the scripts of guided-diffusion keep them: flags, or a whole command line.
import { describe, expect, test } from 'vitest'
import { adm } from './architecture.ts'
import type { AdmConfig } from './config.ts'
import { admConfig } from './config.ts'
import { admFormat } from './format.ts'
import { admConfigFromGuided } from './guided.ts'

const guided = {
  image_size: 8,
  in_channels: 3,
  model_channels: 32,
  out_channels: 3,
  num_res_blocks: 1,
  attention_resolutions: [],
  channel_mult: [1, 2],
}

/** What is told does not depend on it. */
const anyConfig = admConfig({ imageSize: 32, modelChannels: 32 })

/** As DPS keeps them for its networks of faces and of ImageNet. */
const flags = {
  image_size: 256,
  num_channels: 128,
  num_res_blocks: 1,
  channel_mult: '',
  learn_sigma: true,
  class_cond: false,
  use_checkpoint: false,
  attention_resolutions: 16,
  num_heads: 4,
  num_head_channels: 64,
  num_heads_upsample: -1,
  use_scale_shift_norm: true,
  dropout: 0,
  resblock_updown: true,
  use_fp16: false,
  use_new_attention_order: false,
  model_path: 'ffhq_10m.pt',
}

describe("the flags of guided-diffusion's scripts", () => {
  const published = admConfig({
    imageSize: 256,
    modelChannels: 128,
    numResBlocks: 1,
    outChannels: 6,
    attentionResolutions: [16],
    channelMult: [1, 1, 2, 2, 4, 4],
    numHeads: 4,
    numHeadChannels: 64,
    useScaleShiftNorm: true,
    resblockUpdown: true,
  })
  test.each<[object, object]>([
    [{}, {}],
    [
      { attention_resolutions: '32,16,8', num_res_blocks: 2 },
      { attentionResolutions: [8, 16, 32], numResBlocks: 2 },
    ],
    [
      { class_cond: true, learn_sigma: false },
      { numClasses: 1000, outChannels: 3 },
    ],
    [
      { image_size: 64, attention_resolutions: '32,16,8' },
      { imageSize: 64, channelMult: [1, 2, 3, 4], attentionResolutions: [2, 4, 8] },
    ],
    [
      { image_size: 512 },
      { imageSize: 512, channelMult: [0.5, 1, 1, 2, 2, 4, 4], attentionResolutions: [32] },
    ],
    [
      { image_size: 32, channel_mult: '1,2' },
      { imageSize: 32, channelMult: [1, 2], attentionResolutions: [2] },
    ],
    [
      { diffusion_steps: 1000, noise_schedule: 'linear', rescale_timesteps: true, timestep_respacing: '250' },
      {},
    ],
    [{ diffusion_steps: 4000, rescale_timesteps: true, noise_schedule: 'cosine' }, { timeScale: 0.25 }],
    [{ diffusion_steps: 4000, predict_xstart: true, batch_size: 4, use_ddim: 'True' }, {}],
  ])('with %o', (change, expected) => {
    expect(admConfigFromGuided({ ...flags, ...change })).toEqual({ ...published, ...expected })
  })

  test.each<[object, string]>([
    [
      { image_size: 48 },
      'channel_mult: must be given for image_size 48; it has usual values for 64, 128, 256, 512',
    ],
    [{ noise_schedule: 'sigmoid' }, "noise_schedule: must be 'linear' or 'cosine', got 'sigmoid'"],
    [{ diffusion_steps: 0 }, 'diffusion_steps: must be a whole number from 1'],
    [{ predict_xstart: 1 }, 'predict_xstart: must be true or false, got 1'],
    [
      { large_size: 256, small_size: 64 },
      'large_size: is a setting of guided-diffusion, of its SuperResModel',
    ],
    [{ classifier_scale: 1 }, 'classifier_scale: is a setting of guided-diffusion, of its classifier'],
    [
      { attention_resolutions: 'all' },
      `attention_resolutions: must be whole numbers such as "16,8", got 'all'`,
    ],
    [{ attention_resolutions: undefined }, 'attention_resolutions: must be whole numbers'],
    [{ channel_mult: '1,,2' }, `channel_mult: must be whole numbers such as "16,8", got '1,,2'`],
    [{ num_channels: 1e9 }, 'num_channels: must be a whole number from 1 to 65536'],
    [{ class_cond: 3 }, 'class_cond: must be true or false, got 3'],
    [{ magic: 1 }, "'magic' is no flag of guided-diffusion that is known here"],
  ])('%o is refused', (change, message) => {
    expect(() => admConfigFromGuided({ ...flags, ...change })).toThrow(message)
  })

  test.each(['num_heads', 'use_scale_shift_norm', 'num_res_blocks', 'image_size'])(
    '%s has to be there',
    (name) => {
      const { [name as keyof typeof flags]: _, ...rest } = flags
      expect(() => admConfigFromGuided(rest)).toThrow(`${name}: is missing`)
    },
  )
})

describe('a command line of the scripts', () => {
  const lsun =
    '--attention_resolutions 32,16,8 --class_cond False --diffusion_steps 1000 --dropout 0.1 --image_size 256 --learn_sigma True --noise_schedule linear --num_channels 256 --num_head_channels 64 --num_res_blocks 2 --resblock_updown True --use_fp16 True --use_scale_shift_norm True'
  const expected = admConfig({
    ...{ imageSize: 256, modelChannels: 256, outChannels: 6, channelMult: [1, 1, 2, 2, 4, 4] },
    ...{ attentionResolutions: [8, 16, 32], numHeads: 4, numHeadChannels: 64 },
    ...{ useScaleShiftNorm: true, resblockUpdown: true },
  })

  test.each<[unknown]>([
    [lsun],
    [{ flags: lsun }],
    [{ flags: `MODEL_FLAGS="${lsun}"` }],
    [{ flags: lsun.replaceAll('True', '1').replaceAll('False', 'no') }],
    [{ flags: lsun.replace(/(--\w+) /g, '$1=') }],
  ])('%o', (json) => {
    expect(admFormat.detect(json)).toBe(true)
    expect(admConfigFromGuided(json)).toEqual(expected)
  })

  test('has the defaults of the scripts where it says nothing', () => {
    expect(admConfigFromGuided({ flags: '--num_channels 64' })).toEqual(
      admConfig({
        ...{ imageSize: 64, modelChannels: 64, channelMult: [1, 2, 3, 4], attentionResolutions: [4, 8] },
        ...{ numHeads: 4, useScaleShiftNorm: true },
      }),
    )
  })

  test.each<[string, string]>([
    ['python image_sample.py --image_size 64', "flags: 'python' is no flag; one is written --name value"],
    ['--image_size 64 --learn_sigma', 'flags: --learn_sigma has no value'],
    ['--image_size 64 --image_size=32', 'flags: --image_size is there twice'],
    ['--image_size wide', "image_size: must be a whole number from 1 to 4096, got 'wide'"],
    ['--learn_sigma constructor', "learn_sigma: must be true or false, got 'constructor'"],
    ['--__proto__ 3', "'__proto__' is no flag of guided-diffusion that is known here"],
    ['--large_size 256 --small_size 64', 'SuperResModel'],
  ])('%s is refused', (flags, message) => {
    expect(() => admConfigFromGuided({ flags })).toThrow(message)
  })
})

describe('what flags say of the training', () => {
  test.each<[object, object]>([
    [{}, { schedule: { kind: 'vp-linear', timesteps: 1000 }, predicts: 'epsilon', learnedVariance: true }],
    [
      { diffusion_steps: 4000, noise_schedule: 'cosine', predict_xstart: true, learn_sigma: false },
      {
        schedule: { kind: 'diffusers', name: 'squaredcos_cap_v2', timesteps: 4000 },
        ...{ predicts: 'x0', learnedVariance: false, clip: 1 },
      },
    ],
  ])('%o', (change, trainedOn) => {
    expect(adm.trainedOn?.({ ...flags, ...change }, 'config.json', anyConfig)).toMatchObject({
      trainedOn,
      note: expect.stringMatching(/^says by its flags: \w+ βs, T = \d+, predicts \w+$/),
    })
  })

  test('of a network that learns its variance, how it is sampled: by flags, and by its channels', () => {
    const said = (json: object, config: AdmConfig) => adm.trainedOn?.(json, 'config.json', config)?.trainedOn
    const grid = { spacing: 'linspace', offset: 0, last: 'clean' }
    expect(said(flags, anyConfig)?.pipeline).toEqual({ variance: 'learned-range', grid })
    expect(said({ ...flags, learn_sigma: false }, anyConfig)).not.toHaveProperty('pipeline')
    const learned = { ...anyConfig, outChannels: 2 * anyConfig.inChannels }
    expect(said(guided, learned)?.pipeline).toEqual({ variance: 'learned-range', grid })
  })

  test('arguments of the constructor say nothing of it', () => {
    for (const json of [guided, { kwargs: guided }]) {
      expect(adm.trainedOn?.(json, 'config.json', anyConfig)?.trainedOn).toEqual({
        ...{ schedule: { kind: 'vp-linear', timesteps: 1000 }, predicts: 'epsilon', clip: 1 },
      })
    }
  })
})
