import { OptionError } from '@tweedie/tensor'
import type { Schedule } from '../types.ts'
import { vpSlopes } from './vp.ts'

/** Options of {@link vpContinuous}. */
export interface VpContinuousOptions {
  /** β at t = 0; default 0.1. */
  betaMin?: number
  /** β at t = 1; default 20. */
  betaMax?: number
}

/**
 * The linear schedule in continuous time (arXiv 2011.13456 eq. 32 and 33): β(t) = betaMin + t·(betaMax − betaMin),
 * ᾱ_t = exp(−∫₀ᵗ β), α = √ᾱ, σ = √(1 − ᾱ), t from 0 (clean) to 1. Index i of the discrete schedule of T steps is about
 * t = (i + 1)/T.
 *
 * @throws {OptionError} where 0 < betaMin ≤ betaMax does not hold, or for a time outside [0, 1].
 * @example
 * ```ts
 * import { vpContinuous } from '@tweedie/solvers'
 * const { alpha, slopes } = vpContinuous()
 * Math.log(alpha(1)) // ≈ -5.025
 * slopes(1).alpha / alpha(1) // ≈ -10.0
 * ```
 */
export function vpContinuous({ betaMin = 0.1, betaMax = 20 }: VpContinuousOptions = {}): Schedule {
  if (!(betaMin > 0 && betaMax >= betaMin && betaMax < Infinity)) {
    throw new OptionError('betaMin', `must be above 0 and at most betaMax, got ${betaMin} and ${betaMax}`)
  }
  const rise = betaMax - betaMin
  const logAlphaBar = (t: number): number => {
    if (!(t >= 0 && t <= 1)) throw new OptionError('t', `must lie in [0, 1], got ${t}`)
    return -t * (betaMin + (rise * t) / 2)
  }
  const top = Math.sqrt(Math.expm1(-logAlphaBar(1)))
  return {
    name: 'vp-continuous',
    clean: 0,
    noisiest: 1,
    alpha: (t) => Math.exp(logAlphaBar(t) / 2),
    sigma: (t) => Math.sqrt(0 - Math.expm1(logAlphaBar(t))),
    slopes: (t) => vpSlopes(logAlphaBar(t), -(betaMin + rise * t)),
    timeOfNoiseLevel: (level) => {
      // A level beyond the last by rounding alone is the last.
      if (!(level >= 0 && level <= top * (1 + 1e-12))) {
        throw new OptionError('sigmaOverAlpha', `must lie in [0, ${top}], got ${level}`)
      }
      // t of betaMin·t + rise·t²/2 = −log ᾱ, written so that nothing cancels.
      const c = Math.log1p(level * level)
      return Math.min(1, (2 * c) / (betaMin + Math.sqrt(betaMin * betaMin + 2 * rise * c)))
    },
  }
}
