import { OptionError } from '@tweedie/tensor'
import { limits } from '../../limits.ts'

/**
 * The U-Net of "Diffusion Models Beat GANs" (arXiv 2105.05233) as guided-diffusion's `UNetModel` builds it,
 * for images. Levels are counted from the full resolution down; each level but the last halves the image.
 * The fields are the constructor's arguments; dropout is left out, because it acts in training only.
 */
export interface AdmConfig {
  readonly architecture: 'adm'
  /** Side of the images it was trained on; any side that halves (levels − 1) times runs. */
  readonly imageSize: number
  readonly inChannels: number
  /** Channels that `channelMult` multiplies; also the width of the sinusoidal embedding of time. */
  readonly modelChannels: number
  /** Twice `inChannels` for a network that learns its variance (arXiv 2102.09672). */
  readonly outChannels: number
  /** Residual blocks per level on the way down; the way up has one more. */
  readonly numResBlocks: number
  /**
   * Factors by which the side has shrunk where attention follows each residual block:
   * [2, 4] is at a half and at a quarter of the full side. The middle always has attention.
   */
  readonly attentionResolutions: readonly number[]
  /** Channels of each level over `modelChannels`. */
  readonly channelMult: readonly number[]
  /** Whether resampling has a convolution; without, it is the mean of 2×2 pixels and their repetition. */
  readonly convResample: boolean
  /** Number of class labels; null for an unconditional network. */
  readonly numClasses: number | null
  /** Heads of each attention, unless `numHeadChannels` says how many channels a head has. */
  readonly numHeads: number
  readonly numHeadChannels: number | null
  /** Heads on the way up; null for `numHeads`. */
  readonly numHeadsUpsample: number | null
  /** Time scales and shifts the second norm of a residual block, rather than being added before it. */
  readonly useScaleShiftNorm: boolean
  /** Residual blocks change the resolution, rather than a layer of their own. */
  readonly resblockUpdown: boolean
  /** Queries, keys, values outside the heads in the channels of `qkv`, rather than inside each head. */
  readonly useNewAttentionOrder: boolean
  /**
   * What times are multiplied by before they are embedded: 1000/T for a network that guided-diffusion trained over T steps
   * with `rescale_timesteps`, else 1.
   */
  readonly timeScale: number
}

/** What {@link admConfig} needs to be told; all else has guided-diffusion's default. */
export type AdmOptions = Partial<AdmConfig> & Pick<AdmConfig, 'imageSize' | 'modelChannels'>

/** Groups of every group norm of the family. */
export const normGroups = 32

/**
 * A complete configuration, checked. Left out, it is a colour image, levels of 1, 2, 4 and 8 times
 * `modelChannels`, two residual blocks each, attention in the middle alone, with one head.
 * @throws {OptionError} naming the field that does not fit.
 * @example
 * ```ts
 * import { admConfig } from '@tweedie/unet'
 * const config = admConfig({ imageSize: 32, modelChannels: 64, channelMult: [1, 2, 2], attentionResolutions: [2, 4] })
 * config.numResBlocks // => 2
 * ```
 */
export function admConfig(options: AdmOptions): AdmConfig {
  const inChannels = options.inChannels ?? 3
  const config: AdmConfig = {
    architecture: 'adm',
    imageSize: options.imageSize,
    inChannels,
    modelChannels: options.modelChannels,
    outChannels: options.outChannels ?? inChannels,
    numResBlocks: options.numResBlocks ?? 2,
    attentionResolutions: [...(options.attentionResolutions ?? [])],
    channelMult: [...(options.channelMult ?? [1, 2, 4, 8])],
    convResample: options.convResample ?? true,
    numClasses: options.numClasses ?? null,
    numHeads: options.numHeads ?? 1,
    numHeadChannels: options.numHeadChannels ?? null,
    numHeadsUpsample: options.numHeadsUpsample ?? null,
    useScaleShiftNorm: options.useScaleShiftNorm ?? false,
    resblockUpdown: options.resblockUpdown ?? false,
    useNewAttentionOrder: options.useNewAttentionOrder ?? false,
    timeScale: options.timeScale ?? 1,
  }
  check(config)
  return config
}

