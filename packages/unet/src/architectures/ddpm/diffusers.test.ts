// config.json of networks with variants: what its fields become, what is refused, and what is written again.
import { FileFormatError, OptionError } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { networkConfig } from '../catalog.ts'
import { ddpm } from './architecture.ts'
import type { DdpmOptions, DdpmVariant } from './config.ts'
import { ddpmConfig } from './config.ts'
import { ddpmConfigFromDiffusers, ddpmConfigToDiffusers } from './diffusers.ts'
import { ddpmFormat } from './format.ts'
import { savedConfig, variantCases, variantConfig } from './variants.test.helper.ts'
import { plainVariant } from './varied/variant.ts'

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe.each(variantCases)('%s', (name) => {
  const config = variantConfig(name)

  test('goes to diffusers and back, and to our own fields and back', () => {
    expect(ddpmConfigFromDiffusers(json(ddpmConfigToDiffusers(config)))).toEqual(config)
    expect(networkConfig(json(config), 'train.json')).toEqual(config)
  })

  test('is written as diffusers wrote it', () => {
    const saved = savedConfig(name)
    const side = saved['sample_size']
    const square = Array.isArray(side) && side[0] === side[1] ? side[0] : side
    const written = ddpmConfigToDiffusers(config)
    // The last level changes no resolution, so that a block that would do it by a residual block is a plain one.
    const types = (way: string, last: string) =>
      (saved[`${way}_block_types`] as string[]).map((type, i, all) => {
        const modern = type.replace(/^UNetRes/, '')
        return i === all.length - 1 && modern.startsWith('Resnet') ? last : modern
      })
    const resampling = (way: string) =>
      (written[`${way}_block_types`] as string[])
        .slice(0, -1)
        .some((type) => /^Attn(Down|Up)Block/.test(type))
        ? saved[`${way}sample_type`]
        : 'conv'
    expect({ ...saved, ...written }).toEqual({
      ...saved,
      sample_size: square,
      act_fn: String(saved['act_fn']).toLowerCase().replace('swish', 'silu'),
      down_block_types: types('down', 'DownBlock2D'),
      up_block_types: types('up', 'UpBlock2D'),
      downsample_type: resampling('down'),
      upsample_type: resampling('up'),
    })
  })
})

const base = {
  sample_size: 8,
  block_out_channels: [32, 32],
  down_block_types: ['DownBlock2D', 'DownBlock2D'],
  up_block_types: ['UpBlock2D', 'UpBlock2D'],
}

test.each<[fields: object, variant: Partial<DdpmVariant> | undefined]>([
  [{}, undefined],
  [
    { act_fn: 'SiLU', attn_norm_num_groups: 32, downsample_type: 'resnet', num_train_timesteps: 9 },
    undefined,
  ],
  [{ act_fn: 'ReLU' }, { activation: 'relu' }],
  [{ mid_block_type: null }, { midBlock: false }],
  [{ mid_block_scale_factor: 1.5 }, { midScale: 1.5 }],
  [{ attn_norm_num_groups: 8 }, { midAttentionGroups: 8 }],
  [{ resnet_time_scale_shift: 'scale_shift' }, { scaleShift: true }],
  [
    { resnet_time_scale_shift: 'scale_shift', attn_norm_num_groups: 32 },
    { scaleShift: true, midAttentionGroups: 32 },
  ],
  [{ time_embedding_type: 'fourier' }, { timeEmbedding: 'fourier' }],
  [
    { time_embedding_type: 'learned', num_train_timesteps: 9 },
    { timeEmbedding: 'learned', timesteps: 9 },
  ],
  [{ num_class_embeds: 3 }, { numClasses: 3 }],
  [{ class_embed_type: 'timestep' }, { classEmbedding: 'timestep' }],
  [{ class_embed_type: 'identity', num_class_embeds: 3 }, { classEmbedding: 'identity' }],
  [{ center_input_sample: true }, { centerInput: true }],
  [{ down_block_types: ['SkipDownBlock2D', 'AttnSkipDownBlock2D'] }, { downBlocks: ['skip', 'skip'] }],
  [{ up_block_types: ['ResnetUpsampleBlock2D', 'ResnetUpsampleBlock2D'] }, { upBlocks: ['resnet', 'conv'] }],
  [
    { up_block_types: ['UNetResAttnUpBlock2D', 'UpBlock2D'], upsample_type: 'resnet' },
    { upBlocks: ['resnet', 'conv'] },
  ],
  [{ down_block_types: ['AttnDownBlock2D', 'DownBlock2D'], downsample_type: null }, undefined],
])('%o', (fields, variant) => {
  expect(ddpmConfigFromDiffusers({ ...base, ...fields }).variant).toEqual(variant)
})

