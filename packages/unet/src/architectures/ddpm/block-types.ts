import type { BlockKind } from './types.ts'

/** Types of blocks that there are on each way, as diffusers calls them. */
export const blockTypes = {
  down: [
    'DownBlock2D',
    'AttnDownBlock2D',
    'ResnetDownsampleBlock2D',
    'SkipDownBlock2D',
    'AttnSkipDownBlock2D',
  ],
  up: ['UpBlock2D', 'AttnUpBlock2D', 'ResnetUpsampleBlock2D', 'SkipUpBlock2D', 'AttnSkipUpBlock2D'],
} as const

/** How levels of the types `AttnDownBlock2D` and `AttnUpBlock2D` change the resolution, which another field says. */
export type Resampling = 'conv' | 'resnet'

/** What the types begin with, and the kind that it stands for. */
const kinds = { '': 'conv', Resnet: 'resnet', Skip: 'skip' } as const satisfies Readonly<
  Record<string, BlockKind>
>

/** Kinds of blocks of some types. */
export const kindsOf = (types: readonly string[], resampling: Resampling): readonly BlockKind[] =>
  types.map((type) => {
    const [, attention, kind = ''] = /^(Attn)?(Resnet|Skip)?/.exec(type) ?? []
    return attention !== undefined && kind === '' ? resampling : kinds[kind as keyof typeof kinds]
  })

/** Types of levels on the way `Down` or `Up`. */
export const typesOf = (
  way: 'Down' | 'Up',
  blocks: readonly BlockKind[],
  attention: readonly boolean[],
): readonly string[] =>
  blocks.map((kind, i) => {
    const attends = attention[i] === true
    if (kind === 'resnet' && !attends) return `Resnet${way}sampleBlock2D`
    return `${attends ? 'Attn' : ''}${kind === 'skip' ? 'Skip' : ''}${way}Block2D`
  })

/** How all the levels with attention, but for those of `skip`, change the resolution. */
export const resamplingOf = (blocks: readonly BlockKind[], attention: readonly boolean[]): Resampling =>
  blocks.some((kind, i) => kind === 'resnet' && attention[i] === true) ? 'resnet' : 'conv'
