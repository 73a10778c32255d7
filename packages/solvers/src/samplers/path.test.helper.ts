import type { Tensor } from '@tweedie/tensor'
import type { TimePair } from '../schedules/index.ts'
import type { Prior, Time } from '../types.ts'
import type { Sampler } from './index.ts'

/** What a sampler does with a path of its own and draws of its own. */
export interface Walk {
  readonly sampler: Sampler
  readonly prior: Prior
  readonly times: readonly TimePair[]
  /** x of the first time. */
  readonly x: Tensor
  /** The draw of step i for a purpose; where absent, a draw is an error. */
  readonly z?: (i: number, purpose: string) => Tensor
}

/** x after every step. */
export function walk({ sampler, prior, times, x, z }: Walk): Tensor[] {
  const path: Tensor[] = []
  let [now, memory] = [x, sampler.init()]
  times.forEach(({ t, s }, i) => {
    const draw = (purpose: string) => {
      if (z === undefined) throw new Error(`${sampler.name} drew '${purpose}' in step ${i}`)
      return z(i, purpose)
    }
    const denoise = (xt: Tensor, at: Time) => prior.denoise(xt, at)
    const at = { t, s, schedule: prior.schedule, steps: times.length }
    const done = sampler.step(denoise, now, memory, at, draw)
    ;[now, memory] = [done.x, done.memory]
    path.push(now)
  })
  return path
}

/** The steps between given times, the last to the clean end. */
export const between = (times: readonly number[], clean?: number): TimePair[] =>
  times.flatMap((t, i) => {
    const s = times[i + 1] ?? clean
    return s === undefined ? [] : [{ t, s }]
  })
