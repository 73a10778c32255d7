import { FileFormatError } from '@tweedie/tensor'
import type { Fields } from '../../fields.ts'
import { buildFrom, count, field, flag, nullable, number, oneOf, show, text } from '../../fields.ts'
import { limits } from '../../limits.ts'
import type { NamedShapes } from '../../param-source.ts'
import { blockTypes, kindsOf, resamplingOf, typesOf } from './block-types.ts'
import { ddpmConfig } from './config.ts'
import { inferDdpm } from './infer.ts'
import type { Field } from './plain-diffusers.ts'
import {
  knownFieldsOf,
  modernTypes,
  namesOf,
  plainFields,
  plainNames,
  readFields,
} from './plain-diffusers.ts'
import type { DdpmConfig, DdpmVariant } from './types.ts'
import { variantOf } from './varied/variant.ts'

const channels = count(limits.channels)
const way = nullable(oneOf('conv', 'resnet'))

/** The fields of diffusers that say a variant, but for the types of blocks. */
const fields = {
  midBlock: ['mid_block_type', oneOf('UNetMidBlock2D', null), 'UNetMidBlock2D'],
  midScale: ['mid_block_scale_factor', number(1e-6, 1e6), 1],
  midAttentionGroups: ['attn_norm_num_groups', nullable(channels), null],
  scaleShift: ['resnet_time_scale_shift', oneOf('default', 'scale_shift'), 'default'],
  activation: ['act_fn', text, 'silu'],
  timeEmbedding: ['time_embedding_type', oneOf('positional', 'fourier', 'learned'), 'positional'],
  timesteps: ['num_train_timesteps', nullable(count(limits.timesteps)), null],
  numClasses: ['num_class_embeds', nullable(count(limits.classes)), null],
  classEmbedding: ['class_embed_type', oneOf('timestep', 'identity', null), null],
  centerInput: ['center_input_sample', flag, false],
  downResampling: ['downsample_type', way, 'conv'],
  upResampling: ['upsample_type', way, 'conv'],
} as const satisfies Readonly<Record<string, Field>>

const blockNames = { downBlocks: 'down_block_types', upBlocks: 'up_block_types' } as const

/** Diffusers' name for each of our fields, those of a variant with `variant.` in front. */
export const diffusersNames: Readonly<Record<string, string>> = {
  ...plainNames,
  ...Object.fromEntries(
    Object.entries({ ...namesOf(fields), ...blockNames }).map(([ours, theirs]) => [
      `variant.${ours}`,
      theirs,
    ]),
  ),
}

/** Activations as diffusers calls them, in any case. */
const activations = { silu: 'silu', swish: 'silu', mish: 'mish', gelu: 'gelu', relu: 'relu' } as const

/**
 * The configuration in diffusers' own `config.json` of a `UNet2DModel`, with diffusers' own defaults. A field that is not
 * known is refused by name, and so is a value that diffusers does not have.
 * @param json - The parsed JSON.
 * @param file - Name of the file, for messages.
 * @param shapes - Names and shapes of the weights, for what they tell of fields that every file of diffusers has.
 * @throws {FileFormatError} naming the field that does not fit, its value and what would fit.
 * @example
 * ```ts
 * import { ddpmConfigFromDiffusers } from '@tweedie/unet'
 * const json = { sample_size: 32, block_out_channels: [32, 64], down_block_types: ['DownBlock2D', 'AttnDownBlock2D'],
 *   up_block_types: ['AttnUpBlock2D', 'UpBlock2D'], norm_num_groups: 8, act_fn: 'mish' }
 * const config = ddpmConfigFromDiffusers(json, 'config.json')
 * config.downAttention // => [false, true]
 * config.variant // => { activation: 'mish' }
 * ```
 */
export function ddpmConfigFromDiffusers(
  json: unknown,
  file = 'config.json',
  shapes: () => NamedShapes = () => new Map(),
): DdpmConfig {
  const c = completedBy(shapes, knownFieldsOf(json, file))
  const normGroups = field(file, c, 'norm_num_groups', nullable(channels), 32)
  const plain = plainFields({ ...c, norm_num_groups: normGroups ?? 1 }, file) // Null is for variants alone.
  const types = {
    down: modernTypes(file, blockNames.downBlocks, plain.downAttention, blockTypes.down),
    up: modernTypes(file, blockNames.upBlocks, plain.upAttention, blockTypes.up),
  }
  const variant = variantFields(c, file, normGroups, types)
  const attends = (list: readonly string[]) => list.map((type) => type.startsWith('Attn'))
  return buildFrom(file, diffusersNames, () =>
    ddpmConfig({
      ...plain,
      normGroups,
      downAttention: attends(types.down),
      upAttention: attends(types.up),
      variant,
    }),
  )
}

