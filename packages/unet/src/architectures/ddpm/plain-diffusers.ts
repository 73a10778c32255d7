import { FileFormatError } from '@tweedie/tensor'
import type { Fields, Kind } from '../../fields.ts'
import {
  buildFrom,
  count,
  either,
  field,
  flag,
  listOf,
  nullable,
  number,
  objectOf,
  oneOf,
  show,
} from '../../fields.ts'
import { limits } from '../../limits.ts'
import { fitting } from './plain-config.ts'
import type { DdpmConfig, PlainDdpmConfig } from './types.ts'

const channels = count(limits.channels)
const side = count(limits.side)
const anything = { wants: 'anything', fits: (_: unknown): _ is unknown => true }

const [attnDown, down, attnUp, up] = ['AttnDownBlock2D', 'DownBlock2D', 'AttnUpBlock2D', 'UpBlock2D']

/** A field of diffusers': its name, what it may be, and its value where it is left out. */
export type Field = readonly [name: string, of: Kind<unknown>, fallback: unknown]

/** Each of our fields outside the variant, and the one of diffusers that gives it. */
const fields = {
  sampleSize: ['sample_size', nullable(either(side, listOf(side, 2))), null],
  inChannels: ['in_channels', channels, 3],
  outChannels: ['out_channels', channels, 3],
  blockOutChannels: ['block_out_channels', listOf(channels, limits.levels), [224, 448, 672, 896]],
  layersPerBlock: ['layers_per_block', count(limits.layers), 2],
  downAttention: ['down_block_types', listOf(anything, limits.levels), [down, attnDown, attnDown, attnDown]],
  upAttention: ['up_block_types', listOf(anything, limits.levels), [attnUp, attnUp, attnUp, up]],
  midAttention: ['add_attention', flag, true],
  attentionHeadDim: ['attention_head_dim', nullable(channels), 8],
  normGroups: ['norm_num_groups', channels, 32],
  normEps: ['norm_eps', number(0, 1), 1e-5],
  timeEmbeddingDim: ['time_embedding_dim', nullable(channels), null],
  flipSinToCos: ['flip_sin_to_cos', flag, true],
  freqShift: ['freq_shift', number(0, limits.channels), 0],
  downsamplePadding: ['downsample_padding', oneOf(0, 1), 1],
} as const satisfies Record<Exclude<keyof DdpmConfig, 'architecture' | 'variant'>, Field>

type Read<F extends Readonly<Record<string, Field>>> = {
  readonly [K in keyof F]: F[K][1] extends Kind<infer T> ? T : never
}

const eachField = <F extends Readonly<Record<string, Field>>, T>(
  table: F,
  of: (field: Field) => T,
): { readonly [K in keyof F]: T } =>
  Object.fromEntries(Object.entries(table).map(([ours, field]) => [ours, of(field)])) as never

/** What a file says of the fields of a table, under our names. */
export const readFields = <F extends Readonly<Record<string, Field>>>(
  table: F,
  c: Fields,
  file: string,
): Read<F> => eachField(table, ([name, of, fallback]) => field(file, c, name, of, fallback)) as never

/** Their names for the fields of a table. */
export const namesOf = <F extends Readonly<Record<string, Field>>>(table: F) =>
  eachField(table, ([name]) => name)

/** Diffusers' names for our fields outside the variant. */
export const plainNames = namesOf(fields)

/** Fields that departures from arXiv 2006.11239 are said in, and those of their values that are none. */
const departures: Readonly<Record<string, readonly unknown[]>> = {
  class_embed_type: [null],
  num_class_embeds: [null],
  time_embedding_type: ['positional'],
  center_input_sample: [false],
  mid_block_type: ['UNetMidBlock2D'],
  mid_block_scale_factor: [1],
  attn_norm_num_groups: [null],
  downsample_type: ['conv'],
  upsample_type: ['conv'],
  act_fn: ['silu', 'swish'],
  resnet_time_scale_shift: ['default'],
}

