import { OptionError } from '@tweedie/tensor'
import type { Schedule, Time } from '../types.ts'
import { vpFromBetas } from './vp.ts'

/**
 * A variance-preserving schedule of βs whose last is 1, so that nothing is left of x₀ at the last time: α = 0, σ = 1.
 * Between the last two times α is linear, before them as in {@link vpFromBetas}.
 *
 * @throws {OptionError} where there are fewer than two βs, the last is not 1, or another leaves (0, 1).
 * @example
 * ```ts
 * import { endingInNoise } from '@tweedie/solvers'
 * const { alpha, sigma } = endingInNoise([0.19, 0.5, 1])
 * alpha(0) // ≈ 0.9
 * alpha(2) // => 0
 * sigma(2) // => 1
 * ```
 */
export function endingInNoise(betas: readonly number[], name = 'vp'): Schedule {
  if (betas.length < 2 || betas.at(-1) !== 1) {
    throw new OptionError(
      'beta',
      `the last of at least 2 βs must be 1, got ${betas.at(-1)} of ${betas.length}`,
    )
  }
  const before = vpFromBetas(betas.slice(0, -1), name)
  const knot = before.noisiest
  const slope = -before.alpha(knot)
  const noisiest = knot + 1
  const within = (t: Time): Time => {
    if (t <= noisiest) return t
    throw new OptionError('t', `must lie in [−1, ${noisiest}], got ${t}`)
  }
  const alpha = (t: Time) => (t > knot ? slope * (within(t) - noisiest) : before.alpha(t))
  return {
    ...before,
    noisiest,
    discreteSteps: betas.length,
    alpha: (t) => (t === noisiest ? 0 : alpha(t)),
    sigma: (t) => (t > knot ? Math.sqrt(1 - alpha(t) ** 2) : before.sigma(t)),
    slopes: (t) =>
      t > knot
        ? { alpha: slope, sigma: (-alpha(t) * slope) / Math.sqrt(1 - alpha(t) ** 2) }
        : before.slopes(t),
    timeOfNoiseLevel: (level) =>
      level > before.sigma(knot) / before.alpha(knot)
        ? noisiest + 1 / Math.sqrt(1 + level ** 2) / slope
        : before.timeOfNoiseLevel(level),
  }
}

/**
 * A discrete schedule moved so that its last time has no signal, √ᾱ shifted and scaled with √ᾱ of index 0 kept
 * (arXiv 2305.08891, algorithm 1): `rescale_betas_zero_snr` of diffusers.
 *
 * @throws {OptionError} where the schedule has fewer than two discrete steps.
 * @example
 * ```ts
 * import { vpLinear, zeroTerminalSnr } from '@tweedie/solvers'
 * const schedule = zeroTerminalSnr(vpLinear())
 * schedule.alpha(0) ** 2 // ≈ 0.9999
 * schedule.alpha(999) // => 0
 * ```
 */
export function zeroTerminalSnr(schedule: Schedule): Schedule {
  const T = schedule.discreteSteps
  if (T === undefined || T < 2)
    throw new OptionError('schedule', `'${schedule.name}' must have at least 2 discrete steps, got ${T}`)
  const [first, last] = [schedule.alpha(0), schedule.alpha(T - 1)]
  const root = (i: number) => (i < 0 ? 1 : ((schedule.alpha(i) - last) * first) / (first - last))
  const betas = Array.from({ length: T }, (_, i) => 1 - (root(i) / root(i - 1)) ** 2)
  return endingInNoise(betas, `${schedule.name}-zero-snr`)
}
