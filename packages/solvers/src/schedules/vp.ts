import { OptionError } from '@tweedie/tensor'
import type { Schedule, Time } from '../types.ts'
import { requirePositive } from './levels.ts'

/** Options of {@link vpLinear}. */
export interface VpLinearOptions {
  /** Number of discrete steps T; default 1000. */
  T?: number
  /** β of index 0; default 1e-4 · 1000/T. */
  betaMin?: number
  /** β of index T−1; default 0.02 · 1000/T. */
  betaMax?: number
}

/** Options of {@link vpCosine}. */
export interface VpCosineOptions {
  /** Number of discrete steps T; default 1000. */
  T?: number
  /** Offset that keeps the first β from vanishing; default 0.008. */
  s?: number
  /** Upper limit of each β; default 0.999. */
  maxBeta?: number
}

/**
 * The linear schedule of DDPM: β evenly spaced from `betaMin` to `betaMax` (arXiv 2006.11239 §4), the one
 * of DPS, DDRM, DDNM, DiffPIR and RED-diff. Left out, the βs are scaled by 1000/T as guided-diffusion does.
 *
 * @throws {OptionError} where T is not a positive integer or a β leaves (0, 1).
 * @example
 * ```ts
 * import { vpLinear } from '@tweedie/solvers'
 * const schedule = vpLinear()
 * schedule.alpha(0) ** 2 // ≈ 0.9999
 * schedule.alpha(999) ** 2 // ≈ 4.0358e-5
 * schedule.sigma(-1) // => 0
 * ```
 */
export function vpLinear(options: VpLinearOptions = {}): Schedule {
  const { T = 1000, betaMin = 0.1 / (options.T ?? 1000), betaMax = 20 / (options.T ?? 1000) } = options
  requirePositive('T', T)
  const betas = Array.from({ length: T }, (_, i) =>
    T === 1 ? betaMin : betaMin + ((betaMax - betaMin) * i) / (T - 1),
  )
  return vpFromBetas(betas, 'vp-linear')
}

/**
 * The cosine schedule of Improved DDPM (arXiv 2102.09672 eq. 17): ᾱ ∝ cos²(π/2 · (u + s)/(1 + s)) with
 * u = (t + 1)/T, and β_t = 1 − ᾱ_t/ᾱ_{t−1} cut off at `maxBeta`.
 *
 * @throws {OptionError} where T is not a positive integer, s is negative or `maxBeta` leaves (0, 1).
 */
export function vpCosine({ T = 1000, s = 0.008, maxBeta = 0.999 }: VpCosineOptions = {}): Schedule {
  requirePositive('T', T)
  if (!(s >= 0)) throw new OptionError('s', `must not be negative, got ${s}`)
  if (!(maxBeta > 0 && maxBeta < 1)) throw new OptionError('maxBeta', `must lie in (0, 1), got ${maxBeta}`)
  const f = (u: number) => Math.cos(((u + s) / (1 + s)) * (Math.PI / 2)) ** 2
  const betas = Array.from({ length: T }, (_, i) => Math.min(1 - f((i + 1) / T) / f(i / T), maxBeta))
  return vpFromBetas(betas, 'vp-cosine')
}

/**
 * The variance-preserving schedule ᾱ_t = Π_{i ≤ t} (1 − β_i) at the integers −1 … T−1 (ᾱ₋₁ = 1), with
 * log ᾱ linear between them: α = √ᾱ, σ = √(1 − ᾱ), strictly monotone, with an exact inverse.
 *
 * @param betas - β₀ … β_{T−1}, each in (0, 1).
 * @throws {OptionError} where a β leaves (0, 1), or for a time outside [−1, T−1].
 */
export function vpFromBetas(betas: readonly number[], name = 'vp'): Schedule {
  requirePositive('T', betas.length)
  // logAlphaBar[i] belongs to time i − 1.
  const logAlphaBar = new Float64Array(betas.length + 1)
  betas.forEach((beta, i) => {
    if (!(beta > 0 && beta < 1)) {
      throw new OptionError(
        'beta',
        `β of index ${i} must lie in (0, 1), got ${beta} (of ${betas.length} steps)`,
      )
    }
    logAlphaBar[i + 1] = logAlphaBar[i]! + Math.log1p(-beta)
  })
  const noisiest = betas.length - 1
  const checked = (t: Time): Time => {
    if (t >= -1 && t <= noisiest) return t
    throw new OptionError('t', `must lie in [−1, ${noisiest}], got ${t}`)
  }
  const at = (t: Time): number => {
    checked(t)
    const low = Math.floor(t)
    const fraction = t - low
    const value = logAlphaBar[low + 1]!
    return fraction === 0 ? value : value + fraction * (logAlphaBar[low + 2]! - value)
  }
  return {
    name,
    clean: -1,
    noisiest,
    discreteSteps: betas.length,
    alpha: (t) => Math.exp(at(t) / 2),
    sigma: (t) => Math.sqrt(0 - Math.expm1(at(t))),
    slopes: (t) => {
      const above = Math.max(1, Math.ceil(checked(t)) + 1) // of the interval that ends at t or contains it
      return vpSlopes(at(t), logAlphaBar[above]! - logAlphaBar[above - 1]!)
    },
    timeOfNoiseLevel: (level) => {
      const target = -Math.log1p(level * level)
      // A level beyond the last by rounding alone is the last.
      const slack = 1e-12 * -logAlphaBar[betas.length]!
      if (!(level >= 0 && target >= logAlphaBar[betas.length]! - slack)) {
        const top = Math.sqrt(Math.expm1(-logAlphaBar[betas.length]!))
        throw new OptionError('sigmaOverAlpha', `must lie in [0, ${top}], got ${level}`)
      }
      let [low, high] = [0, betas.length] // logAlphaBar[low] ≥ target ≥ logAlphaBar[high]
      while (high - low > 1) {
        const middle = (low + high) >> 1
        if (logAlphaBar[middle]! >= target) low = middle
        else high = middle
      }
      const fraction = (target - logAlphaBar[low]!) / (logAlphaBar[high]! - logAlphaBar[low]!)
      return low - 1 + Math.min(1, fraction)
    },
  }
}

/** α′ and σ′ of α = √ᾱ, σ = √(1 − ᾱ), by log ᾱ and its slope. */
export function vpSlopes(logAlphaBar: number, slope: number): { alpha: number; sigma: number } {
  const sigma = Math.sqrt(0 - Math.expm1(logAlphaBar))
  return {
    alpha: (slope / 2) * Math.exp(logAlphaBar / 2),
    sigma: (-slope * Math.exp(logAlphaBar)) / (2 * sigma),
  }
}
