import { OptionError } from '@tweedie/tensor'
import { limits } from '../../limits.ts'

/** A chain of 3×3 convolutions of one width at full resolution, with ReLUs between them. */
export interface Chain {
  /** Height and width of the pictures it was trained on; it takes any size. */
  readonly sampleSize: readonly [height: number, width: number]
  /** Channels of a picture, a map of the noise level not counted. */
  readonly inChannels: number
  readonly outChannels: number
  /** Channels between the convolutions. */
  readonly width: number
  /** Convolutions, the first and the last among them. */
  readonly depth: number
}

/** DnCNN (arXiv 1608.03981) in KAIR's form. */
export interface DncnnConfig extends Chain {
  readonly architecture: 'dncnn'
  /** Whether a batch norm follows each convolution but the first and the last; published networks have it merged in. */
  readonly norm: boolean
  /**
   * `blind` predicts the noise in x and is not told its level; `map` is told by an input channel of that value, and
   * predicts the clean picture (KAIR's FDnCNN).
   */
  readonly conditioning: 'blind' | 'map'
}

/**
 * BF_CNN (arXiv 1906.05478, 2007.13640), DnCNN without any constant that is added: convolutions without a bias, and batch
 * norms that only divide by a deviation. D(c·x) = c·D(x), so it is not bound to a noise level.
 */
export interface BfCnnConfig extends Chain {
  readonly architecture: 'bf_cnn'
  /** Whether no ReLU follows the first convolution, as in later versions. */
  readonly firstLinear: boolean
}

type Optional<C extends Chain> = Partial<Omit<C, 'sampleSize'>> & {
  /** One number for square pictures. */
  readonly sampleSize?: number | readonly [height: number, width: number]
}
export type DncnnOptions = Optional<DncnnConfig>
export type BfCnnOptions = Optional<BfCnnConfig>

const most = {
  inChannels: limits.channels,
  outChannels: limits.channels,
  width: limits.channels,
  depth: limits.layers,
} as const

function chain(options: Optional<Chain>, depth: number): Chain {
  const { sampleSize = 64, inChannels = 1 } = options
  const made: Chain = {
    sampleSize: typeof sampleSize === 'number' ? [sampleSize, sampleSize] : [...sampleSize],
    inChannels,
    outChannels: options.outChannels ?? inChannels,
    width: options.width ?? 64,
    depth: options.depth ?? depth,
  }
  for (const name of ['inChannels', 'outChannels', 'width', 'depth'] as const) {
    const least = name === 'depth' ? 2 : 1
    if (!(Number.isInteger(made[name]) && made[name] >= least && made[name] <= most[name]))
      throw new OptionError(
        name,
        `must be a whole number from ${least} to ${most[name]}, got ${String(made[name])}`,
      )
  }
  const sides = made.sampleSize
  if (sides.length !== 2 || !sides.every((n) => Number.isInteger(n) && n >= 1 && n <= limits.side))
    throw new OptionError(
      'sampleSize',
      `must be a side of 1 to ${limits.side}, or height and width, got ${sides.join(', ')}`,
    )
  if (made.outChannels !== made.inChannels)
    throw new OptionError('outChannels', `must equal inChannels ${made.inChannels}, got ${made.outChannels}`)
  return made
}

/**
 * A complete configuration of DnCNN, checked. Left out, it is the published one for grey pictures: 17 convolutions of 64
 * channels, batch norms merged in, not told the noise level.
 * @throws {OptionError} naming the field that does not fit.
 * @example
 * ```ts
 * import { countParams, dncnnConfig, dncnnSpec } from '@tweedie/unet'
 * countParams(dncnnSpec(dncnnConfig())) // => 555137
 * ```
 */
export function dncnnConfig(options: DncnnOptions = {}): DncnnConfig {
  const { conditioning = 'blind', norm = false } = options
  if (!['blind', 'map'].includes(conditioning))
    throw new OptionError('conditioning', `must be blind or map, got ${String(conditioning)}`)
  return { architecture: 'dncnn', ...chain(options, 17), norm, conditioning }
}

/**
 * A complete configuration of BF_CNN, checked. Left out, it is the published one for grey pictures: 20 convolutions of 64
 * channels, a ReLU after the first too.
 * @throws {OptionError} naming the field that does not fit.
 * @example
 * ```ts
 * import { bfCnnConfig } from '@tweedie/unet'
 * bfCnnConfig({ inChannels: 3 }).depth // => 20
 * ```
 */
export function bfCnnConfig(options: BfCnnOptions = {}): BfCnnConfig {
  const { firstLinear = false } = options
  return { architecture: 'bf_cnn', ...chain(options, 20), firstLinear }
}
