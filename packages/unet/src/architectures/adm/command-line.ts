import { FileFormatError } from '@tweedie/tensor'
import type { Fields } from '../../fields.ts'
import { show } from '../../fields.ts'

/** Flags of guided-diffusion's scripts that a line may leave out, by what they are then (`script_util.py`). */
const defaults: Fields = {
  image_size: 64,
  num_channels: 128,
  num_res_blocks: 2,
  num_heads: 4,
  num_heads_upsample: -1,
  num_head_channels: -1,
  attention_resolutions: '16,8',
  channel_mult: '',
  dropout: 0,
  class_cond: false,
  use_checkpoint: false,
  use_scale_shift_norm: true,
  resblock_updown: false,
  use_fp16: false,
  use_new_attention_order: false,
  learn_sigma: false,
  diffusion_steps: 1000,
  noise_schedule: 'linear',
  timestep_respacing: '',
  use_kl: false,
  predict_xstart: false,
  rescale_timesteps: false,
  rescale_learned_sigmas: false,
}

const truths: Readonly<Record<string, boolean>> = {
  ...{ true: true, yes: true, t: true, y: true, 1: true },
  ...{ false: false, no: false, f: false, n: false, 0: false },
}

/**
 * The flags on a command line of guided-diffusion's scripts, `--image_size 256 --num_channels 256 …`, with the scripts'
 * defaults for those that are left out. Truths and numbers are read as the scripts read them. The line may stand in quotes
 * behind a name, as in `MODEL_FLAGS="…"`.
 * @throws {FileFormatError} naming the word that is no flag, or has no value.
 * @example
 * ```ts
 * import { admConfigFromGuided } from '@tweedie/unet'
 * const flags = '--image_size 64 --num_channels 192 --num_res_blocks 3 --learn_sigma True --class_cond True'
 * admConfigFromGuided({ flags }).channelMult // => [1, 2, 3, 4]
 * ```
 */
export function flagsOfLine(line: string, file: string): Fields {
  const [, quoted] = /^\s*\w+=(["'])([^"']*)\1\s*$/.exec(line)?.slice(1) ?? []
  const words = (quoted ?? line).split(/\s+/).filter((word) => word !== '')
  const found = new Map<string, unknown>()
  for (let i = 0; i < words.length; i++) {
    const [, name, joined] = /^--(\w+)(?:=(.*))?$/.exec(words[i]!) ?? []
    if (name === undefined)
      throw new FileFormatError(file, `flags: ${show(words[i])} is no flag; one is written --name value`)
    const value = joined ?? words[++i]
    if (value === undefined) throw new FileFormatError(file, `flags: --${name} has no value`)
    if (found.has(name)) throw new FileFormatError(file, `flags: --${name} is there twice`)
    found.set(name, wordAs(defaults[name], value))
  }
  return { ...defaults, ...Object.fromEntries(found) }
}

/** A word as a value of the kind that a flag's default is of; as it stands where it is none. */
function wordAs(like: unknown, word: string): unknown {
  const low = word.toLowerCase()
  if (typeof like === 'boolean') return Object.hasOwn(truths, low) ? truths[low] : word
  const value = Number(word)
  return typeof like === 'number' && !Number.isNaN(value) ? value : word
}
