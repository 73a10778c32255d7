import type { Key } from '@tweedie/tensor'
import { OptionError, randomUnits } from '@tweedie/tensor'

/**
 * Draws `count` ancestors among K particles in proportion to their weights: indices 0 … K−1, whose order says
 * nothing. Each is unbiased: particle k is drawn count·W_k times on average. The same key gives the same ancestors.
 *
 * @param key - All randomness, uniform numbers of 53 bits.
 * @param weights - At least 0, of any positive sum.
 * @param count - How many to draw; K where left out.
 * @throws {OptionError} where a weight is negative or not finite, or their sum is 0, or `count` is no count.
 */
export type Resampler = (key: Key, weights: ArrayLike<number>, count?: number) => Int32Array

/**
 * The least k with W_0 + … + W_k > p·(sum of all) for each p in [0, 1), in their order. A particle of weight 0 is
 * never chosen.
 * @throws {OptionError} as {@link Resampler}.
 */
export function inverseCdf(weights: ArrayLike<number>, positions: ArrayLike<number>): Int32Array {
  const { cumulative, last } = cumulated(weights)
  const total = cumulative.at(-1) ?? 0
  return Int32Array.from(positions, (p) => {
    const goal = p * total
    let [low, high] = [0, last] // cumulative[high] > goal, unless rounding took goal to the total
    while (low < high) {
      const middle = (low + high) >> 1
      if (cumulative[middle]! > goal) high = middle
      else low = middle + 1
    }
    return low
  })
}

/** Partial sums, and the last particle whose weight is not 0. */
function cumulated(weights: ArrayLike<number>): { cumulative: Float64Array; last: number } {
  let total = 0
  let last = -1
  const cumulative = Float64Array.from(weights, (weight, k) => {
    if (!(weight >= 0 && weight < Infinity)) {
      throw new OptionError('weights', `must be finite and at least 0, got ${weight} of particle ${k}`)
    }
    if (weight > 0) last = k
    return (total += weight)
  })
  if (!(total > 0 && total < Infinity))
    throw new OptionError('weights', `must have a positive sum, got ${total}`)
  return { cumulative, last }
}

function checkedCount(count: number): number {
  if (Number.isInteger(count) && count >= 0) return count
  throw new OptionError('count', `must be an integer of at least 0, got ${count}`)
}

/**
 * Multinomial resampling: each ancestor drawn apart from the others (Gordon, Salmond & Smith 1993). Particle k is
 * drawn with a variance of count·W_k(1 − W_k).
 * @example
 * ```ts
 * import { multinomialResampling } from '@tweedie/solvers'
 * import { randomKey } from '@tweedie/tensor'
 * multinomialResampling(randomKey(1), [0, 1, 0], 4) // => [1, 1, 1, 1]
 * ```
 */
export const multinomialResampling: Resampler = (key, weights, count = weights.length) =>
  inverseCdf(weights, randomUnits(key, checkedCount(count)))

/**
 * Systematic resampling: one uniform number u, positions (i + u)/count (Carpenter, Clifford & Fearnhead 1999).
 * Particle k is drawn ⌊count·W_k⌋ or ⌈count·W_k⌉ times, which is the least variance for its mean.
 * @example
 * ```ts
 * import { systematicResampling } from '@tweedie/solvers'
 * import { randomKey } from '@tweedie/tensor'
 * systematicResampling(randomKey(1), [1, 0, 1, 2], 4) // => [0, 2, 3, 3]
 * ```
 */
export const systematicResampling: Resampler = (key, weights, count = weights.length) => {
  const u = randomUnits(key, 1)[0]!
  return inverseCdf(
    weights,
    Float64Array.from({ length: checkedCount(count) }, (_, i) => (i + u) / count),
  )
}

/**
 * Stratified resampling: one uniform number in each of `count` equal parts of [0, 1) (Kitagawa 1996).
 * @example
 * ```ts
 * import { stratifiedResampling } from '@tweedie/solvers'
 * import { randomKey } from '@tweedie/tensor'
 * stratifiedResampling(randomKey(1), [1, 1, 1]) // => [0, 1, 2]
 * ```
 */
export const stratifiedResampling: Resampler = (key, weights, count = weights.length) =>
  inverseCdf(
    weights,
    randomUnits(key, checkedCount(count)).map((u, i) => (i + u) / count),
  )

/** A product count·W_k that is an integer up to this counts as one: 49·(1/49) is 1. */
const rounding = 1e-10

/**
 * Residual resampling: ⌊count·W_k⌋ copies of each particle, the rest multinomial in proportion to what is left
 * (Liu & Chen 1998). Its variances are at most those of {@link multinomialResampling}.
 * @example
 * ```ts
 * import { residualResampling } from '@tweedie/solvers'
 * import { randomKey } from '@tweedie/tensor'
 * residualResampling(randomKey(1), [0.5, 0.25, 0.25], 4) // => [0, 0, 1, 2]
 * ```
 */
export const residualResampling: Resampler = (key, weights, count = weights.length) => {
  checkedCount(count)
  const total = cumulated(weights).cumulative.at(-1) ?? 0
  const expected = Float64Array.from(weights, (weight) => (count * weight) / total)
  const copies = expected.map((value) => Math.floor(value + rounding))
  const rest = expected.map((value, k) => Math.max(0, value - copies[k]!))
  const kept = Array.from(copies).flatMap((times, k) => new Array<number>(times).fill(k))
  const missing = count - kept.length
  return Int32Array.from(missing === 0 ? kept : [...kept, ...multinomialResampling(key, rest, missing)])
}

/** All resamplers by name, for tables and options. */
export const resamplers = {
  multinomial: multinomialResampling,
  residual: residualResampling,
  stratified: stratifiedResampling,
  systematic: systematicResampling,
} as const

/** A name in {@link resamplers}. */
export type ResamplerName = keyof typeof resamplers
