import type { Time } from '../types.ts'
import { requirePositive } from './levels.ts'
import type { TimePair } from './respace.ts'

/** How {@link timeTravel} goes up and down. */
export interface TimeTravelOptions {
  /** Steps that are gone back up at once; RePaint's jump length, there 10 of 250. */
  readonly jump: number
  /** How often each stretch of `jump` steps is gone down; RePaint's r, there 10. 1 is no travel. */
  readonly repeats: number
}

/**
 * Time travel, or resampling (RePaint, arXiv 2201.09865 §4.2 and appendix B): count the times of the grid from 0 at the
 * least noisy one. At each multiple of `jump` the last `jump` steps are undone by noise and gone again, `repeats` times in
 * all. The result is a list of steps that go down (s less noisy than t) and up, each from where the one before ended;
 * going up is one step, since the noise of several adds up to that of one.
 *
 * @param times - Steps down, such as those of `respace`.
 * @throws {OptionError} where `jump` or `repeats` is no positive integer.
 * @example
 * ```ts
 * import { timeTravel } from '@tweedie/solvers'
 * const down = [4, 3, 2, 1].map((t) => ({ t, s: t - 1 }))
 * timeTravel(down, { jump: 2, repeats: 2 }).map(({ t, s }) => `${t}→${s}`).join(' ')
 * // => '4→3 3→2 2→1 1→3 3→2 2→1 1→0'
 * ```
 */
export function timeTravel(times: readonly TimePair[], { jump, repeats }: TimeTravelOptions): TimePair[] {
  for (const [option, value] of Object.entries({ jump, repeats })) requirePositive(option, value)
  const n = times.length
  const path: TimePair[] = []
  times.forEach((pair, i) => {
    path.push(pair)
    const [place, first] = [n - 2 - i, i + 1 - jump]
    const start = times[first]
    if (place < 0 || place % jump !== 0 || start === undefined) return
    const again = [{ t: pair.s, s: start.t }, ...times.slice(first, i + 1)]
    for (let k = 1; k < repeats; k++) path.push(...again)
  })
  return path
}

/** A step of a run: down from t to s, after a way up from the less noisy `from` to t where there is one. */
export interface PathStep extends TimePair {
  readonly from?: Time
}

/**
 * {@link timeTravel} as the steps of a method: each way up is one with the step down that follows it, so that every step
 * looks at the prior once.
 *
 * @throws {OptionError} as `timeTravel`.
 * @example
 * ```ts
 * import { travelPath } from '@tweedie/solvers'
 * const down = [2, 1, 0].map((t) => ({ t, s: t - 1 }))
 * travelPath(down, { jump: 1, repeats: 2 })
 * // => [{ t: 2, s: 1 }, { from: 1, t: 2, s: 1 }, { t: 1, s: 0 }, { from: 0, t: 1, s: 0 }, { t: 0, s: -1 }]
 * ```
 */
export function travelPath(times: readonly TimePair[], options: TimeTravelOptions): PathStep[] {
  const place = new Map(times.map(({ t }, i) => [t, i]))
  const path: PathStep[] = []
  let from: Time | undefined
  for (const { t, s } of timeTravel(times, options)) {
    const up = (place.get(s) ?? times.length) < (place.get(t) ?? times.length)
    if (!up) path.push(from === undefined ? { t, s } : { from, t, s })
    from = up ? t : undefined
  }
  return path
}
