import type { Schedule, Time } from '../types.ts'
import { flow } from './flow.ts'
import type { TimePair } from './levels.ts'
import type { Spacing } from './respace.ts'
import { respace } from './respace.ts'

// Every schedule goes along the straight path (1 − τ)·x₀ + τ·ε of flow matching, but for a factor: x_t/(α_t + σ_t) is its
// point at τ = σ_t/(α_t + σ_t). Papers on flows count t = 1 − τ, from noise to data.

/**
 * τ = σ_t/(α_t + σ_t), from 0 at the clean end to 1 where nothing is left of x₀: the time of {@link flow} with the noise level
 * of t.
 */
export function flowTime(schedule: Schedule, t: Time): number {
  const sigma = schedule.sigma(t)
  return sigma / (schedule.alpha(t) + sigma)
}

/** α_t + σ_t: x_t over it is the point of the straight path. */
export const flowScale = (schedule: Schedule, t: Time): number => schedule.alpha(t) + schedule.sigma(t)

/** The least τ that a prior is asked at: that of index 0, of discrete steps, below which no network was trained; else 0. */
export const leastFlowTime = (schedule: Schedule): number =>
  schedule.discreteSteps === undefined ? 0 : flowTime(schedule, 0)

/** Of τ, beside 1. */
const rounding = 1e-12

/**
 * The time of a schedule at which {@link flowTime} is τ; τ off its ends by rounding is at them.
 * @throws {OptionError} for a τ beyond the noisiest.
 */
export function timeOfFlow(schedule: Schedule, tau: number): Time {
  const near = (end: number) => Math.abs(tau - end) <= end * rounding
  if (near(flowTime(schedule, schedule.noisiest))) return schedule.noisiest
  if (schedule.discreteSteps !== undefined && near(leastFlowTime(schedule))) return 0
  return schedule.timeOfNoiseLevel(tau / (1 - tau))
}

/** Steps of a schedule through descending τ to the clean end, drawn together where the last would lie below the least. */
function alongFlow(schedule: Schedule, taus: readonly number[]): TimePair[] {
  const [first = 0, last = 0] = [taus[0], taus.at(-1)]
  const least = Math.min(first, Math.max(last, leastFlowTime(schedule)))
  const shrink = first > last ? (first - least) / (first - last) : 1
  const times = taus.map((tau) => timeOfFlow(schedule, first - (first - tau) * shrink))
  return times.map((t, i) => ({ t, s: times[i + 1] ?? schedule.clean }))
}

/**
 * The times of a run of `steps` reverse steps whose τ are those that `respace` has for the straight path: with `trailing`
 * evenly spaced, from the noisiest on. On discrete steps they lie between the indices, none below index 0, and there may be
 * any number of them.
 *
 * @throws {OptionError} as `respace`.
 * @example
 * ```ts
 * import { flowGrid, flowTime, vpLinear } from '@tweedie/solvers'
 * const schedule = vpLinear()
 * flowGrid(schedule, 4, 'trailing').map(({ t }) => flowTime(schedule, t)) // ≈ [0.9937, 0.7453, 0.4968, 0.2484]
 * ```
 */
export function flowGrid(schedule: Schedule, steps: number, spacing: Spacing): TimePair[] {
  return alongFlow(
    schedule,
    respace(flowOf(schedule), steps, spacing).map(({ t }) => t),
  )
}

/** The same steps with other τ, {@link flowTime}: `of` grows, and maps to what the schedule has. */
export const flowGridOf = (
  schedule: Schedule,
  times: readonly TimePair[],
  of: (tau: number) => number,
): TimePair[] =>
  alongFlow(
    schedule,
    times.map(({ t }) => of(flowTime(schedule, t))),
  )

/** {@link flowGrid} or part of it, drawn together to begin at τ = `from`; as it is where it begins at less. */
export function flowGridFrom(schedule: Schedule, times: readonly TimePair[], from: number): TimePair[] {
  const first = flowTime(schedule, times[0]?.t ?? schedule.noisiest)
  return first <= from ? [...times] : flowGridOf(schedule, times, (tau) => (tau * from) / first)
}

/** s·τ/(1 + (s − 1)·τ), which keeps 0 and 1: the noise level times s (the `shift` of diffusers' schedulers of flows). */
export const shiftedFlow = (tau: number, shift: number): number => (shift * tau) / (1 + (shift - 1) * tau)

/** The straight path as far as a schedule goes. */
export const flowOf = (schedule: Schedule): Schedule =>
  flow({ noisiest: flowTime(schedule, schedule.noisiest) })
