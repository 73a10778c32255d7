import type { Schedule } from '@tweedie/solvers'
import { betaSchedules, endingInNoise, flow, vpFromBetas, vpLinear, zeroTerminalSnr } from '@tweedie/solvers'
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
    case 'flow':
      return flow()
    case 'betas': {
      const { betas, zeroSnr = false } = trained
      if (betas.at(-1) === 1) return endingInNoise(betas)
      return zeroSnr ? zeroTerminalSnr(vpFromBetas(betas)) : vpFromBetas(betas)
    }
    case 'diffusers': {
      const { name, timesteps: T, betaStart: betaMin, betaEnd: betaMax, zeroSnr = false } = trained
      const schedule = betaSchedules[name]({ T, betaMin, betaMax })
      return zeroSnr ? zeroTerminalSnr(schedule) : schedule
    }
  }
}