/** The fields of a file and, where it lacks one that diffusers always writes, those that the weights tell. */
function completedBy(shapes: () => NamedShapes, c: Fields): Fields {
  const always = [
    'in_channels',
    'out_channels',
    'block_out_channels',
    'layers_per_block',
    ...Object.values(blockNames),
  ]
  if (always.every((name) => Object.hasOwn(c, name))) return c
  return { ...inferDdpm(shapes())?.fields, ...c }
}

function variantFields(
  c: Fields,
  file: string,
  normGroups: number | null,
  types: { readonly down: readonly string[]; readonly up: readonly string[] },
): DdpmVariant {
  const { downResampling, upResampling, ...read } = readFields(fields, c, file)
  const { midAttentionGroups, timesteps, timeEmbedding, classEmbedding, numClasses } = read
  const scaleShift = read.scaleShift === 'scale_shift'
  const lowered = read.activation.toLowerCase()
  if (!Object.hasOwn(activations, lowered))
    throw new FileFormatError(
      file,
      `act_fn: must be ${Object.keys(activations).map(show).join(' or ')}, got ${show(read.activation)}`,
    )
  if (timeEmbedding === 'learned' && timesteps === null)
    throw new FileFormatError(
      file,
      "num_train_timesteps: must be a whole number, the rows of the table, where time_embedding_type is 'learned', got null",
    )
  return {
    ...read,
    downBlocks: kindsOf(types.down, downResampling ?? 'conv'),
    upBlocks: kindsOf(types.up, upResampling ?? 'conv'),
    midBlock: read.midBlock !== null,
    // As many as all norms have are what diffusers takes where it has a norm anyway.
    midAttentionGroups: !scaleShift && midAttentionGroups === normGroups ? null : midAttentionGroups,
    scaleShift,
    activation: activations[lowered as keyof typeof activations],
    // Elsewhere diffusers makes nothing of these two.
    timesteps: timeEmbedding === 'learned' ? timesteps : null,
    numClasses: classEmbedding === null ? numClasses : null,
  }
}

/** The configuration as diffusers writes it, so that `UNet2DModel.from_config` builds the same network. */
export function ddpmConfigToDiffusers(config: DdpmConfig): Record<string, unknown> {
  const variant = variantOf(config)
  return {
    _class_name: 'UNet2DModel',
    sample_size: config.sampleSize,
    in_channels: config.inChannels,
    out_channels: config.outChannels,
    time_embedding_type: variant.timeEmbedding,
    time_embedding_dim: config.timeEmbeddingDim,
    freq_shift: config.freqShift,
    flip_sin_to_cos: config.flipSinToCos,
    down_block_types: typesOf('Down', variant.downBlocks, config.downAttention),
    up_block_types: typesOf('Up', variant.upBlocks, config.upAttention),
    block_out_channels: config.blockOutChannels,
    layers_per_block: config.layersPerBlock,
    downsample_padding: config.downsamplePadding,
    downsample_type: resamplingOf(variant.downBlocks, config.downAttention),
    upsample_type: resamplingOf(variant.upBlocks, config.upAttention),
    act_fn: variant.activation,
    attention_head_dim: config.attentionHeadDim,
    norm_num_groups: config.normGroups,
    norm_eps: config.normEps,
    resnet_time_scale_shift: variant.scaleShift ? 'scale_shift' : 'default',
    add_attention: config.midAttention,
    ...(config.variant === undefined ? {} : ofVariant(variant)),
  }
}

/** Fields that diffusers had not at first, or that networks of arXiv 2006.11239 do without. */
const ofVariant = (variant: DdpmVariant) => ({
  mid_block_type: variant.midBlock ? 'UNetMidBlock2D' : null,
  mid_block_scale_factor: variant.midScale,
  attn_norm_num_groups: variant.midAttentionGroups,
  num_train_timesteps: variant.timesteps,
  num_class_embeds: variant.numClasses,
  class_embed_type: variant.classEmbedding,
  center_input_sample: variant.centerInput,
})
