import { FileFormatError } from '@tweedie/tensor'
import type { Fields, Kind } from '../../fields.ts'
import { count, either, field, flag, listOf, oneOf, show, text } from '../../fields.ts'
import { limits } from '../../limits.ts'

/** Levels that guided-diffusion takes for a side where `channel_mult` is empty. */
const usualLevels: Readonly<Record<number, readonly number[]>> = {
  512: [0.5, 1, 1, 2, 2, 4, 4],
  256: [1, 1, 2, 2, 4, 4],
  128: [1, 1, 2, 3, 4],
  64: [1, 2, 3, 4],
}

/** Classes of a class-conditional network of guided-diffusion, which was trained on ImageNet. */
const classes = 1000

/** Flags that are arguments of the constructor under the same name. */
const same = [
  'image_size',
  'num_res_blocks',
  'num_heads',
  'num_head_channels',
  'num_heads_upsample',
  'use_scale_shift_norm',
  'resblock_updown',
  'use_new_attention_order',
  'dropout',
  'use_checkpoint',
  'use_fp16',
]

/** Flags of the diffusion, by what is taken where nothing beside the file says another; a scheduler_config.json would. */
const diffusion: Readonly<Record<string, Kind<unknown>>> = {
  diffusion_steps: oneOf(1000),
  noise_schedule: oneOf('linear'),
  predict_xstart: oneOf(false),
  // Times 1000/diffusion_steps: nothing at 1000.
  rescale_timesteps: flag,
  // How the script samples or trains, not what the network computes.
  timestep_respacing: either(text, count(limits.timesteps)),
  use_kl: flag,
  rescale_learned_sigmas: flag,
  model_path: text,
}

const own = ['num_channels', 'channel_mult', 'learn_sigma', 'class_cond', 'attention_resolutions']

/** Whether the fields are the flags of guided-diffusion's scripts rather than its constructor's arguments. */
export const areFlags = (fields: Fields): boolean =>
  Object.hasOwn(fields, 'num_channels') && !Object.hasOwn(fields, 'model_channels')

/**
 * The arguments of `UNetModel` that the flags of guided-diffusion's scripts stand for (`num_channels`, `learn_sigma`,
 * `class_cond`, sides of images for `attention_resolutions`), as DPS and others keep them in their `model_config`.
 * Flags whose defaults differ between those have to be there.
 * @throws {FileFormatError} naming the flag that is missing, not known or does not fit.
 */
export function argumentsOfFlags(flags: Fields, file: string): Fields {
  for (const name of Object.keys(flags)) {
    if (same.includes(name) || own.includes(name)) continue
    const kind = Object.hasOwn(diffusion, name) ? diffusion[name] : undefined
    if (kind === undefined)
      throw new FileFormatError(file, `${show(name)} is no flag of guided-diffusion that is known here`)
    field(file, flags, name, kind)
  }
  for (const name of ['num_heads', 'use_scale_shift_norm']) {
    if (!Object.hasOwn(flags, name)) throw new FileFormatError(file, `${name}: is missing`)
  }
  const side = field(file, flags, 'image_size', count(limits.side))
  const kept = Object.fromEntries(Object.entries(flags).filter(([name]) => same.includes(name)))
  const sides = numbers(file, 'attention_resolutions', flags['attention_resolutions'])
  const learned = field(file, flags, 'learn_sigma', flag, false)
  const conditional = field(file, flags, 'class_cond', flag, false)
  return {
    ...kept,
    in_channels: 3,
    model_channels: field(file, flags, 'num_channels', count(limits.channels)),
    out_channels: learned ? 6 : 3,
    attention_resolutions: sides.map((of) => Math.floor(side / of)).filter((factor) => factor >= 1),
    channel_mult: levels(file, flags, side),
    num_classes: conditional ? classes : null,
  }
}

function levels(file: string, flags: Fields, side: number): readonly number[] {
  const given = field(file, flags, 'channel_mult', either(text, factors), '')
  if (given !== '') return numbers(file, 'channel_mult', given)
  const usual = usualLevels[side]
  if (usual !== undefined) return usual
  throw new FileFormatError(
    file,
    `channel_mult: must be given for image_size ${side}; it has usual values for ${Object.keys(usualLevels).join(', ')}`,
  )
}

const factors: Kind<readonly number[]> = listOf(count(limits.channels), limits.levels)

/** Numbers as a script takes them, "16,8", or as JSON would have them. */
function numbers(file: string, name: string, value: unknown): readonly number[] {
  const list = typeof value === 'string' ? value.split(',').map(Number) : [value].flat()
  if (factors.fits(list)) return list
  throw new FileFormatError(file, `${name}: must be whole numbers such as "16,8", got ${show(value)}`)
}
