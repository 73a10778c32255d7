import type { Schedule } from '@tweedie/solvers'
import { betaSchedules, vpFromBetas, vpLinear } from '@tweedie/solvers'
import type { TrainedSchedule } from '@tweedie/unet'

/**
 * The schedule that a network was trained on.
 * @example
 * ```ts
 * import { scheduleOf } from '@tweedie/runs'
 * scheduleOf({ kind: 'vp-linear', timesteps: 1000 }).noisiest // => 999
 * ```
 */
export function scheduleOf(trained: TrainedSchedule): Schedule {
  switch (trained.kind) {
    case 'vp-linear':
      return vpLinear({ T: trained.timesteps })
    case 'betas':
      return vpFromBetas(trained.betas)
    case 'diffusers':
      return betaSchedules[trained.name]({
        T: trained.timesteps,
        betaMin: trained.betaStart,
        betaMax: trained.betaEnd,
      })
  }
}
