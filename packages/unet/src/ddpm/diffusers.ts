import { FileFormatError, OptionError } from '@tweedie/tensor'
import { z } from 'zod'
import type { DdpmConfig } from './config.ts'
import { ddpmConfig } from './config.ts'

const count = z.int().positive()
const blocks = (attended: string, plain: string) => z.array(z.enum([attended, plain]))

/** The keys of diffusers' `UNet2DModel` configuration that matter here, with diffusers' own defaults. */
const schema = z.looseObject({
  _class_name: z.literal('UNet2DModel').optional(),
  sample_size: z
    .union([count, z.tuple([count, count]).refine(([h, w]) => h === w, 'only square images')])
    .transform((s) => (typeof s === 'number' ? s : s[0])),
  in_channels: count.default(3),
  out_channels: count.default(3),
  center_input_sample: z.literal(false).default(false),
  time_embedding_type: z.literal('positional').default('positional'),
  time_embedding_dim: count.nullish(),
  freq_shift: z.number().default(0),
  flip_sin_to_cos: z.boolean().default(true),
  down_block_types: blocks('AttnDownBlock2D', 'DownBlock2D').default([
    'DownBlock2D',
    'AttnDownBlock2D',
    'AttnDownBlock2D',
    'AttnDownBlock2D',
  ]),
  mid_block_type: z.literal('UNetMidBlock2D').default('UNetMidBlock2D'),
  up_block_types: blocks('AttnUpBlock2D', 'UpBlock2D').default([
    'AttnUpBlock2D',
    'AttnUpBlock2D',
    'AttnUpBlock2D',
    'UpBlock2D',
  ]),
  block_out_channels: z.array(count).default([224, 448, 672, 896]),
  layers_per_block: count.default(2),
  mid_block_scale_factor: z.literal(1).default(1),
  downsample_padding: z.union([z.literal(0), z.literal(1)]).default(1),
  downsample_type: z.literal('conv').default('conv'),
  upsample_type: z.literal('conv').default('conv'),
  act_fn: z.enum(['silu', 'swish']).default('silu'),
  attention_head_dim: count.nullable().default(8),
  norm_num_groups: count.default(32),
  attn_norm_num_groups: count.nullish(),
  norm_eps: z.number().default(1e-5),
  resnet_time_scale_shift: z.literal('default').default('default'),
  add_attention: z.boolean().default(true),
  class_embed_type: z.null().optional(),
  num_class_embeds: z.null().optional(),
})

/**
 * The configuration in diffusers' own `config.json` of a `UNet2DModel`. What this architecture does not
 * have (Fourier time embedding, scale-shift norms, FIR resampling, class labels) is refused by name.
 * @param json - The parsed JSON.
 * @param file - Name of the file, for messages.
 * @throws {FileFormatError} naming the key that does not fit.
 * @example
 * ```ts
 * import { ddpmConfigFromDiffusers } from '@tweedie/unet'
 * const json = { sample_size: 32, block_out_channels: [32, 64], down_block_types: ['DownBlock2D', 'AttnDownBlock2D'],
 *   up_block_types: ['AttnUpBlock2D', 'UpBlock2D'], norm_num_groups: 8 }
 * ddpmConfigFromDiffusers(json, 'config.json').downAttention // => [false, true]
 * ```
 */
export function ddpmConfigFromDiffusers(json: unknown, file = 'config.json'): DdpmConfig {
  const parsed = schema.safeParse(json)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    throw new FileFormatError(file, `${issue.path.join('.') || 'the whole'}: ${issue.message}`)
  }
  const c = parsed.data
  if ((c.attn_norm_num_groups ?? c.norm_num_groups) !== c.norm_num_groups) {
    throw new FileFormatError(
      file,
      `attn_norm_num_groups: ${c.attn_norm_num_groups} differs from norm_num_groups ${c.norm_num_groups}, which is not supported`,
    )
  }
  try {
    return ddpmConfig({
      sampleSize: c.sample_size,
      inChannels: c.in_channels,
      outChannels: c.out_channels,
      blockOutChannels: c.block_out_channels,
      layersPerBlock: c.layers_per_block,
      downAttention: c.down_block_types.map((type) => type === 'AttnDownBlock2D'),
      upAttention: c.up_block_types.map((type) => type === 'AttnUpBlock2D'),
      midAttention: c.add_attention,
      attentionHeadDim: c.attention_head_dim,
      normGroups: c.norm_num_groups,
      normEps: c.norm_eps,
      timeEmbeddingDim: c.time_embedding_dim ?? null,
      flipSinToCos: c.flip_sin_to_cos,
      freqShift: c.freq_shift,
      downsamplePadding: c.downsample_padding,
    })
  } catch (error) {
    throw error instanceof OptionError ? new FileFormatError(file, error.message) : error
  }
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
