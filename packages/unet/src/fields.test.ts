import { FileFormatError } from '@tweedie/tensor'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { admConfig } from './architectures/adm/config.ts'
import { admConfigFromGuided, admConfigToGuided } from './architectures/adm/guided.ts'
import { admSpec } from './architectures/adm/spec.ts'
import type { NetworkConfig } from './architectures/catalog.ts'
import { architectureOf, networkConfig } from './architectures/catalog.ts'
import { ddpmConfig } from './architectures/ddpm/config.ts'
import { ddpmConfigFromDiffusers, ddpmConfigToDiffusers } from './architectures/ddpm/diffusers.ts'
import { ddpmSpec } from './architectures/ddpm/spec.ts'
import { field, show, whole } from './fields.ts'
import { diffusersScheduler } from './models/scheduler.ts'
import { recordedTraining } from './models/training-record.ts'

/** Numbers at which counts, sizes and products go wrong, and JSON of every kind. */
const hostile = fc.oneof(
  fc.constantFrom(0, -1, -0, 1, 2, 3, 0.5, 7, 63, 64, 65, 1e5, 1e9, 2 ** 30, 2 ** 31, 2 ** 53, 1e300, -1e300),
  fc.constantFrom(null, true, false, '', '8', 'silu', '__proto__', 'constructor'),
  fc.array(fc.constantFrom(1, 2, 8, 32, 0, -8, 1e9, null, 'DownBlock2D', 'UpBlock2D', true), {
    maxLength: 20,
  }),
  fc.jsonValue(),
)

/** What is built of a configuration first. */
const sizesOf = (config: NetworkConfig) => architectureOf(config).spec(config)

/** Reading a file's JSON, and what is built of it first; with a JSON that fits. */
const readers: readonly [string, (json: unknown) => unknown, Readonly<Record<string, unknown>>][] = [
  [
    'diffusers',
    (json) => ddpmSpec(ddpmConfigFromDiffusers(json)),
    ddpmConfigToDiffusers(ddpmConfig({ sampleSize: 8, blockOutChannels: [8, 16] })),
  ],
  [
    'diffusers, with variants',
    (json) => ddpmSpec(ddpmConfigFromDiffusers(json)),
    {
      ...{
        sample_size: 8,
        block_out_channels: [8, 8],
        norm_num_groups: 4,
        act_fn: 'mish',
        num_class_embeds: 3,
      },
      down_block_types: ['SkipDownBlock2D', 'AttnDownBlock2D'],
      up_block_types: ['ResnetUpsampleBlock2D', 'UpBlock2D'],
      ...{
        mid_block_type: null,
        mid_block_scale_factor: 2,
        attn_norm_num_groups: 2,
        center_input_sample: true,
      },
      ...{ resnet_time_scale_shift: 'scale_shift', time_embedding_type: 'learned', num_train_timesteps: 5 },
      ...{ class_embed_type: null, downsample_type: 'conv', upsample_type: 'resnet' },
    },
  ],
  [
    'guided-diffusion',
    (json) => admSpec(admConfigFromGuided(json)),
    admConfigToGuided(admConfig({ imageSize: 8, modelChannels: 32, channelMult: [1, 2] })),
  ],
  [
    'flags of guided-diffusion',
    (json) => admSpec(admConfigFromGuided(json)),
    {
      image_size: 64,
      num_channels: 32,
      num_res_blocks: 1,
      attention_resolutions: '32',
      num_heads: 1,
      use_scale_shift_norm: true,
    },
  ],
  [
    'scheduler',
    (json) => diffusersScheduler(json),
    { _class_name: 'DDPMScheduler', num_train_timesteps: 10, beta_start: 0.1, trained_betas: null },
  ],
  [
    'fields of our own, ddpm',
    (json) => sizesOf(networkConfig(json, 'train.json')),
    { sampleSize: 8, blockOutChannels: [8, 16], normGroups: 2, timeEmbeddingDim: null },
  ],
  [
    'fields of our own, a variant of ddpm',
    (json) => sizesOf(networkConfig(json, 'train.json')),
    {
      ...{ sampleSize: 8, inChannels: 3, blockOutChannels: [8, 16], normGroups: 2 },
      variant: { downBlocks: ['skip', 'conv'], timeEmbedding: 'learned', timesteps: 9, midBlock: false },
    },
  ],
  [
    'fields of our own, adm',
    (json) => sizesOf(networkConfig(json, 'train.json')),
    { architecture: 'adm', imageSize: 8, modelChannels: 32, channelMult: [1, 2], numClasses: null },
  ],
  ['record', (json) => recordedTraining('record.json', json), { config: { timesteps: 10 }, name: 'x' }],
]

test.each(readers)('%s: whatever a file holds is read or refused as a file', (_, read, fitting) => {
  expect(() => read(fitting)).not.toThrow()
  const fields = [...Object.keys(fitting), 'another', '__proto__', 'toString']
  const changed = fc
    .array(fc.tuple(fc.constantFrom(...fields), hostile), { minLength: 1, maxLength: 3 })
    .map((changes) => JSON.parse(JSON.stringify({ ...fitting, ...Object.fromEntries(changes) })) as unknown)
  fc.assert(
    fc.property(fc.oneof(changed, hostile), (json) => {
      try {
        read(json)
      } catch (error) {
        expect(error).toBeInstanceOf(FileFormatError)
        expect((error as Error).message.length).toBeLessThan(700)
        expect((error as Error).message).toMatch(/^[\w-]+\.json: /)
      }
    }),
    { numRuns: 1500 },
  )
})

/** What a terminal would obey or hide, as show writes none of it: two bytes of a name can become eight characters. */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

test('show is short and sends nothing to a terminal that it would obey or hide', () => {
  const texts = fc.string({ unit: 'binary', maxLength: 200 })
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue({ maxDepth: 4 }), texts, fc.array(texts)), (value) => {
      // 80 characters, each as \u{feff} at most, two quotes and '…'.
      expect(show(value).length).toBeLessThanOrEqual(8 * 80 + 3)
      expect(show(value)).not.toMatch(unsafe)
    }),
  )
  expect(show('\ufeff'.repeat(100))).toBe(`'${'\\u{feff}'.repeat(80)}…'`)
  expect([show([1, 'a', null]), show([[1]]), show({}), show('x\u001b\u009b\u202e')]).toEqual([
    "[1, 'a', null]",
    'a list of 1',
    'an object',
    "'x\\u{1b}\\u{9b}\\u{202e}'",
  ])
  expect([
    show(new Array(20).fill(1)),
    show(new Array(21).fill(1)),
    show(new Array(7).fill('x'.repeat(99))),
  ]).toEqual([`[${new Array(20).fill(1).join(', ')}]`, 'a list of 21', 'a list of 7'])
})

test('a field of the prototype is none of the file', () => {
  expect(field('f', Object.create({ a: 1 }), 'a', whole(0, 2), 0)).toBe(0)
})
