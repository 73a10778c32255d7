import { FileFormatError, OptionError } from '@tweedie/tensor'
import { z } from 'zod'
import type { AdmConfig } from './config.ts'
import { admConfig } from './config.ts'

const count = z.int().positive()
/** guided-diffusion writes −1 for "not given". */
const unset = z
  .union([count, z.literal(-1), z.null()])
  .default(null)
  .transform((n) => (n === -1 ? null : n))

/** The arguments of guided-diffusion's `UNetModel`, with its own defaults. */
const schema = z.strictObject({
  image_size: count,
  in_channels: count,
  model_channels: count,
  out_channels: count,
  num_res_blocks: count,
  attention_resolutions: z.array(count),
  dropout: z.number().min(0).max(1).default(0),
  channel_mult: z.array(z.number().positive()).default([1, 2, 4, 8]),
  conv_resample: z.boolean().default(true),
  dims: z.literal(2).default(2),
  num_classes: count.nullable().default(null),
  use_checkpoint: z.boolean().default(false),
  use_fp16: z.boolean().default(false),
  num_heads: count.default(1),
  num_head_channels: unset,
  num_heads_upsample: unset,
  use_scale_shift_norm: z.boolean().default(false),
  resblock_updown: z.boolean().default(false),
  use_new_attention_order: z.boolean().default(false),
})

/**
 * The configuration in the constructor's arguments of guided-diffusion's `UNetModel`: either the arguments
 * themselves or `{ kwargs: … }`. `attention_resolutions` are factors of downsampling, as the constructor
 * has them; the command-line flag of the same name lists sides of images. `dropout`, `use_checkpoint` and
 * `use_fp16` say how to train or store, not what is computed, and are not kept.
 * @param json - The parsed JSON.
 * @param file - Name of the file, for messages.
 * @throws {FileFormatError} naming the argument that does not fit.
 * @example
 * ```ts
 * import { admConfigFromGuided } from '@tweedie/unet'
 * const json = { image_size: 16, in_channels: 3, model_channels: 32, out_channels: 6, num_res_blocks: 1,
 *   attention_resolutions: [2], channel_mult: [1, 2], num_head_channels: -1 }
 * admConfigFromGuided(json, 'config.json').numHeadChannels // => null
 * ```
 */
export function admConfigFromGuided(json: unknown, file = 'config.json'): AdmConfig {
  const wrapped = typeof json === 'object' && json !== null && 'kwargs' in json
  const parsed = schema.safeParse(wrapped ? json.kwargs : json)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    const path = [...(wrapped ? ['kwargs'] : []), ...issue.path].join('.')
    throw new FileFormatError(file, `${path || 'the whole'}: ${issue.message}`)
  }
  const c = parsed.data
  try {
    return admConfig({
      imageSize: c.image_size,
      inChannels: c.in_channels,
      modelChannels: c.model_channels,
      outChannels: c.out_channels,
      numResBlocks: c.num_res_blocks,
      attentionResolutions: c.attention_resolutions,
      channelMult: c.channel_mult,
      convResample: c.conv_resample,
      numClasses: c.num_classes,
      numHeads: c.num_heads,
      numHeadChannels: c.num_head_channels,
      numHeadsUpsample: c.num_heads_upsample,
      useScaleShiftNorm: c.use_scale_shift_norm,
      resblockUpdown: c.resblock_updown,
      useNewAttentionOrder: c.use_new_attention_order,
    })
  } catch (error) {
    throw error instanceof OptionError ? new FileFormatError(file, error.message) : error
  }
}

/** The configuration as the constructor's arguments, for `UNetModel(**kwargs)`. */
export function admConfigToGuided(config: AdmConfig): Record<string, unknown> {
  return {
    image_size: config.imageSize,
    in_channels: config.inChannels,
    model_channels: config.modelChannels,
    out_channels: config.outChannels,
    num_res_blocks: config.numResBlocks,
    attention_resolutions: config.attentionResolutions,
    channel_mult: config.channelMult,
    conv_resample: config.convResample,
    num_classes: config.numClasses,
    num_heads: config.numHeads,
    num_head_channels: config.numHeadChannels ?? -1,
    num_heads_upsample: config.numHeadsUpsample ?? -1,
    use_scale_shift_norm: config.useScaleShiftNorm,
    resblock_updown: config.resblockUpdown,
    use_new_attention_order: config.useNewAttentionOrder,
  }
}
