import type { Schedule, Time } from '../types.ts'

/** The least noisy time that a prior is asked at: index 0, or a thousandth of the way where there are none. */
export const firstTime = ({ clean, noisiest, discreteSteps }: Schedule): Time =>
  discreteSteps === undefined ? clean + (noisiest - clean) / 1000 : 0

/**
 * The time at a part of the way from the clean end to s, rounded down to an index where there are such; not less noisy than
 * {@link firstTime}, nor more than s.
 * @example
 * ```ts
 * import { timeWithin, ve, vpLinear } from '@tweedie/solvers'
 * timeWithin(vpLinear(), 500, 0.5) // => 249
 * timeWithin(vpLinear(), 0, 0.5) // => 0
 * timeWithin(ve(), 20, 0.25) // => 5
 * ```
 */
export function timeWithin(schedule: Schedule, s: Time, part: number): Time {
  const way = part * (s - schedule.clean)
  const time = schedule.clean + (schedule.discreteSteps === undefined ? way : Math.floor(way))
  return Math.min(s, Math.max(time, firstTime(schedule)))
}
