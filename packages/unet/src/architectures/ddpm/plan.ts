import type { DdpmConfig } from './types.ts'

/** A residual block: its name in the state dict and its channels. */
export interface ResnetPlan {
  readonly name: string
  readonly inChannels: number
  readonly outChannels: number
  /** Name of the attention that follows it. */
  readonly attention?: string
  /** Whether its shortcut has a convolution; left out, where the channels change. */
  readonly shortcut?: boolean
}

/** The residual blocks of one level in one direction, and the change of resolution that ends it. */
export interface LevelPlan<R extends ResnetPlan = ResnetPlan> {
  readonly channels: number
  readonly resnets: readonly R[]
  /** Name of the down- or upsampler that follows. */
  readonly resample?: string
  /** The residual block that changes the resolution, where it is not a convolution that does. */
  readonly ending?: R
}

/** Everything between `conv_in` and `conv_norm_out`, in order of execution. */
export interface DdpmPlan<L extends LevelPlan = LevelPlan, R extends ResnetPlan = ResnetPlan> {
  readonly down: readonly L[]
  readonly mid: readonly R[]
  readonly up: readonly L[]
  readonly timeDim: number
}

/**
 * The blocks that a configuration without a variant stands for. The way up takes the outputs of the way down (`conv_in`
 * first, then every residual block with its attention, and every downsampler) from the last to the first
 * and appends each to the input of one residual block.
 */
export function ddpmPlan(config: DdpmConfig): DdpmPlan {
  const channels = config.blockOutChannels
  const last = channels.length - 1
  const skips = [channels[0]!]
  let current = channels[0]!

  const level = (
    prefix: string,
    out: number,
    inputs: readonly number[],
    attention: boolean,
    resample?: string,
  ): LevelPlan => ({
    channels: out,
    resnets: inputs.map((inChannels, j) => ({
      name: `${prefix}.resnets.${j}`,
      inChannels,
      outChannels: out,
      ...(attention && { attention: `${prefix}.attentions.${j}` }),
    })),
    ...(resample && { resample: `${prefix}.${resample}` }),
  })

  const down = channels.map((out, i) => {
    const inputs = Array.from({ length: config.layersPerBlock }, (_, j) => (j === 0 ? current : out))
    current = out
    skips.push(...inputs.map(() => out), ...(i < last ? [out] : []))
    return level(
      `down_blocks.${i}`,
      out,
      inputs,
      config.downAttention[i]!,
      i < last ? 'downsamplers.0' : undefined,
    )
  })
  const mid = { inChannels: current, outChannels: current }
  const first = {
    name: 'mid_block.resnets.0',
    ...mid,
    ...(config.midAttention && { attention: 'mid_block.attentions.0' }),
  }
  const second = { name: 'mid_block.resnets.1', ...mid }
  const up = [...channels].reverse().map((out, i) => {
    const inputs = Array.from({ length: config.layersPerBlock + 1 }, () => {
      const width = current + skips.pop()!
      current = out
      return width
    })
    return level(`up_blocks.${i}`, out, inputs, config.upAttention[i]!, i < last ? 'upsamplers.0' : undefined)
  })
  return { down, mid: [first, second], up, timeDim: config.timeEmbeddingDim ?? 4 * channels[0]! }
}
