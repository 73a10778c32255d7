import { OptionError } from '@tweedie/tensor'
import type { Schedule } from '../types.ts'
import type { TimePair } from './levels.ts'
import { noiseLevel, requirePositive } from './levels.ts'

/** A fraction u of the way from `low` to `high` on the scale of ρ-th roots (EDM eq. 5). */
export const karrasBetween = (low: number, high: number, u: number, rho = 7): number => {
  const from = low ** (1 / rho)
  const to = high ** (1 / rho)
  return (from + (to - from) * u) ** rho
}

/** A fraction u of the way from `low` to `high` on the scale of logarithms. */
export const geometricBetween = (low: number, high: number, u: number): number => low * (high / low) ** u

/** Ends of a grid of noise levels σ/α. */
export interface LevelRange {
  readonly sigmaMin?: number
  readonly sigmaMax?: number
}

function levels(
  count: number,
  low: number,
  high: number,
  between: (low: number, high: number, u: number) => number,
): number[] {
  requirePositive('steps', count)
  if (!(low > 0 && high >= low && high < Infinity)) {
    throw new OptionError('sigmaMin', `must be above 0 and at most sigmaMax, got ${low} and ${high}`)
  }
  return Array.from({ length: count }, (_, i) => {
    if (i === 0) return high
    return i === count - 1 ? low : between(high, low, i / (count - 1))
  })
}

/**
 * The noise levels of EDM (arXiv 2206.00364 eq. 5), from `sigmaMax` down to `sigmaMin`, evenly spaced in their ρ-th
 * root: denser toward the clean end the larger ρ. Defaults as published: 80, 0.002, 7.
 *
 * @throws {OptionError} where `count` is no positive integer, the ends are not in order, or ρ is not positive.
 * @example
 * ```ts
 * import { edm, karrasLevels, timesOfLevels } from '@tweedie/solvers'
 * const levels = karrasLevels(3)
 * levels // ≈ [80, 2.515, 0.002]
 * timesOfLevels(edm(), levels).at(-1) // => { t: 0.002, s: 0 }
 * ```
 */
export function karrasLevels(
  count: number,
  { sigmaMin = 0.002, sigmaMax = 80, rho = 7 }: LevelRange & { readonly rho?: number } = {},
): number[] {
  if (!(rho > 0 && rho < Infinity)) throw new OptionError('rho', `must be above 0 and finite, got ${rho}`)
  return levels(count, sigmaMin, sigmaMax, (a, b, u) => karrasBetween(a, b, u, rho))
}

/**
 * Noise levels in geometric progression, evenly spaced in log-SNR (arXiv 1907.05600 §4.3; arXiv 2206.00927 §4.1), from
 * `sigmaMax` down to `sigmaMin`. Defaults: 80 and 0.002.
 * @throws {OptionError} as {@link karrasLevels}.
 */
export const geometricLevels = (
  count: number,
  { sigmaMin = 0.002, sigmaMax = 80 }: LevelRange = {},
): number[] => levels(count, sigmaMin, sigmaMax, geometricBetween)

/**
 * The steps from noise level to noise level of a schedule, the last to its clean end.
 * @param descending - Levels σ/α, each below the one before.
 * @throws {OptionError} where they do not descend, there are none, or the schedule does not reach one.
 */
export function timesOfLevels(schedule: Schedule, descending: readonly number[]): TimePair[] {
  if (descending.length === 0) throw new OptionError('levels', 'needs at least one, got none')
  const times = descending.map((level, i) => {
    if (i > 0 && !(level < descending[i - 1]!)) {
      throw new OptionError('levels', `must descend, got ${level} after ${descending[i - 1]}`)
    }
    return schedule.timeOfNoiseLevel(level)
  })
  return times.map((t, i) => ({ t, s: times[i + 1] ?? schedule.clean }))
}

/** a, a·d, a·d², …, none below `least`: the levels of a splitting that cools down to a floor. */
export const decayingLevels = (
  count: number,
  { first, decay, least }: { readonly first: number; readonly decay: number; readonly least: number },
): number[] => Array.from({ length: count }, (_, k) => Math.max(first * decay ** k, least))

/** The noise levels σ/α of a schedule: of discrete steps those of its indices, of others from 0. */
export const levelsOf = (schedule: Schedule): { readonly low: number; readonly high: number } => ({
  low: schedule.discreteSteps === undefined ? 0 : noiseLevel(schedule, 0),
  high: noiseLevel(schedule, schedule.noisiest),
})

/**
 * Steps from level to level in any order, each first brought within what the schedule has ({@link levelsOf}); the last to the
 * clean end.
 */
export function timesWithin(schedule: Schedule, levels: readonly number[]): TimePair[] {
  const { low, high } = levelsOf(schedule)
  const times = levels.map((level) => schedule.timeOfNoiseLevel(Math.min(Math.max(level, low), high)))
  return times.map((t, i) => ({ t, s: times[i + 1] ?? schedule.clean }))
}
