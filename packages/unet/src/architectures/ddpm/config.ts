import { OptionError } from '@tweedie/tensor'
import { limits } from '../../limits.ts'

/**
 * The U-Net of DDPM (arXiv 2006.11239) as diffusers' `UNet2DModel` builds it. Levels are counted from the
 * full resolution down; each level but the last halves the image.
 */
export interface DdpmConfig {
  readonly architecture: 'ddpm'
  /** Side of the images it was trained on, or [height, width]; any size that halves (levels − 1) times runs. */
  readonly sampleSize: number | readonly [height: number, width: number]
  readonly inChannels: number
  readonly outChannels: number
  /** Channels of each level. */
  readonly blockOutChannels: readonly number[]
  /** Residual blocks per level on the way down; the way up has one more. */
  readonly layersPerBlock: number
  /**
   * Whether the residual blocks of a level are followed by attention, on the way down and on the way up.
   */
  readonly downAttention: readonly boolean[]
  /** In order of execution, so from the last level to the first. */
  readonly upAttention: readonly boolean[]
  readonly midAttention: boolean
  /** Channels per attention head; null for a single head of all channels. */
  readonly attentionHeadDim: number | null
  /** Groups of every group norm, and the ε added to the variance. */
  readonly normGroups: number
  readonly normEps: number
  /** Width of the time embedding; null for four times the channels of the first level. */
  readonly timeEmbeddingDim: number | null
  readonly flipSinToCos: boolean
  readonly freqShift: number
  /** 1 for symmetric zeros at each downsampling, 0 for zeros at the end only. */
  readonly downsamplePadding: number
}

/** What {@link ddpmConfig} needs to be told; all else has a default. */
export type DdpmOptions = Partial<DdpmConfig> & Pick<DdpmConfig, 'sampleSize' | 'blockOutChannels'>

/** The shape of one image a network was trained on, [C, H, W]. */
export const sampleShape = ({ inChannels, sampleSize }: DdpmConfig): readonly [number, number, number] =>
  typeof sampleSize === 'number' ? [inChannels, sampleSize, sampleSize] : [inChannels, ...sampleSize]

const positive = (name: keyof DdpmConfig, value: unknown, most: number = limits.channels): void => {
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > most)
    throw new OptionError(name, `must be a whole number from 1 to ${most}, got ${String(value)}`)
}

/**
 * A complete configuration, checked. Left out, it is a grey image, one layer per level, attention in the
 * last level and in the middle with a single head, 8 groups.
 * @throws {OptionError} naming the field that does not fit.
 * @example
 * ```ts
 * import { ddpmConfig } from '@tweedie/unet'
 * ddpmConfig({ sampleSize: 28, blockOutChannels: [16, 32, 64] }).downAttention // => [false, false, true]
 * ```
 */
export function ddpmConfig(options: DdpmOptions): DdpmConfig {
  const levels = options.blockOutChannels.length
  const inChannels = options.inChannels ?? 1
  const config: DdpmConfig = {
    architecture: 'ddpm',
    sampleSize: options.sampleSize,
    inChannels,
    outChannels: options.outChannels ?? inChannels,
    blockOutChannels: [...options.blockOutChannels],
    layersPerBlock: options.layersPerBlock ?? 1,
    downAttention: options.downAttention ?? Array.from({ length: levels }, (_, i) => i === levels - 1),
    upAttention: options.upAttention ?? Array.from({ length: levels }, (_, i) => i === 0),
    midAttention: options.midAttention ?? true,
    attentionHeadDim: options.attentionHeadDim ?? null,
    normGroups: options.normGroups ?? 8,
    normEps: options.normEps ?? 1e-5,
    timeEmbeddingDim: options.timeEmbeddingDim ?? null,
    flipSinToCos: options.flipSinToCos ?? true,
    freqShift: options.freqShift ?? 0,
    downsamplePadding: options.downsamplePadding ?? 1,
  }
  check(config)
  return config
}

function check(config: DdpmConfig): void {
  const { blockOutChannels: channels, normGroups: groups, attentionHeadDim: headDim } = config
  const levels = channels.length
  const sides = typeof config.sampleSize === 'number' ? [config.sampleSize] : config.sampleSize
  for (const side of sides) positive('sampleSize', side, limits.side)
  positive('layersPerBlock', config.layersPerBlock, limits.layers)
  for (const name of ['inChannels', 'outChannels', 'normGroups'] as const) positive(name, config[name])
  if (config.timeEmbeddingDim !== null) positive('timeEmbeddingDim', config.timeEmbeddingDim)
  if (headDim !== null) positive('attentionHeadDim', headDim)
  if (levels < 1) throw new OptionError('blockOutChannels', 'needs at least one level')
  if (levels > limits.levels)
    throw new OptionError('blockOutChannels', `at most ${limits.levels} levels fit, got ${levels}`)
  for (const c of channels) {
    positive('blockOutChannels', c)
    if (c % groups !== 0)
      throw new OptionError('normGroups', `${c} channels do not split into ${groups} groups`)
  }
  if (channels[0]! % 2 !== 0) {
    throw new OptionError(
      'blockOutChannels',
      `the first is the width of the time embedding and must be even, got ${channels[0]}`,
    )
  }
  for (const name of ['downAttention', 'upAttention'] as const) {
    if (config[name].length !== levels) {
      throw new OptionError(
        name,
        `needs one entry for each of the ${levels} levels, got ${config[name].length}`,
      )
    }
  }
  const attended = new Set(
    channels.filter(
      (_, i) => config.downAttention[i] === true || config.upAttention[levels - 1 - i] === true,
    ),
  )
  if (config.midAttention) attended.add(channels[levels - 1]!)
  for (const c of attended) {
    if (headDim !== null && c % headDim !== 0) {
      throw new OptionError('attentionHeadDim', `${c} channels do not split into heads of ${headDim}`)
    }
  }
  if (!(config.normEps > 0 && config.normEps < 1)) {
    throw new OptionError('normEps', `must be between 0 and 1, got ${config.normEps}`)
  }
  if (!(config.freqShift >= 0 && config.freqShift < channels[0]! / 2)) {
    throw new OptionError(
      'freqShift',
      `must be from 0 to half of the first level's channels, got ${config.freqShift}`,
    )
  }
  if (config.downsamplePadding !== 0 && config.downsamplePadding !== 1) {
    throw new OptionError('downsamplePadding', `must be 0 or 1, got ${config.downsamplePadding}`)
  }
  const factor = 2 ** (levels - 1)
  for (const side of sides) {
    if (side % factor === 0) continue
    throw new OptionError(
      'sampleSize',
      `${levels} levels halve the image ${levels - 1} times: ${side} is no multiple of ${factor}`,
    )
  }
}
