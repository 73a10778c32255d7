import { FileFormatError } from '@tweedie/tensor'
import type { Fields } from '../../fields.ts'
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
import type { NamedShapes } from '../../param-source.ts'
import type { AdmConfig } from './config.ts'
import { admConfig } from './config.ts'
import { argumentsOfFlags, flagsOf, refuseOthers } from './flags.ts'
import { inferAdm } from './infer.ts'

const channels = count(limits.channels)
/** guided-diffusion writes −1 for "not given". */
const unset = nullable(either(channels, oneOf(-1)))

/** The argument of `UNetModel` that gives each of our fields. */
const names = {
  imageSize: 'image_size',
  inChannels: 'in_channels',
  modelChannels: 'model_channels',
  outChannels: 'out_channels',
  numResBlocks: 'num_res_blocks',
  attentionResolutions: 'attention_resolutions',
  channelMult: 'channel_mult',
  convResample: 'conv_resample',
  numClasses: 'num_classes',
  numHeads: 'num_heads',
  numHeadChannels: 'num_head_channels',
  numHeadsUpsample: 'num_heads_upsample',
  useScaleShiftNorm: 'use_scale_shift_norm',
  resblockUpdown: 'resblock_updown',
  useNewAttentionOrder: 'use_new_attention_order',
  timeScale: 'time_scale',
} as const satisfies Record<Exclude<keyof AdmConfig, 'architecture'>, string>

const known = new Set<string>([...Object.values(names), 'dropout', 'dims', 'use_checkpoint', 'use_fp16'])

/**
 * The configuration in the constructor's arguments of guided-diffusion's `UNetModel`, with its own defaults: the
 * arguments themselves, `{ kwargs: … }`, or the flags of its scripts (with `num_channels`). As an argument,
 * `attention_resolutions` are factors of downsampling; the flag of the same name lists sides of images. `{ flags: … }` is the
 * command line of a script, with its defaults. `dropout`, `use_checkpoint` and `use_fp16` say how to train or store, not what
 * is computed, and are not kept. `time_scale` is no argument of theirs: it is where `rescale_timesteps` goes.
 * @param json - The parsed JSON.
 * @param file - Name of the file, for messages.
 * @throws {FileFormatError} naming the argument that does not fit, its value and what would fit.
 * @example
 * ```ts
 * import { admConfigFromGuided } from '@tweedie/unet'
 * const json = { image_size: 16, in_channels: 3, model_channels: 32, out_channels: 6, num_res_blocks: 1,
 *   attention_resolutions: [2], channel_mult: [1, 2], num_head_channels: -1 }
 * admConfigFromGuided(json, 'config.json').numHeadChannels // => null
 * ```
 */
export function admConfigFromGuided(json: unknown, file = 'config.json'): AdmConfig {
  const c = guidedArguments(json, file)
  const stranger = Object.keys(c).find((name) => !known.has(name))
  if (stranger !== undefined) {
    throw new FileFormatError(file, `${show(stranger)} is no argument of UNetModel that is known here`)
  }
  const heads = (name: string) => {
    const given = field(file, c, name, unset, null)
    return given === -1 ? null : given
  }
  field(file, c, 'dims', oneOf(2), 2)
  field(file, c, 'dropout', number(0, 1), 0)
  for (const name of ['use_checkpoint', 'use_fp16']) field(file, c, name, flag, false)
  return buildFrom(file, names, () =>
    admConfig({
      imageSize: field(file, c, 'image_size', count(limits.side)),
      inChannels: field(file, c, 'in_channels', channels),
      modelChannels: field(file, c, 'model_channels', channels),
      outChannels: field(file, c, 'out_channels', channels),
      numResBlocks: field(file, c, 'num_res_blocks', count(limits.layers)),
      attentionResolutions: field(file, c, 'attention_resolutions', factors),
      channelMult: field(
        file,
        c,
        'channel_mult',
        listOf(number(0, limits.channels), limits.levels),
        [1, 2, 4, 8],
      ),
      convResample: field(file, c, 'conv_resample', flag, true),
      numClasses: field(file, c, 'num_classes', nullable(count(limits.classes)), null),
      numHeads: field(file, c, 'num_heads', channels, 1),
      numHeadChannels: heads('num_head_channels'),
      numHeadsUpsample: heads('num_heads_upsample'),
      useScaleShiftNorm: field(file, c, 'use_scale_shift_norm', flag, false),
      resblockUpdown: field(file, c, 'resblock_updown', flag, false),
      useNewAttentionOrder: field(file, c, 'use_new_attention_order', flag, false),
      timeScale: field(file, c, 'time_scale', number(0, limits.timesteps), 1),
    }),
  )
}

/** Factors of downsampling; none for attention in the middle alone. */
const factors = listOf(count(limits.side), limits.levels, 0)

/**
 * {@link admConfigFromGuided}, where arguments that are left out and that names and shapes of the weights tell are taken
 * from there.
 */
export function admConfigFromWeights(json: unknown, file: string, shapes: () => NamedShapes): AdmConfig {
  const given = guidedArguments(json, file)
  if (requiredArguments.every((name) => Object.hasOwn(given, name))) return admConfigFromGuided(given, file)
  const told = inferAdm(shapes())
  return admConfigFromGuided({ ...(told === undefined ? {} : guidedNames(told)), ...given }, file)
}

/** The constructor's arguments in a file's JSON. @throws {FileFormatError} where there are none. */
function guidedArguments(json: unknown, file: string): Fields {
  const flags = flagsOf(json, file)
  if (flags !== undefined) return argumentsOfFlags(flags, file)
  const whole = objectOf(file, json)
  if (!Object.hasOwn(whole, 'kwargs')) return whole
  const fields = objectOf(file, whole['kwargs'], 'kwargs')
  refuseOthers(fields, file)
  return fields
}

/** Whether a file's JSON is a configuration of this kind: names an argument that diffusers' networks do not have. */
export function isGuided(json: unknown): boolean {
  if (typeof json === 'string') return /(^|["'\s])--\w/.test(json)
  const fields = typeof json === 'object' && json !== null ? Object.keys(json) : []
  const theirs = ['kwargs', 'flags', ...Object.values(names).filter((name) => !shared.has(name))]
  // `class_name` is of EDM's networks, `_class_name` of diffusers'.
  return !fields.some((name) => /^_?class_name$/.test(name)) && fields.some((name) => theirs.includes(name))
}

/** Names that diffusers' networks have too. */
const shared = new Set<string>(['in_channels', 'out_channels'])

/** Some fields under the constructor's names. */
export const guidedNames = (fields: Partial<AdmConfig>): Fields =>
  Object.fromEntries(
    Object.entries(names).flatMap(([ours, theirs]) => {
      const value = fields[ours as keyof AdmConfig]
      return value === undefined ? [] : [[theirs, value]]
    }),
  )

/** The arguments without which there is no configuration; names and shapes of the weights tell all but the first. */
const requiredArguments = [
  'image_size',
  'in_channels',
  'model_channels',
  'out_channels',
  'num_res_blocks',
  'attention_resolutions',
] as const

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
    ...(config.timeScale === 1 ? {} : { time_scale: config.timeScale }),
  }
}
