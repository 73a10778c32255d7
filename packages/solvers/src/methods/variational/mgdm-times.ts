import { firstTime, timeWithin } from '../../schedules/time-within.ts'
import type { Schedule, Time } from '../../types.ts'

/** How MGDM chooses τ. */
export interface MgdmTau {
  readonly tau: 'mix' | 'uniform' | 'last'
  readonly mixed: number
  readonly minTau: number
}

/** The fractions of multiples of the golden ratio: even however many there are. */
const golden = (i: number): number => (((i + 1) * (Math.sqrt(5) - 1)) / 2) % 1

/** τ of step i of so many, below s, where u is the time after s; above the first time that a prior is asked at. */
export function tauOf(
  i: number,
  steps: number,
  schedule: Schedule,
  [s, u]: readonly [s: Time, u: Time],
  { tau, mixed, minTau }: MgdmTau,
): Time {
  const [first, low] = [firstTime(schedule), timeWithin(schedule, schedule.noisiest, minTau)]
  const uniform = tau === 'uniform' || (tau === 'mix' && i < mixed * steps)
  const drawn = uniform && u > low ? low + (u - low) * golden(i) : u
  return drawn > first ? drawn : (first + s) / 2
}

/** Updates of the fits of step i of so many: more in the last part. */
export const fitsOf = (
  i: number,
  steps: number,
  { fitSteps, longSteps, longPart }: Readonly<Record<'fitSteps' | 'longSteps' | 'longPart', number>>,
): number => (i >= steps - longPart * steps ? longSteps : fitSteps)
