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
import type { DdpmConfig } from './config.ts'
import { ddpmConfig } from './config.ts'

const channels = count(limits.channels)
const side = count(limits.side)
const anything = { wants: 'anything', fits: (_: unknown): _ is unknown => true }

/**
 * Fields whose other values ask for what this architecture does not have: the values that fit, the first being that of
 * a field left out, and what the others stand for.
 */
const unsupported: Readonly<Record<string, { fits: readonly unknown[]; what: string }>> = {
  _class_name: { fits: ['UNet2DModel'], what: 'networks of another class' },
  class_embed_type: { fits: [null], what: 'class labels' },
  num_class_embeds: { fits: [null], what: 'class labels' },
  time_embedding_type: { fits: ['positional'], what: 'Fourier or learned embeddings of time' },
  center_input_sample: { fits: [false], what: 'inputs shifted to [−1, 1] by the network' },
  mid_block_type: { fits: ['UNetMidBlock2D'], what: 'other middle blocks, or none,' },
  mid_block_scale_factor: { fits: [1], what: 'scaled middle blocks' },
  downsample_type: { fits: ['conv'], what: 'other ways to halve the image' },
  upsample_type: { fits: ['conv'], what: 'other ways to double the image' },
  act_fn: { fits: ['silu', 'swish'], what: 'other activation functions' },
  resnet_time_scale_shift: { fits: ['default'], what: 'norms scaled and shifted by time' },
}

/** Block types with and without attention; checkpoints of diffusers before 0.1 say `UNetRes` in front. */
const blocks = {
  down_block_types: { AttnDownBlock2D: true, DownBlock2D: false },
  up_block_types: { AttnUpBlock2D: true, UpBlock2D: false },
} as const

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

/** Each of our fields: the one of diffusers that gives it, what that may be, and its value where it is left out. */
const fields = {
  sampleSize: ['sample_size', nullable(either(side, listOf(side, 2))), null],
  inChannels: ['in_channels', channels, 3],
  outChannels: ['out_channels', channels, 3],
  blockOutChannels: ['block_out_channels', listOf(channels, limits.levels), [224, 448, 672, 896]],
  layersPerBlock: ['layers_per_block', count(limits.layers), 2],
  downAttention: ['down_block_types', nullable(listOf(anything, limits.levels)), null],
  upAttention: ['up_block_types', nullable(listOf(anything, limits.levels)), null],
  midAttention: ['add_attention', flag, true],
  attentionHeadDim: ['attention_head_dim', nullable(channels), 8],
  normGroups: ['norm_num_groups', channels, 32],
  normEps: ['norm_eps', number(0, 1), 1e-5],
  timeEmbeddingDim: ['time_embedding_dim', nullable(channels), null],
  flipSinToCos: ['flip_sin_to_cos', flag, true],
  freqShift: ['freq_shift', number(0, limits.channels), 0],
  downsamplePadding: ['downsample_padding', oneOf(0, 1), 1],
} as const satisfies Record<Exclude<keyof DdpmConfig, 'architecture'>, Field>

type Field = readonly [name: string, of: Kind<unknown>, fallback: unknown]
type Read = { readonly [K in keyof typeof fields]: (typeof fields)[K][1] extends Kind<infer T> ? T : never }

const eachField = <T>(of: (field: Field) => T): Record<keyof typeof fields, T> =>
  Object.fromEntries(Object.entries(fields).map(([ours, field]) => [ours, of(field)])) as never

/** Their names. */
const names = eachField(([name]) => name)

const known = new Set<string>([
  ...Object.values(names),
  ...Object.keys(unsupported),
  'attn_norm_num_groups',
  ...harmless,
])

/**
 * The configuration in diffusers' own `config.json` of a `UNet2DModel`, with diffusers' own defaults. What this
 * architecture does not have (class labels, Fourier time embedding, scale-shift norms, FIR resampling …) is refused by
 * name, and so are fields that are not known.
 * @param json - The parsed JSON.
 * @param file - Name of the file, for messages.
 * @throws {FileFormatError} naming the field that does not fit, its value and what would fit.
 * @example
 * ```ts
 * import { ddpmConfigFromDiffusers } from '@tweedie/unet'
 * const json = { sample_size: 32, block_out_channels: [32, 64], down_block_types: ['DownBlock2D', 'AttnDownBlock2D'],
 *   up_block_types: ['AttnUpBlock2D', 'UpBlock2D'], norm_num_groups: 8 }
 * ddpmConfigFromDiffusers(json, 'config.json').downAttention // => [false, true]
 * ```
 */
