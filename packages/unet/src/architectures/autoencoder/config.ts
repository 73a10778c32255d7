import { OptionError } from '@tweedie/tensor'
import { limits } from '../../limits.ts'

/**
 * A convolutional autoencoder: pictures [C, H, W] to latents [latentChannels, H/f, W/f] with f = 2^(levels − 1), and
 * back. Each level but the first begins with a halving on the way in, and all but the last end with a doubling on the
 * way out; there is neither time nor attention.
 */
export interface AutoencoderConfig {
  readonly architecture: 'autoencoder'
  /** Side of the pictures it was trained on; any size that halves (levels − 1) times is coded. */
  readonly sampleSize: number
  readonly inChannels: number
  readonly outChannels: number
  /** Channels of each level, from the full resolution down. */
  readonly blockOutChannels: readonly number[]
  /** Residual blocks per level, on each way. */
  readonly layersPerBlock: number
  readonly latentChannels: number
  /** Groups of every group norm. */
  readonly normGroups: number
  /** Classes that a linear layer tells from the latents; null for none. */
  readonly numClasses: number | null
}

/** What {@link autoencoderConfig} needs to be told; all else has a default. */
export type AutoencoderOptions = Partial<AutoencoderConfig> &
  Pick<AutoencoderConfig, 'sampleSize' | 'blockOutChannels'>

/** By how much a side of a latent is shorter than that of its picture. */
export const shrinkage = ({ blockOutChannels }: Pick<AutoencoderConfig, 'blockOutChannels'>): number =>
  2 ** (blockOutChannels.length - 1)

/** The shape of the latent of one picture of the size it was trained on. */
export function latentShape(config: AutoencoderConfig): readonly [number, number, number] {
  const side = config.sampleSize / shrinkage(config)
  return [config.latentChannels, side, side]
}

const most: { readonly [K in keyof AutoencoderConfig]?: number } = {
  sampleSize: limits.side,
  inChannels: limits.channels,
  outChannels: limits.channels,
  layersPerBlock: limits.layers,
  latentChannels: limits.channels,
  normGroups: limits.channels,
  numClasses: limits.classes,
}

function positive(name: keyof AutoencoderConfig, value: unknown, top: number): void {
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > top)
    throw new OptionError(name, `must be a whole number from 1 to ${top}, got ${String(value)}`)
}

/**
 * A complete configuration, checked. Left out, it is a grey picture, one residual block per level, four channels of
 * latents, 8 groups and no classes.
 * @throws {OptionError} naming the field that does not fit.
 * @example
 * ```ts
 * import { autoencoderConfig, latentShape } from '@tweedie/unet'
 * const config = autoencoderConfig({ sampleSize: 28, blockOutChannels: [16, 32, 48] })
 * latentShape(config) // => [4, 7, 7]
 * ```
 */
export function autoencoderConfig(options: AutoencoderOptions): AutoencoderConfig {
  const inChannels = options.inChannels ?? 1
  const config: AutoencoderConfig = {
    architecture: 'autoencoder',
    sampleSize: options.sampleSize,
    inChannels,
    outChannels: options.outChannels ?? inChannels,
    blockOutChannels: [...options.blockOutChannels],
    layersPerBlock: options.layersPerBlock ?? 1,
    latentChannels: options.latentChannels ?? 4,
    normGroups: options.normGroups ?? 8,
    numClasses: options.numClasses ?? null,
  }
  check(config)
  return config
}

function check(config: AutoencoderConfig): void {
  for (const [name, top] of Object.entries(most) as [keyof AutoencoderConfig, number][])
    if (name !== 'numClasses' || config.numClasses !== null) positive(name, config[name], top)
  const { blockOutChannels, normGroups, sampleSize, inChannels, outChannels } = config
  if (blockOutChannels.length < 1 || blockOutChannels.length > limits.levels)
    throw new OptionError(
      'blockOutChannels',
      `needs 1 to ${limits.levels} levels, got ${blockOutChannels.length}`,
    )
  for (const channels of blockOutChannels) {
    positive('blockOutChannels', channels, limits.channels)
    if (channels % normGroups !== 0)
      throw new OptionError('normGroups', `${channels} channels do not split into ${normGroups} groups`)
  }
  if (outChannels !== inChannels)
    throw new OptionError('outChannels', `must equal inChannels ${inChannels}, got ${outChannels}`)
  if (sampleSize % shrinkage(config) !== 0)
    throw new OptionError(
      'sampleSize',
      `${blockOutChannels.length} levels halve the picture ${blockOutChannels.length - 1} times: ${sampleSize} is no multiple of ${shrinkage(config)}`,
    )
}
