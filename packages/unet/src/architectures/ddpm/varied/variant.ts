import type { BlockKind, DdpmActivation, DdpmConfig, DdpmVariant } from '../types.ts'

export const blockKinds = ['conv', 'resnet', 'skip'] as const satisfies readonly BlockKind[]
export const activations = ['silu', 'mish', 'gelu', 'relu'] as const satisfies readonly DdpmActivation[]
export const timeEmbeddings = ['positional', 'fourier', 'learned'] as const
export const classEmbeddings = ['timestep', 'identity'] as const

/** What the network of arXiv 2006.11239 has of what variants change. */
export const plainVariant = (levels: number): DdpmVariant => ({
  downBlocks: new Array<BlockKind>(levels).fill('conv'),
  upBlocks: new Array<BlockKind>(levels).fill('conv'),
  midBlock: true,
  midScale: 1,
  midAttentionGroups: null,
  scaleShift: false,
  activation: 'silu',
  timeEmbedding: 'positional',
  timesteps: null,
  numClasses: null,
  classEmbedding: null,
  centerInput: false,
})

/** The variant of a configuration, whole. */
export const variantOf = ({ blockOutChannels, variant }: DdpmConfig): DdpmVariant => ({
  ...plainVariant(blockOutChannels.length),
  ...variant,
})

/** Those fields of a variant that are otherwise than in arXiv 2006.11239. */
export function departures(variant: DdpmVariant, levels: number): Partial<DdpmVariant> {
  const plain = plainVariant(levels)
  const differs = ([name, value]: [string, unknown]) =>
    JSON.stringify(value) !== JSON.stringify(plain[name as keyof DdpmVariant])
  return Object.fromEntries(Object.entries(variant).filter(differs))
}
