/**
 * How the blocks of a level are made, in diffusers' words `DownBlock2D`, `ResnetDownsampleBlock2D` or `SkipDownBlock2D`:
 *
 * - `conv`: the resolution changes by a convolution, the kind of arXiv 2006.11239;
 * - `resnet`: it changes within a residual block, by the mean of four pixels or by repetition (arXiv 2105.05233 §3);
 * - `skip`: it changes within a residual block by a filter, beside a pyramid of the images themselves, which are added
 *   at each resolution on the way down and made on the way up; with groups, and a scale of 1/√2 (NCSN++, arXiv
 *   2011.13456 §H).
 */
export type BlockKind = 'conv' | 'resnet' | 'skip'

/** The activations of diffusers' `act_fn`; `gelu` is x·Φ(x). */
export type DdpmActivation = 'silu' | 'mish' | 'gelu' | 'relu'

/** What a network can have otherwise than that of arXiv 2006.11239. */
export interface DdpmVariant {
  /** Kind of each level, from the first; those of `skip` come first. The last level changes no resolution. */
  readonly downBlocks: readonly BlockKind[]
  /** The same on the way up, in order of execution, so from the last level to the first; those of `skip` come last. */
  readonly upBlocks: readonly BlockKind[]
  /** Whether there is anything between the ways. */
  readonly midBlock: boolean
  /** Results of the blocks in the middle are divided by it. */
  readonly midScale: number
  /** Groups of the norm before the attention in the middle; null for `normGroups`, and for no norm with `scaleShift`. */
  readonly midAttentionGroups: number | null
  /** Whether time scales and shifts the second norm of each residual block, and is not just added before. */
  readonly scaleShift: boolean
  /** Within residual blocks; elsewhere it is SiLU. */
  readonly activation: DdpmActivation
  /**
   * What the network makes of its time: sines of it, sines of random multiples of its logarithm (with an output divided
   * by the time, which is a noise level then), or a row of a table.
   */
  readonly timeEmbedding: 'positional' | 'fourier' | 'learned'
  /** Rows of the table of `learned`: the times are 0 … timesteps − 1. */
  readonly timesteps: number | null
  /** Classes that the network is told, by rows of a table. */
  readonly numClasses: number | null
  /** What it is told in place of a class: another time, or an embedding as it is; null for neither. */
  readonly classEmbedding: 'timestep' | 'identity' | null
  /** Whether images in [0, 1] are brought to [−1, 1] first. */
  readonly centerInput: boolean
}

/**
 * A U-Net as diffusers' `UNet2DModel` builds it: that of DDPM (arXiv 2006.11239), and with a `variant` its many
 * relatives. Levels are counted from the full resolution down; each level but the last halves the image.
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
  /** Channels per attention head, of which there are as many as fit; null for a single head of all channels. */
  readonly attentionHeadDim: number | null
  /**
   * Groups of every group norm but those in blocks of kind `skip`. Where all are of that kind it may be null: a quarter
   * of the channels, at most 32, as in those blocks.
   */
  readonly normGroups: number | null
  /** The ε that norms add to the variance. */
  readonly normEps: number
  /** Width of the time embedding; null for four times the channels of the first level. */
  readonly timeEmbeddingDim: number | null
  readonly flipSinToCos: boolean
  readonly freqShift: number
  /** 1 for symmetric zeros at each downsampling by a convolution, 0 for zeros at the end only. */
  readonly downsamplePadding: number
  /** What is otherwise than in arXiv 2006.11239; left out where nothing is. */
  readonly variant?: Partial<DdpmVariant>
}

/** A configuration without a variant. */
export interface PlainDdpmConfig extends DdpmConfig {
  readonly normGroups: number
  readonly variant?: never
}

/** What a configuration needs to be told; all else has a default. */
export type DdpmOptions = Partial<DdpmConfig> & Pick<DdpmConfig, 'sampleSize' | 'blockOutChannels'>