/** Channels of every level. */
export const levelChannels = ({ channelMult, modelChannels }: AdmConfig): number[] =>
  channelMult.map((mult) => Math.floor(mult * modelChannels))

/** Heads of an attention over `channels`, on the way up or before it. */
export function headCount(config: AdmConfig, channels: number, up: boolean): number {
  const { numHeadChannels, numHeads, numHeadsUpsample } = config
  if (numHeadChannels !== null) return channels / numHeadChannels
  return up ? (numHeadsUpsample ?? numHeads) : numHeads
}

/** The most that each count may be; null stands for none given. */
const counts = {
  imageSize: limits.side,
  inChannels: limits.channels,
  modelChannels: limits.channels,
  outChannels: limits.channels,
  numResBlocks: limits.layers,
  numHeads: limits.channels,
  numClasses: limits.classes,
  numHeadChannels: limits.channels,
  numHeadsUpsample: limits.channels,
} as const
const nullable: readonly string[] = ['numClasses', 'numHeadChannels', 'numHeadsUpsample']

function check(config: AdmConfig): void {
  for (const name of Object.keys(counts) as (keyof typeof counts)[]) {
    if (config[name] !== null || !nullable.includes(name)) positive(name, config[name], counts[name])
  }
  for (const factor of config.attentionResolutions) positive('attentionResolutions', factor, limits.side)
  if (!(config.timeScale > 0 && config.timeScale <= limits.timesteps))
    throw new OptionError(
      'timeScale',
      `must be above 0 and at most ${limits.timesteps}, got ${config.timeScale}`,
    )
  const levels = config.channelMult.length
  if (levels < 1 || levels > limits.levels)
    throw new OptionError('channelMult', `needs 1 to ${limits.levels} levels, got ${levels}`)
  if (config.modelChannels % 2 !== 0) {
    throw new OptionError(
      'modelChannels',
      `is the width of the time embedding and must be even, got ${config.modelChannels}`,
    )
  }
  const channels = levelChannels(config)
  channels.forEach((c, i) => {
    if (!(c > 0) || c % normGroups !== 0) {
      throw new OptionError(
        'channelMult',
        `${config.channelMult[i]} × ${config.modelChannels} = ${c} channels do not split into the ${normGroups} groups of the norms`,
      )
    }
    if (c > limits.channels)
      throw new OptionError('channelMult', `${c} channels are more than the ${limits.channels} that fit`)
  })
  const factor = 2 ** (levels - 1)
  if (config.imageSize % factor !== 0) {
    throw new OptionError(
      'imageSize',
      `${levels} levels halve the image ${levels - 1} times: ${config.imageSize} is no multiple of ${factor}`,
    )
  }
  const attended = channels.filter((_, i) => config.attentionResolutions.includes(2 ** i))
  for (const c of [...attended, channels[levels - 1]!]) checkHeads(config, c)
}

function checkHeads(config: AdmConfig, channels: number): void {
  if (config.numHeadChannels !== null) {
    if (channels % config.numHeadChannels === 0) return
    throw new OptionError(
      'numHeadChannels',
      `${channels} channels do not split into heads of ${config.numHeadChannels}`,
    )
  }
  for (const name of ['numHeads', 'numHeadsUpsample'] as const) {
    const heads = config[name]
    if (heads !== null && channels % heads !== 0)
      throw new OptionError(name, `${channels} channels do not split into ${heads} heads`)
  }
}

function positive(name: keyof AdmConfig, value: unknown, most: number): void {
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > most)
    throw new OptionError(name, `must be a whole number from 1 to ${most}, got ${String(value)}`)
}
