import type { AdmConfig } from './config.ts'
import { headCount, levelChannels } from './config.ts'

/** norm, SiLU, conv, time, norm, SiLU, conv, beside a shortcut; both may change the resolution on the way. */
export interface ResBlockPlan {
  readonly kind: 'resBlock'
  readonly name: string
  readonly inChannels: number
  readonly outChannels: number
  readonly resample?: 'down' | 'up'
}

/** One layer, with its name in the state dict. */
export type LayerPlan =
  | {
      readonly kind: 'conv'
      readonly name: string
      readonly inChannels: number
      readonly outChannels: number
    }
  | ResBlockPlan
  | { readonly kind: 'attention'; readonly name: string; readonly channels: number; readonly heads: number }
  | { readonly kind: 'down' | 'up'; readonly name: string; readonly channels: number }

/** Layers that run one after another. */
export type BlockPlan = readonly LayerPlan[]

/** Everything between the time embedding and `out`, in order of execution. */
export interface AdmPlan {
  /** The output of each of these is kept for the way up. */
  readonly input: readonly BlockPlan[]
  readonly middle: BlockPlan
  /** Each takes the last kept output that is left, appended to its input. */
  readonly output: readonly BlockPlan[]
  /** Width of the embedding of time and class. */
  readonly embedding: number
  /** Channels that `out` gets. */
  readonly last: number
}

/** The blocks that a configuration stands for. */
export function admPlan(config: AdmConfig): AdmPlan {
  const channels = levelChannels(config)
  const first = channels[0]!
  let current = first
  const attends = (level: number) => config.attentionResolutions.includes(2 ** level)
  const resBlock = (name: string, inChannels: number, outChannels: number): ResBlockPlan => ({
    kind: 'resBlock',
    name,
    inChannels,
    outChannels,
  })
  const attention = (name: string, up: boolean): LayerPlan => ({
    kind: 'attention',
    name,
    channels: current,
    heads: headCount(config, current, up),
  })
  const resample = (name: string, kind: 'down' | 'up'): LayerPlan =>
    config.resblockUpdown
      ? { ...resBlock(name, current, current), resample: kind }
      : { kind, name, channels: current }

  const input: BlockPlan[] = [
    [{ kind: 'conv', name: 'input_blocks.0.0', inChannels: config.inChannels, outChannels: first }],
  ]
  const kept = [first]
  const keep = (block: BlockPlan) => {
    input.push(block)
    kept.push(current)
  }
  channels.forEach((out, level) => {
    for (let i = 0; i < config.numResBlocks; i++) {
      const name = `input_blocks.${input.length}`
      const block = resBlock(`${name}.0`, current, out)
      current = out
      keep(attends(level) ? [block, attention(`${name}.1`, false)] : [block])
    }
    if (level < channels.length - 1) keep([resample(`input_blocks.${input.length}.0`, 'down')])
  })
  const middle = [
    resBlock('middle_block.0', current, current),
    attention('middle_block.1', false),
    resBlock('middle_block.2', current, current),
  ]
  const output: BlockPlan[] = []
  for (let level = channels.length - 1; level >= 0; level--) {
    for (let i = 0; i <= config.numResBlocks; i++) {
      const name = `output_blocks.${output.length}`
      const block: LayerPlan[] = [resBlock(`${name}.0`, current + kept.pop()!, channels[level]!)]
      current = channels[level]!
      if (attends(level)) block.push(attention(`${name}.${block.length}`, true))
      if (level > 0 && i === config.numResBlocks) block.push(resample(`${name}.${block.length}`, 'up'))
      output.push(block)
    }
  }
  return { input, middle, output, embedding: 4 * config.modelChannels, last: current }
}
