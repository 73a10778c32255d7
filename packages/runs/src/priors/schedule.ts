import type { Schedule } from '@tweedie/solvers'
import {
  betaSchedules,
  endingInNoise,
  flow,
  vpContinuous,
  vpFromBetas,
  vpLinear,
  zeroTerminalSnr,
} from '@tweedie/solvers'
import type { TrainedSchedule } from '@tweedie/unet'

/**
 * The schedule that a network was trained on. One of noise levels knows no times: its prior runs on the continuous schedule of
 * the score SDE, on which the settings of methods make sense, as far as its levels go.
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
      // From where something is left of x₀: at pure noise the level σ/α, which many methods need, is infinite.
      return flow({ noisiest: 0.999 })
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
    case 'vp-continuous':
      return vpContinuous(trained)
    case 'edm':
      return vpBetween(trained)
  }
}

/**
 * The continuous VP schedule that ends at σ/α = `sigmaMax`, at most at that of the published one, and is at `sigmaMin` or above
 * from a thousandth of its way on, where grids end.
 */
function vpBetween({
  sigmaMin,
  sigmaMax,
}: {
  readonly sigmaMin: number
  readonly sigmaMax: number | null
}): Schedule {
  const published = { betaMin: 0.1, betaMax: 20 }
  // −log ᾱ at the end, the mean of the two βs.
  const end = Math.min(
    (published.betaMin + published.betaMax) / 2,
    sigmaMax === null ? Infinity : Math.log1p(sigmaMax ** 2),
  )
  const betaMin = Math.min(end, Math.max(published.betaMin, 1000 * Math.log1p(sigmaMin ** 2)))
  return vpContinuous({ betaMin, betaMax: 2 * end - betaMin })
}
