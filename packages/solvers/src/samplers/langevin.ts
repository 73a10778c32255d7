import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import { requirePositive } from '../schedules/levels.ts'
import type { Schedule, Time } from '../types.ts'
import type { Kernel } from './kernel.ts'
import type { Sampler } from './sampler.ts'
import { combine } from './steps.ts'

/**
 * One step of Langevin's dynamics at time t, of length rate·σ_t², by the score (α_t·x̂₀ − x)/σ_t²:
 * x + rate·(α_t·x̂₀ − x) + √(2·rate)·σ_t·z. Where the marginal is N(·, V) the variance settles at V/(1 − rate·σ_t²/(2V)).
 */
export const langevinStep = (
  x: Tensor,
  x0: Tensor,
  z: Tensor,
  schedule: Schedule,
  t: Time,
  rate: number,
): Tensor =>
  combine([1 - rate, x], [rate * schedule.alpha(t), x0], [Math.sqrt(2 * rate) * schedule.sigma(t), z])

/** Options of {@link predictorCorrector}. */
export interface CorrectorOptions {
  /** Langevin steps after each step of the predictor; default 1. */
  corrections?: number
  /** r, the signal-to-noise ratio of a correction; default 0.16, as published for VE. */
  snr?: number
}

/**
 * Predictor–corrector sampling (arXiv 2011.13456 Algorithms 2 and 3): after each step of the predictor Langevin steps at
 * the new level, of length 2·(r·‖z‖/‖score‖)². The two norms are taken at what they are in pure noise, √n and √n/σ, so the
 * length is 2·r²·σ_s²: the authors average the norms over the batch, which would make a sample depend on its neighbours.
 * No correction at the clean end.
 *
 * @throws {OptionError} where `corrections` is no positive integer, or r leaves (0, 1/√2).
 */
export function predictorCorrector(
  predictor: Kernel,
  { corrections = 1, snr = 0.16 }: CorrectorOptions = {},
): Sampler<undefined> {
  requirePositive('corrections', corrections)
  if (!(snr > 0 && snr < Math.SQRT1_2)) throw new OptionError('snr', `must lie in (0, 1/√2), got ${snr}`)
  return {
    name: 'pc',
    evaluations: (steps) => steps * (1 + corrections) - corrections,
    init: () => undefined,
    step: (denoise, x, memory, at, z) => {
      const { schedule, t, s } = at
      const x0hat = denoise(x, t)
      let moved = predictor(x, x0hat, () => z('step'), at)
      for (let k = 0; k < corrections && s !== schedule.clean; k++) {
        moved = langevinStep(moved, denoise(moved, s), z(`correction ${k}`), schedule, s, 2 * snr ** 2)
      }
      return { x: moved, x0hat, memory }
    },
  }
}

/** Options of {@link annealedLangevin}. */
export interface AnnealedLangevinOptions {
  /** Langevin steps at each level; default 100, as published. */
  inner?: number
  /** Their length in units of σ_t², the authors' ε/(2σ_L²); default 0.1, as published. */
  rate?: number
}

/**
 * Annealed Langevin dynamics (arXiv 1907.05600 Algorithm 1, for any schedule): at each level `inner` Langevin steps, then
 * the same x_t/α_t at the next level; at the end E[x₀ | x_t] (arXiv 2009.05475), one look more.
 *
 * @throws {OptionError} where `inner` is no positive integer, or the rate leaves (0, 1).
 */
export function annealedLangevin({
  inner = 100,
  rate = 0.1,
}: AnnealedLangevinOptions = {}): Sampler<undefined> {
  requirePositive('inner', inner)
  if (!(rate > 0 && rate < 1)) throw new OptionError('rate', `must lie in (0, 1), got ${rate}`)
  return {
    name: 'langevin',
    evaluations: (steps) => steps * inner + 1,
    init: () => undefined,
    step: (denoise, x, memory, { schedule, t, s }, z) => {
      let moved = x
      let x0hat = denoise(x, t)
      for (let k = 0; k < inner; k++) {
        const x0 = k === 0 ? x0hat : denoise(moved, t)
        moved = langevinStep(moved, x0, z(`langevin ${k}`), schedule, t, rate)
      }
      if (s === schedule.clean) {
        x0hat = denoise(moved, t)
        return { x: x0hat, x0hat, memory }
      }
      return { x: moved.mul(schedule.alpha(s) / schedule.alpha(t)), x0hat, memory }
    },
  }
}
