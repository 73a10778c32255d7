import { OptionError, scope } from '@tweedie/tensor'
import { noiseLevel } from '../schedules/levels.ts'
import type { Prior, Schedule } from '../types.ts'

/**
 * The same prior on another schedule, so that a network trained on one runs on any. Where two schedules have the same
 * noise level σ/α, their x_t differ by a factor only. A prior on a discrete schedule is asked for times between its
 * indices.
 *
 * @throws {OptionError} where the schedule goes to more noise than the prior's own.
 * @example
 * ```ts
 * import { edm, gaussianPrior, vpLinear, withSchedule } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0], covariance: 1, schedule: vpLinear() })
 * const x = tensor([[3]], { dtype: 'float64' })
 * withSchedule(prior, edm({ sigmaMax: 50 })).denoise(x, 2).dataSync() // ≈ [0.600]
 * ```
 */
export function withSchedule(prior: Prior, schedule: Schedule): Prior {
  const own = prior.schedule
  const [most, asked] = [noiseLevel(own, own.noisiest), noiseLevel(schedule, schedule.noisiest)]
  if (!(asked <= most * (1 + 1e-12))) {
    throw new OptionError(
      'schedule',
      `'${schedule.name}' goes to a noise level of ${asked}; '${prior.name}' knows those up to ${most}`,
    )
  }
  return {
    name: prior.name,
    shape: prior.shape,
    schedule,
    denoise: (xt, t) =>
      scope(() => {
        const level = Math.min(most, noiseLevel(schedule, t)) // beyond it by rounding alone
        const time = own.timeOfNoiseLevel(level)
        const factor =
          level === Infinity
            ? own.sigma(time) / schedule.sigma(t) // nothing is left of x₀
            : own.alpha(time) / schedule.alpha(t)
        return prior.denoise(factor === 1 ? xt : xt.mul(factor), time)
      }),
  }
}
