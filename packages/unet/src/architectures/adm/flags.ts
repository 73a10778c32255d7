import { FileFormatError } from '@tweedie/tensor'
import type { Fields, Kind } from '../../fields.ts'
import { count, either, field, flag, listOf, objectOf, oneOf, show, text } from '../../fields.ts'
import { limits } from '../../limits.ts'
import type { TrainedOn, TrainedSchedule } from '../trained-on.ts'
import { linearTraining } from '../trained-on.ts'
import { flagsOfLine } from './command-line.ts'

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

/** Flags of the diffusion. */
const diffusion = {
  diffusion_steps: count(limits.timesteps),
  noise_schedule: oneOf('linear', 'cosine'),
  predict_xstart: flag,
  rescale_timesteps: flag,
} as const

const number: Kind<number> = { wants: 'a number', fits: (v): v is number => typeof v === 'number' }

/** How a script samples or trains: nothing that the network computes depends on it. */
const process: Readonly<Record<string, Kind<unknown>>> = {
  timestep_respacing: either(text, count(limits.timesteps)),
  use_kl: flag,
  rescale_learned_sigmas: flag,
  model_path: text,
  batch_size: either(text, number),
  num_samples: either(text, number),
  use_ddim: either(text, flag),
  clip_denoised: either(text, flag),
}

/** Networks of guided-diffusion that are told by a flag of theirs, and are not this one. */
const others: readonly { readonly flag: RegExp; readonly what: string }[] = [
  {
    flag: /^(large|small)_size$/,
    what: 'of its SuperResModel, which is shown a small picture beside the noisy one; a plain UNetModel would fit, and the method does the super-resolution',
  },
  {
    flag: /^(classifier_\w+|pool)$/,
    what: 'of its classifier (EncoderUNetModel), which is no network of a prior; beside the flags of a UNetModel, leave it out',
  },
]

const own = ['num_channels', 'channel_mult', 'learn_sigma', 'class_cond', 'attention_resolutions']

/**
 * The flags of guided-diffusion's scripts in a file's JSON: as an object, or a command line, by themselves or under `flags`;
 * undefined where there are the constructor's arguments.
 * @throws {FileFormatError} for flags of a network that is none of its U-Nets, and a line that is none of flags.
 */
export function flagsOf(json: unknown, file: string): Fields | undefined {
  const whole = typeof json === 'string' ? { flags: json } : objectOf(file, json)
  const given = Object.hasOwn(whole, 'flags') ? whole['flags'] : undefined
  const fields =
    typeof given === 'string'
      ? flagsOfLine(given, file)
      : given === undefined
        ? whole
        : objectOf(file, given, 'flags')
  refuseOthers(fields, file)
  const theirs = Object.hasOwn(fields, 'num_channels') && !Object.hasOwn(fields, 'model_channels')
  return theirs || given !== undefined ? fields : undefined
}

/** @throws {FileFormatError} for a flag or argument of a network of guided-diffusion that is not this one. */
export function refuseOthers(fields: Fields, file: string): void {
  for (const { flag, what } of others) {
    const found = Object.keys(fields).find((name) => flag.test(name))
    if (found !== undefined)
      throw new FileFormatError(file, `${found}: is a setting of guided-diffusion, ${what}`)
  }
}

/**
 * What a network was trained on by its flags, and that in words behind the name of its folder; undefined where the JSON holds
 * no flags.
 * @throws {FileFormatError} naming the flag that does not fit.
 */
export function trainedByFlags(
  json: unknown,
  file: string,
): { readonly trainedOn: TrainedOn; readonly note: string } | undefined {
  const flags = flagsOf(json, file)
  if (flags === undefined) return undefined
  const timesteps = field(file, flags, 'diffusion_steps', diffusion.diffusion_steps, 1000)
  const betas = field(file, flags, 'noise_schedule', diffusion.noise_schedule, 'linear')
  const predicts = field(file, flags, 'predict_xstart', diffusion.predict_xstart, false) ? 'x0' : 'epsilon'
  const learned = field(file, flags, 'learn_sigma', flag, false)
  const trainedOn: TrainedOn = {
    ...linearTraining(timesteps, predicts),
    ...(betas === 'cosine' && { schedule: cosine(timesteps) }),
    learnedVariance: learned,
    ...(learned && { pipeline: learnedPipeline }),
  }
  return { trainedOn, note: `says by its flags: ${betas} βs, T = ${timesteps}, predicts ${predicts}` }
}

/** How guided-diffusion samples a network that learns its variance: times as even as whole numbers can be, down to 0. */
export const learnedPipeline = {
  variance: 'learned-range',
  grid: { spacing: 'linspace', offset: 0, last: 'clean' },
} as const satisfies TrainedOn['pipeline']

/** guided-diffusion's cosine schedule is that of diffusers, which has no use for the two ends. */
const cosine = (timesteps: number): TrainedSchedule => ({
  ...{ kind: 'diffusers', name: 'squaredcos_cap_v2', timesteps },
  ...{ betaStart: 1e-4, betaEnd: 0.02 },
})

/**
 * The arguments of `UNetModel` that the flags of guided-diffusion's scripts stand for (`num_channels`, `learn_sigma`,
 * `class_cond`, sides of images for `attention_resolutions`), as DPS and others keep them in their `model_config`.
 * Flags whose defaults differ between those have to be there.
 * @throws {FileFormatError} naming the flag that is missing, not known or does not fit.
 */
export function argumentsOfFlags(flags: Fields, file: string): Fields {
  for (const name of Object.keys(flags)) {
    if (same.includes(name) || own.includes(name)) continue
    const known: Readonly<Record<string, Kind<unknown>>> = { ...diffusion, ...process }
    const kind = Object.hasOwn(known, name) ? known[name] : undefined
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
    time_scale: timeScale(flags, file),
  }
}

/** By `rescale_timesteps`, which counts T steps as 1000. */
function timeScale(flags: Fields, file: string): number {
  const rescaled = field(file, flags, 'rescale_timesteps', diffusion.rescale_timesteps, false)
  return rescaled ? 1000 / field(file, flags, 'diffusion_steps', diffusion.diffusion_steps, 1000) : 1
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
