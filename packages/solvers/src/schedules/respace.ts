import { OptionError } from '@tweedie/tensor'
import type { Schedule, Time } from '../types.ts'
import { publishedGrids } from './grids.ts'
import { geometricBetween, karrasBetween } from './level-grids.ts'
import type { TimePair } from './levels.ts'
import { noiseLevel, requirePositive } from './levels.ts'

export type { TimePair } from './levels.ts'

/** How the times of a run are laid out; see {@link respace}. */
export type Spacing = (typeof spacings)[number]

/** All spacings, for tables and option checks. */
export const spacings = [
  'leading',
  'trailing',
  'linspace',
  'ddim',
  'ddim-quadratic',
  'guided',
  'guided-ddim',
  'diffpir',
  'quadratic',
  'karras',
  'log-snr',
] as const

/**
 * The times of a run of `steps` reverse steps, as pairs (t, s) from noisy to clean; the last s is
 * `schedule.clean`. On a schedule of T discrete steps the times are the integers of the grid that is
 * published under the name, index for index, rounding included; n stands for `steps`:
 *
 * | spacing | indices | whose |
 * |---|---|---|
 * | `leading` | i·⌊T/n⌋, i < n: contains 0, not T−1 | diffusers |
 * | `trailing` | T−1, T−1−T/n …: contains T−1, not 0 | diffusers (arXiv 2305.08891) |
 * | `linspace` | from T−1 to 0, both contained | diffusers |
 * | `ddim` | 0, k, 2k … below T with k = ⌊T/n⌋ | DDIM's repository ("uniform"); DDRM, RED-diff |
 * | `ddim-quadratic` | ⌊r²⌋ for r from 0 to √(0.8·T) | DDIM's repository ("quad") |
 * | `guided` | as `linspace`, by a running sum | guided-diffusion ("N"); DPS |
 * | `guided-ddim` | 0, k, 2k … below T, exactly n | guided-diffusion ("ddimN") |
 * | `diffpir` | T−1−⌊T·√(i/(n−1))⌋, the last 0: denser toward the clean end | DiffPIR's repository ("quad") |
 * | `quadratic` | (T−1)·(i/(n−1))²: denser toward the clean end | ours, over the whole range |
 * | `karras` | σ/α evenly spaced in its 7th root, at the nearest unused index | EDM eq. 5 |
 * | `log-snr` | log σ/α evenly spaced, at the nearest unused index | DPM-Solver (arXiv 2206.00927 §4.1) |
 *
 * Where n divides T, `leading`, `ddim` and `guided-ddim` are one. Where it does not, `ddim` gives more than
 * n pairs; `leading` stops short, at (n−1)·⌊T/n⌋, and is refused for T/2 < n < T, where it would start in the
 * midst of the noise; `guided-ddim` is refused where no integer k gives n. `ddim-quadratic` and `diffpir`
 * give fewer than n where their indices repeat: at a repeated one the repository's step only draws again, or changes
 * nothing. For one step `linspace`
 * and `guided` give T−1; the published ones, like `leading` and `ddim` here, would give 0.
 *
 * On a schedule without discrete steps the times are real numbers, "index 0" is the time at 1/1000 of the way
 * from clean to noisiest, and `ddim` and `guided-ddim` are `leading`, `guided` is `linspace`, and
 * `ddim-quadratic` is `quadratic` over the first 0.8 of the way; `diffpir` lies at 1 − √(1 − u) of the way for u
 * from 0 to 1.
 *
 * @throws {OptionError} where `steps` is not a positive integer or exceeds the discrete steps, and where a
 * grid is refused, as above.
 * @example
 * ```ts
 * import { respace, vpLinear } from '@tweedie/solvers'
 * respace(vpLinear(), 4, 'leading').map(({ t }) => t) // => [750, 500, 250, 0]
 * respace(vpLinear(), 3, 'ddim').map(({ t }) => t) // => [999, 666, 333, 0]
 * respace(vpLinear(), 4, 'trailing').map(({ t }) => t) // => [999, 749, 499, 249]
 * respace(vpLinear(), 4, 'linspace').at(-1) // => { t: 0, s: -1 }
 * ```
 */
export function respace(schedule: Schedule, steps: number, spacing: Spacing = 'linspace'): TimePair[] {
  requirePositive('steps', steps)
  const T = schedule.discreteSteps
  if (T !== undefined && steps > T) {
    throw new OptionError('steps', `${steps} steps exceed the ${T} of schedule '${schedule.name}'`)
  }
  const ascending =
    T === undefined ? continuousTimes(schedule, steps, spacing) : indices(schedule, T, steps, spacing)
  const descending = ascending.reverse()
  return descending.map((t, i) => ({ t, s: descending[i + 1] ?? schedule.clean }))
}

/** @throws {OptionError} of `option`, where a grid for `who`, which divides by α_t, begins at t and α_t = 0. */
export function requireFiniteLevel(
  schedule: Schedule,
  t: Time | undefined,
  option: string,
  who: string,
): void {
  if (t === undefined || schedule.alpha(t) !== 0) return
  throw new OptionError(
    option,
    `${who} needs a finite noise level to begin at; '${schedule.name}' has an infinite one at t = ${t}: take one that begins below, such as leading`,
  )
}

function indices(schedule: Schedule, T: number, steps: number, spacing: Spacing): Time[] {
  if (spacing !== 'quadratic' && spacing !== 'karras' && spacing !== 'log-snr') {
    return publishedGrids[spacing](T, steps)
  }
  const last = T - 1
  const unit = (i: number) => (steps === 1 ? 1 : i / (steps - 1))
  const wanted = {
    quadratic: (i: number) => Math.round(last * unit(i) ** 2),
    karras: (i: number) => Math.round(byLevel(schedule, 0, last, unit(i), karrasBetween)),
    'log-snr': (i: number) => Math.round(byLevel(schedule, 0, last, unit(i), geometricBetween)),
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
  const leading = (i: number) => between(i / steps)
  const linspace = (i: number) => between(unit(i))
  const place: Record<Spacing, (i: number) => number> = {
    leading,
    trailing: (i) => clean + ((noisiest - clean) * (i + 1)) / steps,
    linspace,
    ddim: leading,
    'ddim-quadratic': (i) => between(0.8 * unit(i) ** 2),
    guided: linspace,
    'guided-ddim': leading,
    diffpir: (i) => between(1 - Math.sqrt(1 - unit(i))),
    quadratic: (i) => between(unit(i) ** 2),
    karras: (i) => byLevel(schedule, first, noisiest, unit(i), karrasBetween),
    'log-snr': (i) => byLevel(schedule, first, noisiest, unit(i), geometricBetween),
  }
  return Array.from({ length: steps }, (_, i) => place[spacing](i))
}

/** The time whose noise level lies a fraction u of the way from `first` to `last`, on some scale of levels. */
function byLevel(
  schedule: Schedule,
  first: Time,
  last: Time,
  u: number,
  between: (low: number, high: number, u: number) => number,
): Time {
  const low = noiseLevel(schedule, first)
  const high = noiseLevel(schedule, last)
  if (high === Infinity) {
    throw new OptionError(
      'spacing',
      `a grid of noise levels needs a finite one to start at; '${schedule.name}' has an infinite one at t = ${last}`,
    )
  }
  if (u === 1) return last
  if (u === 0) return first
  return schedule.timeOfNoiseLevel(between(low, high, u))
}
