import { FileFormatError, randomKey, scope, zeros } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { countParams } from '../../params.ts'
import type { DdpmOptions } from './config.ts'
import { ddpmConfig, sampleShape } from './config.ts'
import { ddpmConfigFromDiffusers, ddpmConfigToDiffusers } from './diffusers.ts'
import { ddpmForward } from './forward.ts'
import { initDdpm } from './init.ts'
import { ddpmSpec } from './spec.ts'

const base: DdpmOptions = { sampleSize: 28, blockOutChannels: [16, 32, 64] }
const host = { device: 'reference' }

describe('configuration', () => {
  test.each<[Partial<DdpmOptions>, string]>([
    [{ blockOutChannels: [] }, 'blockOutChannels: needs at least one level'],
    [{ blockOutChannels: [16, 20] }, 'normGroups: 20 channels do not split into 8 groups'],
    [
      { blockOutChannels: [16, 32, 64, 64] },
      'sampleSize: 4 levels halve the image 3 times: 28 is no multiple of 8',
    ],
    [{ downAttention: [true] }, 'downAttention: needs one entry for each of the 3 levels, got 1'],
    [{ attentionHeadDim: 65 }, 'attentionHeadDim: 64 channels have no head of 65'],
    [{ layersPerBlock: 0 }, 'layersPerBlock: must be a whole number from 1 to 64, got 0'],
    [{ layersPerBlock: 1e9 }, 'layersPerBlock: must be a whole number from 1 to 64, got 1000000000'],
    [{ sampleSize: 1e5 }, 'sampleSize: must be a whole number from 1 to 4096, got 100000'],
    [{ sampleSize: [8, 2 ** 30] }, 'sampleSize: must be a whole number from 1 to 4096, got 1073741824'],
    [{ blockOutChannels: new Array(1e5).fill(8) }, 'blockOutChannels: at most 12 levels fit, got 100000'],
    [{ blockOutChannels: [1e9] }, 'blockOutChannels: must be a whole number from 1 to 65536, got 1000000000'],
    [{ normEps: 0 }, 'normEps: must be between 0 and 1'],
    [{ freqShift: 8 }, 'freqShift: must be from 0'],
  ])('%o is refused', (change, message) => {
    expect(() => ddpmConfig({ ...base, ...change })).toThrow(message)
  })

  test('what is left out has these values', () => {
    expect(ddpmConfig(base)).toEqual({
      ...base,
      architecture: 'ddpm',
      inChannels: 1,
      outChannels: 1,
      layersPerBlock: 1,
      downAttention: [false, false, true],
      upAttention: [true, false, false],
      midAttention: true,
      attentionHeadDim: null,
      normGroups: 8,
      normEps: 1e-5,
      timeEmbeddingDim: null,
      flipSinToCos: true,
      freqShift: 0,
      downsamplePadding: 1,
    })
  })

  test('goes to diffusers and back', () => {
    const config = ddpmConfig({
      ...base,
      inChannels: 3,
      attentionHeadDim: 16,
      outChannels: 6,
      layersPerBlock: 3,
      downAttention: [true, false, true],
      upAttention: [false, true, true],
      midAttention: false,
      normGroups: 4,
      normEps: 1e-6,
      timeEmbeddingDim: 40,
      flipSinToCos: false,
      freqShift: 1,
      downsamplePadding: 0,
    })
    expect(ddpmConfigFromDiffusers(JSON.parse(JSON.stringify(ddpmConfigToDiffusers(config))))).toEqual(config)
  })

  test('diffusers defaults are filled in', () => {
    const config = ddpmConfigFromDiffusers({ sample_size: [64, 64] })
    expect(config).toEqual({
      architecture: 'ddpm',
      sampleSize: 64,
      inChannels: 3,
      outChannels: 3,
      blockOutChannels: [224, 448, 672, 896],
      layersPerBlock: 2,
      downAttention: [false, true, true, true],
      upAttention: [true, true, true, false],
      midAttention: true,
      attentionHeadDim: 8,
      normGroups: 32,
      normEps: 1e-5,
      timeEmbeddingDim: null,
      flipSinToCos: true,
      freqShift: 0,
      downsamplePadding: 1,
    })
  })

  test('a size that is no square is kept, there and back', () => {
    const config = ddpmConfigFromDiffusers({ sample_size: [24, 40] })
    expect(sampleShape(config)).toEqual([3, 24, 40])
    expect(ddpmConfigFromDiffusers(JSON.parse(JSON.stringify(ddpmConfigToDiffusers(config))))).toEqual(config)
    expect(sampleShape(ddpmConfigFromDiffusers({ sample_size: [24, 24] }))).toEqual([3, 24, 24])
  })

  test('fields of training and of the stored average change nothing', () => {
    const json = {
      sample_size: 32,
      _name_or_path: 'x',
      dropout: 0.1,
      decay: 0.999,
      num_train_timesteps: null,
    }
    expect(ddpmConfigFromDiffusers(json)).toEqual(ddpmConfigFromDiffusers({ sample_size: 32 }))
  })

  test('block types as diffusers called them at first', () => {
    const types = { down_block_types: ['UNetResAttnDownBlock2D'], up_block_types: ['UNetResUpBlock2D'] }
    expect(ddpmConfigFromDiffusers({ sample_size: 32, block_out_channels: [32], ...types })).toMatchObject({
      downAttention: [true],
      upAttention: [false],
    })
  })

  const small = { sample_size: 32 }
  test.each<[unknown, string]>([
    [3, 'config.json: the whole must be a JSON object, got 3'],
    [null, 'config.json: the whole must be a JSON object, got null'],
    [[small], 'config.json: the whole must be a JSON object, got a list of 1'],
    [{}, 'sample_size: must be the side of the images or [height, width], got undefined'],
    [{ sample_size: [32] }, 'sample_size: must be the side of the images or [height, width], got [32]'],
    [{ sample_size: '32' }, 'sample_size: must be a whole number from 1 to 4096, or a list of 1 to 2'],
    [{ ...small, attn_norm_num_groups: 5 }, 'attn_norm_num_groups: 896 channels do not split into 5 groups'],
    [
      { sample_size: 30 },
      'config.json: sample_size: 4 levels halve the image 3 times: 30 is no multiple of 8',
    ],
    [{ sample_size: [24, 30] }, 'sample_size: 4 levels halve the image 3 times: 30 is no multiple of 8'],
    [{ ...small, attention_head_dim: 449 }, 'attention_head_dim: 448 channels have no head of 449'],
    [
      { ...small, _class_name: 'UNet2DConditionModel' },
      "networks of another class are not supported yet: _class_name is 'UNet2DConditionModel' ('UNet2DModel' would fit)",
    ],
    [{ ...small, freq_shift: 112 }, 'freq_shift: must be from 0 to half'],
    [{ ...small, downsample_padding: 2 }, 'downsample_padding: must be 0 or 1, got 2'],
    [{ ...small, magic: 1 }, "'magic' is no field of UNet2DModel that is known here"],
    [
      { ...small, down_block_types: ['DownBlock2D'] },
      'down_block_types: needs one entry for each of the 4 levels, got 1',
    ],
  ])('%o is refused', (json, message) => {
    expect(() => ddpmConfigFromDiffusers(json)).toThrow(message)
    expect(() => ddpmConfigFromDiffusers(json)).toThrow(FileFormatError)
  })

  test.each<[field: string, value: unknown, message: string]>([
    ['layers_per_block', 1e9, 'layers_per_block: must be a whole number from 1 to 64, got 1000000000'],
    ['layers_per_block', 1e6, 'layers_per_block: must be a whole number from 1 to 64, got 1000000'],
    ['sample_size', 1e5, 'sample_size: must be a whole number from 1 to 4096, or a list'],
    ['sample_size', 2 ** 30, 'got 1073741824'],
    ['sample_size', [8, 1e5], 'got [8, 100000]'],
    [
      'block_out_channels',
      [1e9],
      'block_out_channels: must be a list of 1 to 12, each a whole number from 1 to 65536',
    ],
    ['block_out_channels', new Array(1e6).fill(32), 'got a list of 1000000'],
    ['block_out_channels', 'x'.repeat(1e6), `got '${'x'.repeat(80)}…'`],
    ['in_channels', 1e12, 'in_channels: must be a whole number from 1 to 65536'],
    ['time_embedding_dim', 1e9, 'time_embedding_dim: must be'],
    ['norm_eps', '1e-5', "norm_eps: must be a number from 0 to 1, got '1e-5'"],
    ['norm_num_groups', 0, 'norm_num_groups: must be a whole number from 1 to 65536, or null, got 0'],
    ['down_block_types', new Array(1e5).fill('DownBlock2D'), 'down_block_types: must be a list of 1 to 12'],
  ])('%s of a size that no network has is refused before anything is built', (name, value, message) => {
    expect(() => ddpmConfigFromDiffusers({ ...small, [name]: value })).toThrow(message)
  })

  test('values of any depth are told in a few words', () => {
    const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`)
    expect(() => ddpmConfigFromDiffusers({ sample_size: deep })).toThrow('got a list of 1')
    expect(() => ddpmConfigFromDiffusers(deep)).toThrow('got a list of 1')
    expect(() => ddpmConfigFromDiffusers({ ...small, act_fn: '\u001b[2J\u009b' })).toThrow(
      "act_fn: must be 'silu' or 'swish' or 'mish' or 'gelu' or 'relu', got '\\u{1b}[2J\\u{9b}'",
    )
  })

  test('no more parameters are made than fit', () => {
    const config = ddpmConfig({ sampleSize: 8, blockOutChannels: [65_536], layersPerBlock: 64 })
    expect(() => initDdpm(config, randomKey(0), host)).toThrow(/config: makes \d+ parameters; at most/)
  })
})

describe('forward', () => {
  test('has as many parameters as PyTorch counts', () => {
    expect(countParams(ddpmSpec(ddpmConfig(base)))).toBe(686_769)
  })

  test('a fresh network depends on the key alone', () => {
    const config = ddpmConfig({ sampleSize: 4, blockOutChannels: [8] })
    scope(() => {
      const [a, b, c] = [
        initDdpm(config, randomKey(1), host),
        initDdpm(config, randomKey(1), host),
        initDdpm(config, randomKey(2), host),
      ]
      expect(a['conv_in.weight']!.dataSync()).toEqual(b['conv_in.weight']!.dataSync())
      expect(a['conv_in.weight']!.dataSync()).not.toEqual(c['conv_in.weight']!.dataSync())
      expect(Math.max(...Array.from(a['conv_in.weight']!.dataSync(), Math.abs))).toBeLessThanOrEqual(1 / 3)
    })
  })

  test('takes colour and any size that halves', () => {
    const config = ddpmConfig({
      sampleSize: 32,
      inChannels: 3,
      outChannels: 6,
      blockOutChannels: [8, 16],
      attentionHeadDim: 8,
    })
    scope(() => {
      const params = initDdpm(config, randomKey(0), host)
      expect(ddpmForward(params, config, zeros([2, 3, 6, 10], host), 3).shape).toEqual([2, 6, 6, 10])
      expect(() => ddpmForward(params, config, zeros([2, 3, 5, 10], host), 3)).toThrow('multiples of 2')
      expect(() => ddpmForward(params, config, zeros([2, 1, 6, 10], host), 3)).toThrow('[N, 3, H, W]')
      expect(() => ddpmForward(params, config, zeros([2, 3, 6, 10], host), zeros([3], host))).toThrow(
        'one time per image',
      )
    })
  })
})
