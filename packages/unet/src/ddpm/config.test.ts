import { randomKey, scope, zeros } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { countParams } from '../params.ts'
import type { DdpmOptions } from './config.ts'
import { ddpmConfig } from './config.ts'
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
    [{ attentionHeadDim: 48 }, 'attentionHeadDim: 64 channels do not split into heads of 48'],
    [{ layersPerBlock: 0 }, 'layersPerBlock: must be a positive integer, got 0'],
    [{ normEps: 0 }, 'normEps: must be between 0 and 1'],
    [{ freqShift: 8 }, 'freqShift: must be from 0'],
  ])('%o is refused', (change, message) => {
    expect(() => ddpmConfig({ ...base, ...change })).toThrow(message)
  })

  test('goes to diffusers and back', () => {
    const config = ddpmConfig({
      ...base,
      inChannels: 3,
      attentionHeadDim: 16,
      midAttention: false,
      timeEmbeddingDim: 40,
    })
    expect(ddpmConfigFromDiffusers(JSON.parse(JSON.stringify(ddpmConfigToDiffusers(config))))).toEqual(config)
  })

  test('diffusers defaults are filled in', () => {
    const config = ddpmConfigFromDiffusers({ sample_size: [64, 64] })
    expect(config).toMatchObject({
      inChannels: 3,
      blockOutChannels: [224, 448, 672, 896],
      normGroups: 32,
      attentionHeadDim: 8,
      layersPerBlock: 2,
    })
  })

  test.each<[unknown, string]>([
    [3, 'config.json: the whole'],
    [{}, 'sample_size'],
    [{ sample_size: [32, 64] }, 'sample_size: only square images'],
    [{ sample_size: 32, time_embedding_type: 'fourier' }, 'time_embedding_type'],
    [{ sample_size: 32, resnet_time_scale_shift: 'scale_shift' }, 'resnet_time_scale_shift'],
    [{ sample_size: 32, down_block_types: ['SkipDownBlock2D'] }, 'down_block_types.0'],
    [{ sample_size: 32, _class_name: 'UNet2DConditionModel' }, '_class_name'],
    [{ sample_size: 32, attn_norm_num_groups: 4 }, 'attn_norm_num_groups: 4 differs'],
    [{ sample_size: 30 }, 'config.json: sampleSize: 4 levels'],
  ])('%o is refused', (json, message) => {
    expect(() => ddpmConfigFromDiffusers(json)).toThrow(message)
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
