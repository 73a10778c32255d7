import { noiseLevel } from '../../schedules/levels.ts'
import type { TimePair } from '../../schedules/respace.ts'
import type { Schedule, Time } from '../../types.ts'

/** √ᾱ of a noise level σ/α, and back. */
const rootOf = (level: number): number => 1 / Math.sqrt(1 + level ** 2)
const levelOf = (root: number): number => Math.sqrt(1 - root ** 2) / root
/** Roots this near are one. */
const same = 1e-9

/**
 * The grid of MCGDiff: times at equal decrements of √ᾱ, from the noisiest, and among them those at which x_t has the noise of
 * a coordinate of y, where they are fewer than half of the steps.
 *
 * @param steps - How many in all.
 * @param levels - σ_y/s_i of the coordinates that are seen; those out of the range of the schedule do not count.
 */
export function mcgDiffTimes(schedule: Schedule, steps: number, levels: readonly number[]): TimePair[] {
  const lowest = rootOf(noiseLevel(schedule, schedule.noisiest))
  const wanted = [...new Set(levels.map(rootOf))]
    .filter((root) => root > lowest + same && root < 1 - same)
    .sort((a, b) => a - b)
    .filter((root, k, all) => k === 0 || root - all[k - 1]! > same)
  const own = 2 * wanted.length < steps ? wanted : []
  const count = steps - own.length
  const base = Array.from({ length: count }, (_, k) => lowest + ((1 - lowest) * k) / count)
  const roots = [...base.filter((root) => own.every((other) => Math.abs(root - other) > same)), ...own].sort(
    (a, b) => a - b,
  )
  const times = roots.map((root, k) =>
    k === 0 ? schedule.noisiest : schedule.timeOfNoiseLevel(levelOf(root)),
  )
  return times.map((t, k) => ({ t, s: times[k + 1] ?? schedule.clean }))
}

/**
 * τ_i, the time of a grid at which x_t has the noise of coordinate i, in √ᾱ the nearest; the clean end where there is no noise.
 * Undefined where y says less of it than x_T.
 */
export function tauOf(schedule: Schedule, times: readonly TimePair[], level: number): Time | undefined {
  if (level === 0) return schedule.clean
  const [first] = times
  if (first === undefined || level > noiseLevel(schedule, first.t)) return undefined
  const away = (t: Time) => Math.abs(rootOf(noiseLevel(schedule, t)) - rootOf(level))
  return times.reduce((best, { t }) => (away(t) < away(best) ? t : best), first.t)
}

/**
 * v_t of each coordinate, what the potential g_t of MCGDiff takes x̄_t for known to: σ_t² − (α_t/α_τ)²(σ_τ² − κ(α_τ² + σ_τ²)), at
 * the clean end 0; ∞ from where x_t has less noise than the coordinate.
 *
 * @param taus - τ_i of {@link tauOf}; undefined where nothing is seen.
 */
export function mcgDiffVariance(
  schedule: Schedule,
  taus: readonly (Time | undefined)[],
  kappa: number,
  t: Time,
): Float64Array {
  const [variance, level] = [schedule.sigma(t) ** 2, noiseLevel(schedule, t)]
  return Float64Array.from(taus, (tau) => {
    if (tau === undefined || noiseLevel(schedule, tau) > level) return Infinity
    if (variance === 0) return 0
    const [ratio, own] = [(schedule.alpha(t) / schedule.alpha(tau)) ** 2, schedule.sigma(tau) ** 2]
    return variance - ratio * (own - kappa * (schedule.alpha(tau) ** 2 + own))
  })
}
