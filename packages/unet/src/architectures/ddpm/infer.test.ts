// What names and shapes tell, and which field explains a file of another configuration.
import { describe, expect, test } from 'vitest'
import type { NamedShapes } from '../../param-source.ts'
import { ddpm } from './architecture.ts'
import type { DdpmConfig, DdpmOptions } from './config.ts'
import { ddpmConfig } from './config.ts'
import { ddpmConfigFromDiffusers } from './diffusers.ts'
import { ddpmExplain } from './explain.ts'
import { inferDdpm } from './infer.ts'
import { ddpmSpec } from './spec.ts'
import { savedShapes, variantCases, variantConfig } from './variants.test.helper.ts'

const shapesOf = (config: DdpmConfig): NamedShapes => new Map(Object.entries(ddpmSpec(config)))

/** Fields of diffusers that no name and no shape tells. */
const untold = [
  ...['sample_size', 'attention_head_dim', 'norm_num_groups', 'norm_eps', 'act_fn', 'center_input_sample'],
  ...[
    'flip_sin_to_cos',
    'freq_shift',
    'downsample_padding',
    'mid_block_scale_factor',
    'attn_norm_num_groups',
  ],
]

describe.each(variantCases)('%s', (name) => {
  const config = variantConfig(name)
  const told = inferDdpm(new Map(Object.entries(savedShapes(name))))!
  const whole = ddpm.write(config)

  test('names and shapes tell the rest of the configuration', () => {
    const left = Object.entries(whole).filter(([field]) => untold.includes(field))
    // Nothing tells an embedding that goes in as it is.
    const identity = config.variant?.classEmbedding === 'identity' && { class_embed_type: 'identity' }
    const json = { ...Object.fromEntries(left), ...told.fields, ...identity }
    if (name === 'odd-width' || name === 'one-level') return
    expect(ddpmConfigFromDiffusers(json)).toEqual(config)
  })

  test('says what is left untold', () => {
    for (const field of ['sample_size', 'attention_head_dim', 'norm_num_groups', 'act_fn'])
      expect(told.untold).toContain(field)
    const middle = config.variant?.midBlock ?? true
    expect(told.untold.includes('mid_block_scale_factor')).toBe(middle)
    expect(told.untold.includes('attn_norm_num_groups')).toBe(middle && config.variant?.scaleShift === true)
    expect(told.untold.includes('flip_sin_to_cos')).toBe(config.variant?.timeEmbedding === undefined)
    expect(Object.keys(told.fields).filter((field) => untold.includes(field))).toEqual([])
  })

  test('nothing needs an explanation', () => {
    const file = new Map(Object.entries(savedShapes(name)))
    const none = { missing: [], unexpected: [], reshaped: [], file }
    // The last level of skip blocks has the names of any other, where it is the only one or the others are not.
    if (name !== 'one-level') expect(ddpmExplain(config)(none)).toBeUndefined()
  })
})

test.each<[string, readonly (readonly [string, readonly number[]])[]]>([
  ['no names', []],
  ['no output', [['conv_in.weight', [8, 3, 3, 3]]]],
  [
    'shapes of no axes',
    [
      ['conv_in.weight', []],
      ['conv_out.weight', []],
      ['time_embedding.linear_1.weight', []],
    ],
  ],
])('%s tell nothing', (_, entries) => {
  expect(inferDdpm(new Map(entries))).toBeUndefined()
})

test('of levels without end nothing is told, at once', () => {
  const few = [
    ['conv_in.weight', [8, 3, 3, 3]],
    ['conv_out.weight', [3, 8, 3, 3]],
    ['time_embedding.linear_1.weight', [32, 8]],
  ] as const
  const many = Array.from(
    { length: 100_000 },
    (_, i) => [`down_blocks.${i}.resnets.0.conv1.weight`, [8]] as const,
  )
  const { fields } = inferDdpm(new Map<string, readonly number[]>([...few, ...many]))!
  expect(fields).toMatchObject({ in_channels: 3, out_channels: 3 })
  expect(fields).not.toHaveProperty('block_out_channels')
})

const base: DdpmOptions = { sampleSize: 8, inChannels: 3, blockOutChannels: [8, 8, 8], normGroups: 4 }
const skips = { downBlocks: ['skip', 'skip', 'conv'], upBlocks: ['conv', 'skip', 'skip'] } as const

