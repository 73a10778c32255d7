import type { Device, DType, Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import { iterate } from '../run/drive.ts'
import type { RunOptions } from '../run/options.ts'
import { noiseStreams } from '../run/streams.ts'
import { noiseLevel } from '../schedules/levels.ts'
import type { Spacing, TimePair } from '../schedules/respace.ts'
import { respace } from '../schedules/respace.ts'
import type { Prior, Schedule, Step, Time } from '../types.ts'
import { noiseUp } from './kernel.ts'
import type { Sampler } from './sampler.ts'

/** Options of {@link sampleFrom}. */
export interface SampleOptions extends RunOptions {
  /** Number of samples; default 1. */
  count?: number
  /** Layout of the times; default linspace. */
  spacing?: Spacing
  /** The steps themselves, in place of `steps` and `spacing`: a grid of levels, or time travel. */
  times?: readonly TimePair[]
  /**
   * Whether a step may start at another time than the last one ended at, and may stay where it is, as in pipelines of
   * diffusers: x is then taken for one of the time where it starts. Default false: such `times` are refused.
   */
  jumps?: boolean
  /** Standard deviation of the start; default σ of the first time. */
  startScale?: number
  /** Element type of the samples; default float32. */
  dtype?: DType
  device?: Device
}

/** What a run of a sampler goes on from. */
type State = {
  readonly x: Tensor
  readonly memory?: unknown
  /** The last estimate, kept for steps up, which look at nothing. */
  readonly x0hat?: Tensor
}

/**
 * Samples of a prior by any sampler: x_T = σ_T·z, then a step for each pair (t, s) of `respace` or `times`. A pair that
 * goes up to more noise is noised, and the sampler starts afresh. Default 100 steps. Give it a prior conditioned on a
 * measurement, and it samples the posterior.
 *
 * Limits: the start leaves out the α_T·x₀ of the exact marginal, and the last step returns a conditional mean, so a grid
 * whose last level is high under-disperses.
 *
 * @throws {OptionError} for options that do not fit, and times that are no path.
 * @example
 * ```ts
 * import { edm, gaussianPrior, heun, karrasLevels, run, sampleFrom, timesOfLevels } from '@tweedie/solvers'
 * const schedule = edm()
 * const prior = gaussianPrior({ mean: [1, -1], covariance: 1e-4, schedule })
 * const x = await run(sampleFrom(prior, heun(), { times: timesOfLevels(schedule, karrasLevels(18)), count: 3 }))
 * x.shape // => [3, 2]
 * Math.abs(x.dataSync()[0]! - 1) < 0.1 // => true
 * ```
 */
export function sampleFrom(
  prior: Prior,
  sampler: Sampler,
  options: SampleOptions = {},
): AsyncGenerator<Step, Tensor> {
  const { count = 1, steps = 100, spacing, seed, firstSample, dtype = 'float32', device } = options
  const { shape, schedule } = prior
  const times = options.times ?? respace(schedule, steps, spacing)
  const { first, down } = checkedPath(schedule, times, options.jumps)
  const streams = noiseStreams({ seed, firstSample, count, dtype, ...(device && { device }) })
  const withMemory = (x: Tensor, memory: unknown): State => (memory === undefined ? { x } : { x, memory })
  const travels = down < times.length
  return iterate({
    name: sampler.name,
    times,
    resume: options.resume,
    start: (): State => ({
      ...withMemory(
        streams.normal(0, 'start', shape).mul(options.startScale ?? schedule.sigma(first.t)),
        sampler.init(),
      ),
    }),
    step: ({ x, memory, x0hat: last }, { t, s }, i) => {
      const z = (purpose: string) => streams.normal(i, purpose, shape)
      if (last !== undefined && isUp(schedule, { t, s })) {
        const up = noiseUp(x, z('up'), { t, s, schedule })
        return {
          state: { ...withMemory(up, sampler.init()), x0hat: last },
          shown: { x0hat: last },
          numbers: {},
        }
      }
      const denoise = (xt: Tensor, at: Time) => prior.denoise(xt, at)
      const done = sampler.step(denoise, x, memory, { t, s, schedule, steps: down }, z)
      const state = withMemory(done.x, done.memory)
      return {
        state: travels ? { ...state, x0hat: done.x0hat } : state,
        shown: { x0hat: done.x0hat },
        numbers: {},
      }
    },
  })
}

const isUp = (schedule: Schedule, { t, s }: TimePair): boolean =>
  noiseLevel(schedule, s) > noiseLevel(schedule, t)

/** @throws {OptionError} where there is no step, the first goes up, or one does not start where the last ended. */
function checkedPath(
  schedule: Schedule,
  times: readonly TimePair[],
  jumps = false,
): { first: TimePair; down: number } {
  const [first] = times
  if (first === undefined) throw new OptionError('times', 'needs at least one step, got none')
  if (isUp(schedule, first)) throw new OptionError('times', 'must begin with a step to less noise')
  times.forEach(({ t, s }, i) => {
    const before = times[i - 1]
    if (!jumps && ((before !== undefined && before.s !== t) || t === s)) {
      throw new OptionError('times', `step ${i} goes from ${t} to ${s}, after one that ended at ${before?.s}`)
    }
  })
  return { first, down: times.filter((pair) => !isUp(schedule, pair)).length }
}