test.each<[field: string, value: unknown, message: string]>([
  ['class_embed_type', 'projection', "must be 'timestep' or 'identity' or null, got 'projection'"],
  ['num_class_embeds', 0, 'must be a whole number from 1 to 1000000, or null, got 0'],
  ['time_embedding_type', 'sine', "must be 'positional' or 'fourier' or 'learned', got 'sine'"],
  ['time_embedding_type', 'learned', 'num_train_timesteps: must be a whole number, the rows of the table'],
  ['num_train_timesteps', 1e9, 'must be a whole number from 1 to 100000, or null'],
  ['center_input_sample', 1, 'must be true or false, got 1'],
  [
    'mid_block_type',
    'UNetMidBlock2DCrossAttn',
    "must be 'UNetMidBlock2D' or null, got 'UNetMidBlock2DCrossAttn'",
  ],
  ['mid_block_scale_factor', 0, 'must be a number from 0.000001 to 1000000, got 0'],
  ['downsample_type', 'fir', "must be 'conv' or 'resnet', or null, got 'fir'"],
  ['upsample_type', 1, "must be 'conv' or 'resnet', or null, got 1"],
  ['act_fn', 'tanh', "must be 'silu' or 'swish' or 'mish' or 'gelu' or 'relu', got 'tanh'"],
  ['act_fn', null, 'must be a text, got null'],
  ['act_fn', 'constructor', "got 'constructor'"],
  ['resnet_time_scale_shift', 'spatial', "must be 'default' or 'scale_shift', got 'spatial'"],
  ['attn_norm_num_groups', 0, 'must be a whole number from 1 to 65536, or null, got 0'],
  ['attn_norm_num_groups', 5, '32 channels do not split into 5 groups'],
  ['norm_num_groups', null, 'must be a whole number where a level is not of skip, got null'],
  [
    'down_block_types',
    ['DownBlock2D', 'KDownBlock2D'],
    "down_block_types[1] is 'KDownBlock2D' (DownBlock2D, AttnDownBlock2D, ResnetDownsampleBlock2D, SkipDownBlock2D, AttnSkipDownBlock2D would fit)",
  ],
  ['up_block_types', ['DownBlock2D', 'UpBlock2D'], "up_block_types[0] is 'DownBlock2D'"],
  ['up_block_types', [{}, 'UpBlock2D'], 'up_block_types[0] is an object'],
  ['down_block_types', ['toString', 'DownBlock2D'], "down_block_types[0] is 'toString'"],
  ['in_channels', 1, undefined as never],
])('%s %o', (name, value, message) => {
  const read = () => ddpmConfigFromDiffusers({ ...base, [name]: value })
  if (message === undefined) return void expect(read).not.toThrow()
  expect(read).toThrow(FileFormatError)
  expect(read).toThrow(message)
  if (!message.includes('num_train')) expect(read).toThrow(`config.json: `)
  if (message.startsWith('must')) expect(read).toThrow(`config.json: ${name}: must`)
})

describe('levels of skip', () => {
  const three = {
    sample_size: 8,
    block_out_channels: [32, 32, 32],
    down_block_types: ['DownBlock2D', 'DownBlock2D', 'DownBlock2D'],
    up_block_types: ['UpBlock2D', 'UpBlock2D', 'UpBlock2D'],
  }
  const [d, s] = ['DownBlock2D', 'SkipDownBlock2D']
  const [u, k] = ['UpBlock2D', 'SkipUpBlock2D']
  test.each<[object, string | undefined]>([
    [{ down_block_types: [s, d, d] }, undefined],
    [{ down_block_types: [s, d, s] }, undefined],
    [{ down_block_types: [s, s, d] }, undefined],
    [
      { down_block_types: [d, s, d] },
      'down_block_types: levels of skip come first: level 1 is one, and 0 is not',
    ],
    [{ up_block_types: [u, u, k] }, undefined],
    [{ up_block_types: [u, k, k] }, undefined],
    [{ up_block_types: [k, u, k] }, 'up_block_types: levels of skip come last: level 0 is one, and 1 is not'],
    [{ up_block_types: [k, k, u] }, 'up_block_types: levels of skip come last: level 1 is one, and 2 is not'],
    [{ down_block_types: [s, d, d], in_channels: 1 }, 'in_channels: must be 3 with blocks of skip, got 1'],
    [{ up_block_types: [u, k, k], out_channels: 6 }, 'out_channels: must be 3 with blocks of skip, got 6'],
    [{ down_block_types: [d, d, s], in_channels: 1 }, undefined],
    [{ up_block_types: [u, u, k], out_channels: 1 }, undefined],
    [{ down_block_types: [s, d, d], block_out_channels: [20, 32, 32], norm_num_groups: 4 }, undefined],
    [
      { down_block_types: [s, d, d], block_out_channels: [22, 32, 32], norm_num_groups: 2 },
      'block_out_channels: 22 channels do not split into 5 groups',
    ],
    [
      { up_block_types: [u, 'AttnSkipUpBlock2D', k], block_out_channels: [32, 16, 32], norm_num_groups: 4 },
      'block_out_channels: 48 channels do not split into 32 groups',
    ],
    [{ down_block_types: [s, s, s], up_block_types: [k, k, k], norm_num_groups: null }, undefined],
    [
      { down_block_types: [s, s, d], up_block_types: [k, k, k], norm_num_groups: null },
      'norm_num_groups: must be a whole number where a level is not of skip, got null',
    ],
  ])('%o', (fields, message) => {
    const read = () => ddpmConfigFromDiffusers({ ...three, ...fields })
    if (message === undefined) expect(read).not.toThrow()
    else expect(read).toThrow(`config.json: ${message}`)
  })
})

