import type { Schedule, Time } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'

/**
 * The variance-preserving schedule whose times are so counted that √ᾱ falls evenly from 1 at t = 0 to `lowest` at t = 1. What x_t
 * is depends on ᾱ alone, not on how times are counted: methods that lay out their times evenly ('trailing') then take steps of
 * equal decrements of √ᾱ, as MCGDiff's grid has them.
 * @param lowest - √ᾱ of the noisiest time, in (0, 1).
 * @throws {OptionError} for a time outside [0, 1], and a noise level beyond the last.
 */
export function rootSchedule(lowest: number): Schedule {
  const fall = 1 - lowest
  const checked = (t: Time): Time => {
    if (t >= 0 && t <= 1) return t
    throw new OptionError('t', `must lie in [0, 1], got ${t}`)
  }
  const alpha = (t: Time) => 1 - fall * checked(t)
  /** σ² = 1 − α², without cancellation at the clean end. */
  const sigma = (t: Time) => Math.sqrt(fall * checked(t) * (2 - fall * t))
  const top = Math.sqrt(1 - lowest ** 2) / lowest
  return {
    name: 'vp-root',
    clean: 0,
    noisiest: 1,
    alpha,
    sigma,
    slopes: (t) => ({ alpha: -fall, sigma: (fall * alpha(t)) / sigma(t) }),
    timeOfNoiseLevel: (level) => {
      // A level beyond the last by rounding alone is the last.
      if (!(level >= 0 && level <= top * (1 + 1e-12)))
        throw new OptionError('sigmaOverAlpha', `must lie in [0, ${top}], got ${level}`)
      const root = Math.sqrt(1 + level ** 2)
      return Math.min(1, level ** 2 / (root * (1 + root)) / fall)
    },
  }
}
