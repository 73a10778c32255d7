import { OptionError } from '@tweedie/tensor'
import type { PipelineGrid, Schedule, Time } from '../types.ts'
import { publishedGrids } from './grids.ts'
import type { TimePair } from './levels.ts'

/**
 * How a sampler of diffusers finds the time s that a step from t goes to: `next`, the next of the grid (DDPM), or
 * `stride`, t − ⌊T/n⌋ (DDIM), which is not of the grid where n does not divide T or the times are spread over all.
 */
export type Previous = 'next' | 'stride'

/**
 * The steps of a pipeline of diffusers, n of them from noisy to clean. DDPM's end at the clean image; DDIM's where the grid
 * says. A single step starts at T−1, where `leading` and `linspace` of diffusers would look at the clean end alone.
 *
 * @throws {OptionError} where the schedule has no discrete steps, `steps` is not one of them, the grid is refused as by
 * `respace`, or the offset leads beyond T−1.
 * @example
 * ```ts
 * import { pipelineTimes, vpLinear } from '@tweedie/solvers'
 * const grid = { spacing: 'leading', offset: 1, last: 'index-0' } as const
 * pipelineTimes(vpLinear(), 2, grid, 'stride') // => [{ t: 501, s: 1 }, { t: 1, s: 0 }]
 * ```
 */
export function pipelineTimes(
  schedule: Schedule,
  steps: number,
  { spacing, offset, last }: PipelineGrid,
  previous: Previous,
): TimePair[] {
  const T = schedule.discreteSteps
  if (T === undefined)
    throw new OptionError('spacing', `a pipeline's times are indices; '${schedule.name}' has none`)
  if (!(Number.isInteger(steps) && steps > 0 && steps <= T))
    throw new OptionError(
      'steps',
      `must be a whole number from 1 to the ${T} of schedule '${schedule.name}', got ${steps}`,
    )
  const grid = steps === 1 ? [T - 1] : publishedGrids[spacing](T, steps)
  const shift = spacing === 'leading' && steps > 1 ? offset : 0
  const times = grid.map((t) => t + shift).reverse()
  const [first = 0] = times
  if (first > T - 1) {
    throw new OptionError(
      'steps',
      `'leading' with an offset of ${offset} would start ${steps} steps at t = ${first}, beyond T−1 = ${T - 1}; take fewer, or another spacing`,
    )
  }
  const stride = Math.floor(T / steps)
  const end: Time = previous === 'stride' && last === 'index-0' ? 0 : schedule.clean
  return times.map((t, i) => {
    const s = previous === 'stride' ? t - stride : (times[i + 1] ?? -1)
    return { t, s: s < 0 ? end : s }
  })
}