describe('a file of another configuration', () => {
  test.each<[change: Partial<DdpmOptions>, message: string]>([
    [{ layersPerBlock: 2 }, 'layersPerBlock would have to be 2 (it is 1), in config.json layers_per_block'],
    [
      { blockOutChannels: [8, 8] },
      'blockOutChannels would have to have 2 levels (it has 3), in config.json block_out_channels',
    ],
    [
      { blockOutChannels: [8, 12, 8] },
      'blockOutChannels would have to be [8, 12, 8] (it is [8, 8, 8]), in config.json block_out_channels',
    ],
    [
      { inChannels: 4, outChannels: 3 },
      'inChannels would have to be 4 (it is 3), in config.json in_channels',
    ],
    [{ outChannels: 6 }, 'outChannels would have to be 6 (it is 3), in config.json out_channels'],
    [
      { timeEmbeddingDim: 12 },
      'timeEmbeddingDim would have to be 12 (it is null), in config.json time_embedding_dim',
    ],
    [
      { midAttention: false },
      'midAttention would have to be false (it is true), in config.json add_attention',
    ],
    [
      { downAttention: [false, true, true] },
      'downAttention[1] would have to be true (it is [false, false, true]), in config.json down_block_types',
    ],
    [
      { upAttention: [false, false, true] },
      'upAttention[0] would have to be false (it is [true, false, false]), in config.json up_block_types',
    ],
    [
      { attentionHeadDim: 3 },
      'attentionHeadDim would have to be one of which whole heads take 6 of 8 channels (it is null), in config.json attention_head_dim',
    ],
    [
      { variant: { downBlocks: ['conv', 'resnet', 'conv'] } },
      "variant.downBlocks[1] would have to be 'resnet' (it is ['conv', 'conv', 'conv']), in config.json down_block_types",
    ],
    [
      { variant: { upBlocks: ['resnet', 'conv', 'conv'] } },
      "variant.upBlocks[0] would have to be 'resnet' (it is ['conv', 'conv', 'conv']), in config.json up_block_types",
    ],
    [
      { variant: skips },
      "variant.downBlocks[0] would have to be 'skip' (it is ['conv', 'conv', 'conv']), in config.json down_block_types",
    ],
    [
      { variant: { midBlock: false } },
      'variant.midBlock would have to be false (it is true), in config.json mid_block_type',
    ],
    [
      { variant: { scaleShift: true } },
      'variant.scaleShift would have to be true (it is false), in config.json resnet_time_scale_shift',
    ],
    [
      { variant: { timeEmbedding: 'fourier' } },
      "variant.timeEmbedding would have to be 'fourier' (it is 'positional'), in config.json time_embedding_type",
    ],
    [
      { variant: { timeEmbedding: 'learned', timesteps: 7 } },
      'variant.timesteps would have to be 7 (it is null), in config.json num_train_timesteps',
    ],
    [
      { variant: { numClasses: 10 } },
      'variant.numClasses would have to be 10 (it is null), in config.json num_class_embeds',
    ],
    [
      { variant: { classEmbedding: 'timestep' } },
      "variant.classEmbedding would have to be 'timestep' (it is null), in config.json class_embed_type",
    ],
  ])('%o: the field, and that of config.json', (change, message) => {
    const explained = (expected: DdpmConfig, file: DdpmConfig) => {
      const [spec, found] = [ddpmSpec(expected), shapesOf(file)]
      const both = Object.entries(spec).filter(([name]) => found.has(name))
      return ddpmExplain(expected)({
        missing: Object.keys(spec).filter((name) => !found.has(name)),
        unexpected: [...found.keys()].filter((name) => !Object.hasOwn(spec, name)),
        reshaped: both.flatMap(([name, shape]) =>
          String(shape) === String(found.get(name))
            ? []
            : [{ name, expected: shape, found: found.get(name)! }],
        ),
        file: found,
      })
    }
    const [usual, other] = [ddpmConfig(base), ddpmConfig({ ...base, ...change })]
    expect(explained(usual, other)).toContain(message)
    // The other way round it is the same field.
    const field = message.split(' ')[0]!.replace(/\[\d\]/, '')
    if (field !== 'variant.timesteps') expect(explained(other, usual)).toContain(field)
  })

  test('a norm before the attention in the middle, of groups that no shape tells', () => {
    const scaled = (midAttentionGroups: number | null) =>
      ddpmConfig({ ...base, variant: { scaleShift: true, midAttentionGroups } })
    const [without, norm] = [scaled(null), scaled(4)]
    const names = ['weight', 'bias'].map((part) => `mid_block.attentions.0.group_norm.${part}`)
    expect(ddpmExplain(without)({ missing: [], unexpected: names, reshaped: [], file: shapesOf(norm) })).toBe(
      'variant.midAttentionGroups would have to be a number of groups (it is null), in config.json attn_norm_num_groups',
    )
    expect(ddpmExplain(norm)({ missing: names, unexpected: [], reshaped: [], file: shapesOf(without) })).toBe(
      'variant.midAttentionGroups would have to be null (it is 4), in config.json attn_norm_num_groups',
    )
  })
})

test.each([
  ['old-names', '1 → 1 channels, widths 8, 8, with attention'],
  [
    'consistency',
    '3 → 6 channels, widths 8, 16, 16, with attention, blocks of resnet, scale and shift by time, 5 classes',
  ],
  ['ncsnpp', '3 → 3 channels, widths 32, 32, 32, with attention, blocks of skip, time fourier'],
  [
    'no-middle',
    '1 → 1 channels, widths 8, 12, with attention, nothing in the middle, time learned, told another time',
  ],
])('%s: in some words', (name, words) => {
  expect(ddpm.describe(new Map(Object.entries(savedShapes(name))))).toBe(words)
})

test('fields that every file of diffusers has are read off the weights where they are missing', () => {
  const config = variantConfig('consistency')
  const { block_out_channels: _, ...rest } = ddpm.write(config) as Record<string, unknown>
  expect(ddpm.parse(rest, 'config.json', () => shapesOf(config))).toEqual(config)
  const notAsked = () => {
    throw new Error('has no use for the weights')
  }
  expect(ddpm.parse(ddpm.write(config), 'config.json', notAsked)).toEqual(config)
})
