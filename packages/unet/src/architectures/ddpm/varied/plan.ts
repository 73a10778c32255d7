import type { DdpmPlan, LevelPlan, ResnetPlan } from '../plan.ts'
import { ddpmPlan } from '../plan.ts'
import type { BlockKind, DdpmConfig } from '../types.ts'
import { variantOf } from './variant.ts'

/** How a residual block changes the resolution of all that goes through it. */
export type Change = 'mean' | 'repeat' | 'fir-down' | 'fir-up'

export interface VariedResnet extends ResnetPlan {
  /** Groups of its two norms. */
  readonly groups: readonly [first: number, second: number]
  /** Groups of the norm of its attention; null for no norm. */
  readonly attentionGroups: number | null
  /** The sum with the shortcut, and that of the attention, are divided by it. */
  readonly scale: number
  /** Whether its shortcut has a convolution. */
  readonly shortcut: boolean
  readonly change?: Change
}

export interface VariedLevel extends LevelPlan<VariedResnet> {
  readonly kind: BlockKind
  /** What comes before the names of `skip_conv` and `skip_norm`, of kind `skip`. */
  readonly prefix: string
}

export interface VariedPlan extends DdpmPlan<VariedLevel, VariedResnet> {
  /** Groups of the last norm. */
  readonly groups: number
}

/** Channels of the images of a pyramid. */
export const pyramidChannels = 3

/** Groups of the attention in blocks of kind `skip`. */
const skipAttentionGroups = 32

/** A quarter of the channels, at most 32: the groups of blocks of kind `skip`, and of all where none are said. */
const quarter = (channels: number) => Math.min(Math.floor(channels / 4), 32)

/** The blocks that any configuration stands for. */
export function variedPlan(config: DdpmConfig): VariedPlan {
  const variant = variantOf(config)
  const plan = ddpmPlan(config)
  const { blockOutChannels: channels, normGroups } = config
  const shortcut = ({ inChannels, outChannels }: ResnetPlan) => inChannels !== outChannels
  const middle = normGroups ?? quarter(channels.at(-1)!)

  // Where no groups are said there are no blocks but those of skip, and the middle.
  const ofNorms = (block: ResnetPlan, groups = normGroups ?? 0): VariedResnet => ({
    ...block,
    groups: [groups, groups],
    attentionGroups: groups,
    scale: 1,
    shortcut: shortcut(block),
  })
  /** @param join - Channels that come from the way down, where there is attention on the way up. */
  const ofSkips = (block: ResnetPlan, join = 0): VariedResnet => ({
    ...block,
    // On the way up with attention, diffusers takes a quarter of the joined channels alone.
    groups: [
      join > 0 ? Math.min(block.inChannels - join + Math.floor(join / 4), 32) : quarter(block.inChannels),
      quarter(block.outChannels),
    ],
    attentionGroups: skipAttentionGroups,
    scale: Math.SQRT2,
    shortcut: shortcut(block),
  })

  const level = (
    entry: LevelPlan,
    i: number,
    way: 'down' | 'up',
    kind: BlockKind,
    resnets: readonly VariedResnet[],
  ): VariedLevel => {
    const prefix = `${way}_blocks.${i}`
    const { resample, channels: width } = entry
    const varied = { channels: width, kind, prefix, resnets, ...(resample && { resample }) }
    if (resample === undefined || kind === 'conv') return varied
    const same = { inChannels: width, outChannels: width }
    const ending: VariedResnet =
      kind === 'resnet'
        ? {
            ...ofNorms({ name: resample, ...same }),
            change: way === 'down' ? 'mean' : 'repeat',
          }
        : { ...ofSkips({ name: `${prefix}.resnet_${way}`, ...same }), change: `fir-${way}`, shortcut: true }
    return { ...varied, ending }
  }

  return {
    timeDim: plan.timeDim,
    groups: normGroups ?? quarter(channels[0]!),
    down: plan.down.map((entry, i) => {
      const kind = variant.downBlocks[i]!
      const resnets = entry.resnets.map((block) => (kind === 'skip' ? ofSkips(block) : ofNorms(block)))
      return level(entry, i, 'down', kind, resnets)
    }),
    mid: variant.midBlock
      ? plan.mid.map((block) => ({
          ...ofNorms(block, middle),
          attentionGroups: variant.midAttentionGroups ?? (variant.scaleShift ? null : middle),
          scale: variant.midScale,
        }))
      : [],
    up: plan.up.map((entry, i) => {
      const kind = variant.upBlocks[i]!
      const resnets =
        kind === 'skip' ? skipsUp(plan, entry, i, ofSkips) : entry.resnets.map((block) => ofNorms(block))
      return level(entry, i, 'up', kind, resnets)
    }),
  }
}

/** The residual blocks of a level of kind `skip` on the way up: attention, where there is any, follows the last alone. */
function skipsUp(
  plan: DdpmPlan,
  { resnets, channels }: LevelPlan,
  i: number,
  of: (block: ResnetPlan, join?: number) => VariedResnet,
): readonly VariedResnet[] {
  const before = plan.up[i - 1]?.channels ?? channels
  return resnets.map(({ attention, ...block }, j) => {
    if (attention === undefined) return of(block)
    const varied = of(block, block.inChannels - (j === 0 ? before : channels))
    return j === resnets.length - 1 ? { ...varied, attention: `up_blocks.${i}.attentions.0` } : varied
  })
}