/** Fields that do not change what is computed here: of training, or of the moving average that was stored. */
const harmless = [
  'dropout',
  'num_train_timesteps',
  'decay',
  'min_decay',
  'optimization_step',
  'update_after_step',
  'use_ema_warmup',
  'inv_gamma',
  'power',
]

const known = new Set<string>([...Object.values(plainNames), ...Object.keys(departures), ...harmless])

/**
 * The configuration in diffusers' `config.json` of a `UNet2DModel` without a variant: what all that is read first knows.
 * @throws {FileFormatError} naming the field that does not fit, its value and what would fit.
 */
export function plainConfigFromDiffusers(json: unknown, file = 'config.json'): PlainDdpmConfig {
  const c = knownFieldsOf(json, file)
  for (const [name, fits] of Object.entries(departures)) {
    const value = field(file, c, name, anything, fits[0])
    if (!fits.includes(value))
      throw new FileFormatError(
        file,
        `${name} is ${show(value)} (${fits.map(show).join(' or ')} would fit ddpmFormat)`,
      )
  }
  const { downAttention, upAttention, ...others } = plainFields(c, file)
  const attends = (name: string, types: readonly unknown[], fits: readonly string[]) =>
    modernTypes(file, name, types, fits).map((type) => type.startsWith('Attn'))
  return buildFrom(file, plainNames, () =>
    fitting({
      architecture: 'ddpm',
      ...others,
      downAttention: attends('down_block_types', downAttention, [attnDown, down]),
      upAttention: attends('up_block_types', upAttention, [attnUp, up]),
    }),
  )
}

/** The fields of a file, all of which are ones of a `UNet2DModel`. */
export function knownFieldsOf(json: unknown, file: string): Fields {
  const c = objectOf(file, json)
  const name = field(file, c, '_class_name', anything, 'UNet2DModel')
  if (name !== 'UNet2DModel')
    throw new FileFormatError(
      file,
      `networks of another class are not supported yet: _class_name is ${show(name)} ('UNet2DModel' would fit)`,
    )
  for (const name of Object.keys(c)) {
    if (known.has(name) || name.startsWith('_')) continue
    throw new FileFormatError(
      file,
      `${show(name)} is no field of UNet2DModel that is known here; remove it if it does not change what is computed`,
    )
  }
  return c
}

/** What a file says outside the variant; of the blocks their types. */
export function plainFields(c: Fields, file: string) {
  const { sampleSize: size, ...others } = readFields(fields, c, file)
  if (size === null || (typeof size !== 'number' && size.length !== 2)) {
    throw new FileFormatError(
      file,
      `sample_size: must be the side of the images or [height, width], got ${show(c['sample_size'])}`,
    )
  }
  return { ...others, sampleSize: typeof size === 'number' ? size : square(size) }
}

/** Types of blocks as diffusers calls them now; those before 0.1 have `UNetRes` in front. */
export const modernTypes = (
  file: string,
  name: string,
  types: readonly unknown[],
  fits: readonly string[],
): readonly string[] =>
  types.map((type, i) => {
    const modern = typeof type === 'string' ? type.replace(/^UNetRes/, '') : ''
    if (fits.includes(modern)) return modern
    throw new FileFormatError(file, `${name}[${i}] is ${show(type)} (${fits.join(', ')} would fit)`)
  })

/** A square as its side, anything else as [height, width]. */
function square([height = 0, width = 0]: readonly number[]): number | readonly [number, number] {
  return height === width ? height : [height, width]
}

/** Fields that networks of other families do not have. */
const telling = [
  '_class_name',
  ...Object.values(plainNames).filter((name) => !/^(in|out)_channels$/.test(name)),
]

/** Whether a file's JSON is a configuration of this kind: names its class or a field of it. */
export const isDiffusers = (json: unknown): boolean =>
  Object.keys(Object(json)).some((name) => telling.includes(name))
