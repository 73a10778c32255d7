import { OptionError } from '@tweedie/tensor'
import type { Schedule, Time } from '../types.ts'
import { noiseLevel } from './levels.ts'

/** One reverse step: from time t to the less noisy time s. */
export interface TimePair {
  readonly t: Time
  readonly s: Time
}

/** How the times of a run are laid out; see {@link respace}. */
export type Spacing = (typeof spacings)[number]

/** All spacings, for tables and option checks. */
export const spacings = ['leading', 'trailing', 'linspace', 'quadratic', 'karras'] as const

/**
 * The times of a run of `steps` reverse steps, as pairs (t, s) from noisy to clean; the last s is
 * `schedule.clean`. On a schedule of T discrete steps the times are integers (as in arXiv 2305.08891
 * table 2), elsewhere real numbers:
 *
 * - `leading`: 0, k, 2k … with k = ⌊T/steps⌋: contains index 0 but not T−1 (DDIM, DDRM);
 * - `trailing`: T−1, T−1−T/steps …: contains T−1 but not index 0;
 * - `linspace`: from T−1 to 0, both contained (guided-diffusion, DPS);
 * - `quadratic`: (T−1)·(i/(steps−1))²: denser toward the clean end (DDIM);
 * - `karras`: noise levels σ/α evenly spaced in their 7th root (EDM eq. 5), moved to the nearest unused
 *   index where the schedule is discrete.
 *
 * On a schedule without discrete steps "index 0" is the time at 1/1000 of the way from clean to noisiest.
 *
 * @throws {OptionError} where `steps` is not a positive integer or exceeds the discrete steps.
 * @example
 * ```ts
 * import { respace, vpLinear } from '@tweedie/solvers'
 * respace(vpLinear(), 4, 'leading').map(({ t }) => t) // => [750, 500, 250, 0]
 * respace(vpLinear(), 4, 'trailing').map(({ t }) => t) // => [999, 749, 499, 249]
 * respace(vpLinear(), 4, 'linspace').at(-1) // => { t: 0, s: -1 }
 * ```
 */
export function respace(schedule: Schedule, steps: number, spacing: Spacing = 'linspace'): TimePair[] {
  if (!(Number.isInteger(steps) && steps > 0)) {
    throw new OptionError('steps', `must be a positive integer, got ${steps}`)
  }
  const T = schedule.discreteSteps
  if (T !== undefined && steps > T) {
    throw new OptionError('steps', `${steps} steps exceed the ${T} of schedule '${schedule.name}'`)
  }
  const ascending =
    T === undefined ? continuousTimes(schedule, steps, spacing) : indices(schedule, T, steps, spacing)
  const descending = ascending.reverse()
  return descending.map((t, i) => ({ t, s: descending[i + 1] ?? schedule.clean }))
}

function indices(schedule: Schedule, T: number, steps: number, spacing: Spacing): Time[] {
  const last = T - 1
  const unit = (i: number) => (steps === 1 ? 1 : i / (steps - 1))
  const wanted: Record<Spacing, (i: number) => number> = {
    leading: (i) => i * Math.floor(T / steps),
    trailing: (i) => Math.round(((i + 1) * T) / steps) - 1,
    linspace: (i) => Math.round(last * unit(i)),
    quadratic: (i) => Math.round(last * unit(i) ** 2),
    karras: (i) => Math.round(karras(schedule, 0, last, unit(i))),
  }
  // Where rounding makes two times meet, the later one moves up; then nothing may pass T−1.
  const times: Time[] = []
  for (let i = 0; i < steps; i++) times.push(Math.max(wanted[spacing](i), (times[i - 1] ?? -1) + 1))
  for (let i = steps - 1, top = last; i >= 0; i--, top--) times[i] = Math.min(times[i]!, top)
  return times
}

function continuousTimes(schedule: Schedule, steps: number, spacing: Spacing): Time[] {
  const { clean, noisiest } = schedule
  const first = clean + (noisiest - clean) / 1000
  const between = (u: number) => first + (noisiest - first) * u
  const unit = (i: number) => (steps === 1 ? 1 : i / (steps - 1))
  const place: Record<Spacing, (i: number) => number> = {
    leading: (i) => between(i / steps),
    trailing: (i) => clean + ((noisiest - clean) * (i + 1)) / steps,
    linspace: (i) => between(unit(i)),
    quadratic: (i) => between(unit(i) ** 2),
    karras: (i) => karras(schedule, first, noisiest, unit(i)),
  }
  return Array.from({ length: steps }, (_, i) => place[spacing](i))
}

/** The time whose noise level lies a fraction u of the way from `first` to `last`, on the scale of 7th roots. */
function karras(schedule: Schedule, first: Time, last: Time, u: number): Time {
  if (u === 1) return last
  if (u === 0) return first
  const [low, high] = [noiseLevel(schedule, first) ** (1 / 7), noiseLevel(schedule, last) ** (1 / 7)]
  return schedule.timeOfNoiseLevel((low + (high - low) * u) ** 7)
}
