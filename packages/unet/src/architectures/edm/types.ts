import type { Preconditioning } from './preconditioning.ts'

/** The networks of EDM, by the names of their classes. */
export const edmNetworks = ['SongUNet', 'DhariwalUNet'] as const
export const embeddingTypes = ['positional', 'fourier'] as const
export const encoderTypes = ['standard', 'skip', 'residual'] as const
export const decoderTypes = ['standard', 'skip'] as const

/**
 * A network of EDM (arXiv 2206.00364 §C; NVlabs/edm, training/networks.py): SongUNet, with which DDPM++ and NCSN++ are built
 * (arXiv 2011.13456), or DhariwalUNet (ADM, arXiv 2105.05233), and what makes a denoiser of it. Levels are counted from
 * the full resolution down; each but the first begins with a halving. The fields are the constructors' arguments; dropout
 * is left out, because it acts in training only.
 */
export interface EdmConfig {
  readonly architecture: 'edm'
  readonly network: (typeof edmNetworks)[number]
  /**
   * With it `forward` is the denoiser D(x; σ), whose time is the noise level σ; null for the bare network F, whose time is
   * whatever it was trained with.
   */
  readonly preconditioning: Preconditioning | null
  /** Side of the images it was trained on; any side that halves (levels − 1) times runs. */
  readonly imageSize: number
  readonly inChannels: number
  /** `inChannels`, but for a bare network, which may have others. */
  readonly outChannels: number
  /** Number of classes that it is told; 0 for none. */
  readonly labelDim: number
  /** How often its training left the class away, for classifier-free guidance; 0 where it never did. */
  readonly labelDropout: number
  /** Numbers that say how an image of the training was changed; 0 for none. Asked without them, it takes it as it was. */
  readonly augmentDim: number
  /** Channels that `channelMult` multiplies. */
  readonly modelChannels: number
  /** Channels of each level over `modelChannels`. */
  readonly channelMult: readonly number[]
  /** Width of the embedding of time over `modelChannels`. */
  readonly channelMultEmb: number
  /** Residual blocks per level on the way down; the way up has one more. */
  readonly numBlocks: number
  /** Sides of images, as at `imageSize`, where blocks have attention; the middle always has it. */
  readonly attnResolutions: readonly number[]
  /** How a time becomes a vector: sines of it, or of its product with frequencies that were drawn once (NCSN++). */
  readonly embeddingType: (typeof embeddingTypes)[number]
  /** Width of that vector over `modelChannels`. */
  readonly channelMultNoise: number
  /** Whether each level is shown the image: not, added by a 1×1 convolution, or through layers of its own. */
  readonly encoderType: (typeof encoderTypes)[number]
  /** Whether each level adds to the output, or the last alone. */
  readonly decoderType: (typeof decoderTypes)[number]
  /** Taps, per axis, of the filter that halving and doubling have; an even number of them. */
  readonly resampleFilter: readonly number[]
}

/** What a DhariwalUNet has in the place of SongUNet's choices. */
export const fixedInDhariwal = {
  embeddingType: 'positional',
  channelMultNoise: 1,
  encoderType: 'standard',
  decoderType: 'standard',
  resampleFilter: [1, 1],
} as const satisfies Partial<EdmConfig>

/** Width of the vector that a time becomes. */
export const noiseChannels = ({ modelChannels, channelMultNoise }: EdmConfig): number =>
  modelChannels * channelMultNoise

/** Width of the embedding that every block is told. */
export const embeddingChannels = ({ modelChannels, channelMultEmb }: EdmConfig): number =>
  modelChannels * channelMultEmb

/** Channels that F itself gives: iDDPM's variance is among them, of which the denoiser makes nothing. */
export const networkOutputs = ({ preconditioning, outChannels }: EdmConfig): number =>
  preconditioning?.kind === 'iddpm' ? 2 * outChannels : outChannels

/** The sides are multiples of this. */
export const halvings = ({ channelMult }: Pick<EdmConfig, 'channelMult'>): number =>
  2 ** (channelMult.length - 1)

/** Groups of a norm over `channels`: 32, or as many as there are fours. */
export const normGroups = (channels: number): number => Math.min(32, Math.floor(channels / 4))