const own: DdpmOptions = { sampleSize: 8, blockOutChannels: [8, 8, 8] }
test.each<[variant: object, message: string]>([
  [{ activation: 'tanh' }, 'variant.activation: must be one of silu, mish, gelu, relu, got tanh'],
  [{ downBlocks: ['conv'] }, 'variant.downBlocks: needs one entry for each of the 3 levels, got 1'],
  [{ upBlocks: ['conv', 'fir', 'conv'] }, 'variant.upBlocks: must be one of conv, resnet, skip, got fir'],
  [{ midScale: -1 }, 'variant.midScale: must be above 0, at most 1e6, got -1'],
  [{ midScale: Number.NaN }, 'variant.midScale: must be above 0'],
  [{ timesteps: 5 }, "variant.timesteps: is for the timeEmbedding 'learned'"],
  [{ timeEmbedding: 'learned' }, 'variant.timesteps: must be a whole number from 1 to 100000, got null'],
  [{ numClasses: 2.5 }, 'variant.numClasses: must be a whole number from 1'],
  [
    { numClasses: 3, classEmbedding: 'timestep' },
    'variant.numClasses: is for networks without a classEmbedding',
  ],
  [{ midAttentionGroups: 3 }, 'variant.midAttentionGroups: 8 channels do not split into 3 groups'],
])('a variant %o is refused', (variant, message) => {
  const make = () => ddpmConfig({ ...own, variant: variant as Partial<DdpmVariant> })
  expect(make).toThrow(OptionError)
  expect(make).toThrow(message)
})

test('one way to change the resolution of all levels with attention', () => {
  const downAttention = [true, true, false]
  expect(() =>
    ddpmConfig({ ...own, downAttention, variant: { downBlocks: ['conv', 'resnet', 'conv'] } }),
  ).toThrow('variant.downBlocks: must be the same, conv or resnet, for all levels with attention')
  const mixed = ddpmConfig({
    ...own,
    downAttention: [true, false, true],
    variant: { downBlocks: ['conv', 'resnet', 'conv'] },
  })
  expect(ddpmConfigFromDiffusers(json(ddpmConfigToDiffusers(mixed)))).toEqual(mixed)
})

test('a variant that says what is usual is none', () => {
  expect(ddpmConfig({ ...own, variant: plainVariant(3) })).toEqual(ddpmConfig(own))
  expect(ddpmConfig({ ...own, variant: { midScale: 2, midBlock: true } }).variant).toEqual({ midScale: 2 })
})

test('our own fields: a variant is refused by name', () => {
  expect(() => networkConfig({ ...own, variant: { actFn: 'mish' } }, 'train.json')).toThrow(
    "train.json: 'actFn' is no field of a ddpm model's variant; there are downBlocks",
  )
  expect(() => networkConfig({ ...own, variant: { midBlock: 1 } }, 'train.json')).toThrow(
    'train.json: midBlock: must be true or false, got 1',
  )
  expect(() => networkConfig({ ...own, variant: [] }, 'train.json')).toThrow(
    'variant: must be a JSON object, got []',
  )
})

test('the format without variants refuses each by name, and says who reads it', () => {
  for (const name of variantCases) {
    const saved = savedConfig(name)
    const { variant } = variantConfig(name)
    const parse = () => ddpmFormat.parse(saved, 'config.json', () => new Map())
    if (variant === undefined) continue
    expect(parse, name).toThrow(FileFormatError)
  }
  expect(() => ddpmFormat.parse({ ...base, act_fn: 'mish' }, 'c.json', () => new Map())).toThrow(
    "c.json: act_fn is 'mish' ('silu' or 'swish' would fit ddpmFormat)",
  )
  expect(ddpmFormat.parse(base, 'c.json', () => new Map())).toEqual(
    ddpm.parse(base, 'c.json', () => new Map()),
  )
})
