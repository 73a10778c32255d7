import { OptionError } from '@tweedie/tensor'
import { limits } from '../../limits.ts'

/**
 * A U-Net of residual blocks without norms, DRUNet (arXiv 2008.13751): each level but the last is `numBlocks` blocks
 * x + conv(act(conv(x))) and a 2×2 convolution of stride 2 on the way in, its transpose and as many blocks on the way
 * out; what a level got on the way in is added to what it gets on the way out.
 */
export interface DrunetConfig {
  readonly architecture: 'drunet'
  /** Height and width of the pictures it was trained on; the network takes any size that halves (levels − 1) times. */
  readonly sampleSize: readonly [height: number, width: number]
  /** Channels of a picture, the map of the noise level not counted. */
  readonly inChannels: number
  readonly outChannels: number
  /** Channels of each level, from the full resolution down. */
  readonly widths: readonly number[]
  /** Residual blocks of a level, on each way. */
  readonly numBlocks: number
  /** Whether convolutions have a bias; the published networks have none. */
  readonly bias: boolean
  readonly activation: 'relu' | 'silu'
  /**
   * How the network is told t, the noise level: `map`, an input channel of that value at every pixel, as published;
   * `gain`, by a positive factor for each channel between the two convolutions of a block, which a small network makes of
   * t; or not at all, `blind`.
   */
  readonly conditioning: 'map' | 'gain' | 'blind'
}

/** What {@link drunetConfig} needs to be told; all else has a default. */
export type DrunetOptions = Partial<Omit<DrunetConfig, 'sampleSize'>> & {
  /** One number for square pictures. */
  readonly sampleSize?: number | readonly [height: number, width: number]
}

/** By how much a side of the coarsest level is shorter than that of the picture. */
export const shrinkage = ({ widths }: Pick<DrunetConfig, 'widths'>): number => 2 ** (widths.length - 1)

/** Width of the layers that make the factors of `gain` out of t. */
export const gainWidth = 64

const most = {
  inChannels: limits.channels,
  outChannels: limits.channels,
  numBlocks: limits.layers,
} as const

function positive(name: string, value: unknown, top: number): void {
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > top)
    throw new OptionError(name, `must be a whole number from 1 to ${top}, got ${String(value)}`)
}

/**
 * A complete configuration, checked. Left out, it is the published one: colour, 64, 128, 256 and 512 channels, 4 blocks
 * a level, no biases, ReLU and a map of the noise level, trained on pictures of 128×128.
 * @throws {OptionError} naming the field that does not fit.
 * @example
 * ```ts
 * import { countParams, drunetConfig, drunetSpec } from '@tweedie/unet'
 * countParams(drunetSpec(drunetConfig())) // => 32640960
 * ```
 */
export function drunetConfig(options: DrunetOptions = {}): DrunetConfig {
  const { inChannels = 3, sampleSize = 128, widths = [64, 128, 256, 512] } = options
  const config: DrunetConfig = {
    architecture: 'drunet',
    sampleSize: typeof sampleSize === 'number' ? [sampleSize, sampleSize] : [...sampleSize],
    inChannels,
    outChannels: options.outChannels ?? inChannels,
    widths: [...widths],
    numBlocks: options.numBlocks ?? 4,
    bias: options.bias ?? false,
    activation: options.activation ?? 'relu',
    conditioning: options.conditioning ?? 'map',
  }
  check(config)
  return config
}

function check(config: DrunetConfig): void {
  for (const name of ['inChannels', 'outChannels', 'numBlocks'] as const)
    positive(name, config[name], most[name])
  const { sampleSize, widths, activation, conditioning } = config
  if (widths.length < 1 || widths.length > limits.levels)
    throw new OptionError('widths', `needs 1 to ${limits.levels} levels, got ${widths.length}`)
  for (const width of widths) positive('widths', width, limits.channels)
  if (!['relu', 'silu'].includes(activation))
    throw new OptionError('activation', `must be relu or silu, got ${String(activation)}`)
  if (!['map', 'gain', 'blind'].includes(conditioning))
    throw new OptionError('conditioning', `must be map, gain or blind, got ${String(conditioning)}`)
  if (sampleSize.length !== 2)
    throw new OptionError(
      'sampleSize',
      `must be a side, or height and width, got ${sampleSize.length} numbers`,
    )
  const factor = shrinkage(config)
  for (const side of sampleSize) {
    positive('sampleSize', side, limits.side)
    if (side % factor !== 0)
      throw new OptionError(
        'sampleSize',
        `${widths.length} levels halve the picture ${widths.length - 1} times: ${side} is no multiple of ${factor}`,
      )
  }
}