export function ddpmConfigFromDiffusers(json: unknown, file = 'config.json'): DdpmConfig {
  const c = objectOf(file, json)
  refuseUnsupported(c, file)
  const {
    sampleSize: size,
    downAttention,
    upAttention,
    ...others
  } = eachField(([name, of, fallback]) => field(file, c, name, of, fallback)) as Read
  const { normGroups } = others
  const attentionGroups = field(file, c, 'attn_norm_num_groups', nullable(channels), null) ?? normGroups
  if (attentionGroups !== normGroups) {
    throw new FileFormatError(
      file,
      `attn_norm_num_groups: ${attentionGroups} differs from norm_num_groups ${normGroups}, which is not supported yet`,
    )
  }
  if (size === null || (typeof size !== 'number' && size.length !== 2)) {
    throw new FileFormatError(
      file,
      `sample_size: must be the side of the images or [height, width], got ${show(c['sample_size'])}`,
    )
  }
  return buildFrom(file, names, () =>
    ddpmConfig({
      ...others,
      sampleSize: typeof size === 'number' ? size : square(size),
      downAttention: attention(file, 'down_block_types', downAttention) ?? [false, true, true, true],
      upAttention: attention(file, 'up_block_types', upAttention) ?? [true, true, true, false],
    }),
  )
}

function refuseUnsupported(c: Fields, file: string): void {
  for (const [name, { fits, what }] of Object.entries(unsupported)) {
    const value = field(file, c, name, anything, fits[0])
    if (fits.includes(value)) continue
    const fitting = fits.map(show).join(' or ')
    throw new FileFormatError(
      file,
      `${what} are not supported yet: ${name} is ${show(value)} (${fitting} would fit)`,
    )
  }
  for (const name of Object.keys(c)) {
    if (known.has(name) || name.startsWith('_')) continue
    throw new FileFormatError(
      file,
      `${show(name)} is no field of UNet2DModel that is known here; remove it if it does not change what is computed`,
    )
  }
}

/** Whether each block has attention, by its type. */
function attention(
  file: string,
  name: keyof typeof blocks,
  listed: readonly unknown[] | null,
): readonly boolean[] | undefined {
  const types: Readonly<Record<string, boolean>> = blocks[name]
  return listed?.map((type, i) => {
    const modern = typeof type === 'string' ? type.replace(/^UNetRes/, '') : ''
    const has = Object.hasOwn(types, modern) ? types[modern] : undefined
    if (has !== undefined) return has
    const fitting = Object.keys(types).join(' and ')
    throw new FileFormatError(
      file,
      `blocks of other types are not supported yet: ${name}[${i}] is ${show(type)} (${fitting} would fit)`,
    )
  })
}

/** A square as its side, anything else as [height, width]. */
function square([height = 0, width = 0]: readonly number[]): number | readonly [number, number] {
  return height === width ? height : [height, width]
}

/** Fields that guided-diffusion's networks have too. */
const shared: readonly string[] = ['in_channels', 'out_channels']

/** Whether a file's JSON is a configuration of this kind: names its class or a field of it. */
export function isDiffusers(json: unknown): boolean {
  const fields = typeof json === 'object' && json !== null ? Object.keys(json) : []
  const theirs = Object.values(names).filter((name) => !shared.includes(name))
  return fields.includes('_class_name') || theirs.some((name) => fields.includes(name))
}

/** The configuration as diffusers writes it, so that `UNet2DModel.from_config` builds the same network. */
export function ddpmConfigToDiffusers(config: DdpmConfig): Record<string, unknown> {
  return {
    _class_name: 'UNet2DModel',
    sample_size: config.sampleSize,
    in_channels: config.inChannels,
    out_channels: config.outChannels,
    time_embedding_type: 'positional',
    time_embedding_dim: config.timeEmbeddingDim,
    freq_shift: config.freqShift,
    flip_sin_to_cos: config.flipSinToCos,
    down_block_types: config.downAttention.map((on) => (on ? 'AttnDownBlock2D' : 'DownBlock2D')),
    up_block_types: config.upAttention.map((on) => (on ? 'AttnUpBlock2D' : 'UpBlock2D')),
    block_out_channels: config.blockOutChannels,
    layers_per_block: config.layersPerBlock,
    downsample_padding: config.downsamplePadding,
    downsample_type: 'conv',
    upsample_type: 'conv',
    act_fn: 'silu',
    attention_head_dim: config.attentionHeadDim,
    norm_num_groups: config.normGroups,
    norm_eps: config.normEps,
    resnet_time_scale_shift: 'default',
    add_attention: config.midAttention,
  }
}
