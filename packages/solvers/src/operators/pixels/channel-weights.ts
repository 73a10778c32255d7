import { OptionError } from '@tweedie/tensor'
import type { Settled } from '../../options/index.ts'
import { choice } from '../../options/index.ts'

/** Luma weights of red, green and blue by ITU-R BT.601. */
export const luma601: readonly number[] = [0.299, 0.587, 0.114]

const named = choice('all channels alike, or the luma of red, green and blue (BT.601)', ['mean', 'luma'])

/** Weights of channels, by a word or one by one. */
export type ChannelWeights = 'mean' | 'luma' | readonly number[]

/** The option for weights of channels. */
export const channelWeights: Settled<ChannelWeights> = {
  ...named,
  range: `${named.range}, or an array of one finite number a channel`,
  accepts: (value): value is ChannelWeights =>
    named.accepts(value) || (Array.isArray(value) && value.every(Number.isFinite)),
}

/**
 * One weight a channel.
 * @throws {OptionError} where there are more or fewer, or all are 0.
 */
export function weightsOf(given: ChannelWeights, channels: number): Float64Array {
  const mean = Array.from({ length: channels }, () => 1 / channels)
  const weights = given === 'mean' ? mean : given === 'luma' ? luma601 : given
  if (weights.length !== channels)
    throw new OptionError('weights', `are ${weights.length} for ${channels} channels`)
  if (weights.every((weight) => weight === 0))
    throw new OptionError('weights', `must not all be 0, got ${weights.join(', ')}`)
  return Float64Array.from(weights)
}
