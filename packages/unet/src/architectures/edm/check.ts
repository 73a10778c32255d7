import { OptionError } from '@tweedie/tensor'
import { limits } from '../../limits.ts'
import { edmPlan } from './plan.ts'
import { checkPreconditioning } from './preconditioning.ts'
import type { EdmConfig } from './types.ts'
import {
  decoderTypes,
  embeddingChannels,
  embeddingTypes,
  encoderTypes,
  fixedInDhariwal,
  halvings,
  noiseChannels,
  normGroups,
} from './types.ts'

/** Whole numbers, from the least to the most that each may be. */
const counts = {
  imageSize: [1, limits.side],
  inChannels: [1, limits.channels],
  outChannels: [1, limits.channels],
  labelDim: [0, limits.classes],
  augmentDim: [0, limits.channels],
  modelChannels: [1, limits.channels],
  channelMultEmb: [1, limits.channels],
  channelMultNoise: [1, limits.channels],
  numBlocks: [1, limits.layers],
} as const satisfies { readonly [K in keyof EdmConfig]?: readonly [number, number] }

const choices = {
  embeddingType: embeddingTypes,
  encoderType: encoderTypes,
  decoderType: decoderTypes,
} as const satisfies { readonly [K in keyof EdmConfig]?: readonly string[] }

/** @throws {OptionError} naming the field that does not fit. */
export function checkEdm(config: EdmConfig): void {
  const refuse = (name: keyof EdmConfig, why: string): never => {
    throw new OptionError(name, why)
  }
  for (const [name, [low, high]] of Object.entries(counts) as [
    keyof typeof counts,
    readonly [number, number],
  ][])
    whole(name, config[name], low, high)
  for (const [name, values] of Object.entries(choices) as [keyof typeof choices, readonly string[]][])
    if (!values.includes(config[name]))
      refuse(name, `must be ${values.join(' or ')}, got ${String(config[name])}`)
  if (config.network === 'DhariwalUNet')
    for (const [name, value] of Object.entries(fixedInDhariwal) as [keyof typeof fixedInDhariwal, unknown][])
      if (String(config[name]) !== String(value))
        refuse(
          name,
          `is of SongUNet: for a DhariwalUNet it must be ${String(value)}, got ${String(config[name])}`,
        )
  const { channelMult, attnResolutions, resampleFilter: taps, labelDropout, imageSize } = config
  const levels = channelMult.length
  if (levels < 1 || levels > limits.levels)
    refuse('channelMult', `needs 1 to ${limits.levels} levels, got ${levels}`)
  for (const mult of channelMult) whole('channelMult', mult, 1, limits.channels)
  for (const side of attnResolutions) whole('attnResolutions', side, 1, limits.side)
  const [width, noise] = [embeddingChannels(config), noiseChannels(config)]
  const widest = Math.max(width, noise, ...channelMult.map((mult) => mult * config.modelChannels))
  if (widest > limits.channels)
    refuse('modelChannels', `makes ${widest} channels, more than the ${limits.channels} that fit`)
  const least = config.network === 'SongUNet' && config.embeddingType === 'positional' ? 4 : 2
  if (noise % 2 !== 0 || noise < least)
    refuse(
      'channelMultNoise',
      `× modelChannels is the width of the embedding of time: it must be even and at least ${least}, got ${noise}`,
    )
  const total = taps.reduce((sum, tap) => sum + tap, 0)
  const symmetric = taps.every((tap, i) => tap === taps[taps.length - 1 - i])
  if (
    taps.length < 2 ||
    taps.length > 64 ||
    taps.length % 2 !== 0 ||
    !symmetric ||
    !Number.isFinite(1 / total)
  )
    refuse(
      'resampleFilter',
      `must be an even number of taps, 2 to 64, symmetric, whose sum is not 0, got [${taps.join(', ')}]`,
    )
  if (!(labelDropout >= 0 && labelDropout <= 1))
    refuse('labelDropout', `must be between 0 and 1, got ${labelDropout}`)
  if (labelDropout > 0 && config.labelDim === 0)
    refuse('labelDropout', 'is for networks that are told classes')
  if (imageSize % halvings(config) !== 0)
    refuse(
      'imageSize',
      `${levels} levels halve the image ${levels - 1} times: ${imageSize} is no multiple of ${halvings(config)}`,
    )
  if (config.preconditioning !== null) {
    checkPreconditioning(config.preconditioning)
    if (config.outChannels !== config.inChannels)
      refuse(
        'outChannels',
        `a denoiser gives as many channels as it gets, ${config.inChannels}, got ${config.outChannels}`,
      )
  }
  checkBlocks(config)
}

/** @throws {OptionError} where channels do not split into the groups of a norm or the heads of an attention. */
function checkBlocks(config: EdmConfig): void {
  for (const layer of edmPlan(config).layers) {
    const normed =
      layer.kind === 'block'
        ? [layer.inChannels, layer.outChannels]
        : layer.kind === 'auxOut'
          ? [layer.inChannels]
          : []
    for (const channels of normed)
      if (channels < 4 || channels % normGroups(channels) !== 0)
        throw new OptionError(
          'modelChannels',
          `makes ${channels} channels in ${layer.name}, which do not split into groups of at least 4`,
        )
    if (layer.kind === 'block' && layer.heads > 0 && layer.outChannels % layer.heads !== 0)
      throw new OptionError(
        'modelChannels',
        `makes ${layer.outChannels} channels in ${layer.name}, which do not split into ${layer.heads} heads`,
      )
  }
}

function whole(name: keyof EdmConfig, value: unknown, least: number, most: number): void {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most)
    throw new OptionError(name, `must be a whole number from ${least} to ${most}, got ${String(value)}`)
}
