import type { Schedule } from '@tweedie/solvers'
import { betaSchedules, vpFromBetas, vpLinear } from '@tweedie/solvers'
import type { DiffusersScheduler } from '@tweedie/unet'

/** What a network was trained on: which schedule, what it predicts, and how x̂₀ is limited. */
export interface Training {
  readonly schedule: Schedule
  readonly prediction: DiffusersScheduler['prediction']
  /** x̂₀ is limited to ± this; null for no limit. */
  readonly clip: number | null
  /** Whether half of the outputs are for the variance; undefined where nothing says it. */
  readonly learnedVariance?: boolean
}

/** ε on the linear schedule, x̂₀ within the data range: what `tweedie train` and guided-diffusion train on. */
export const linearTraining = (timesteps: number): Training => ({
  schedule: vpLinear({ T: timesteps }),
  prediction: 'epsilon',
  clip: 1,
})

/** What a scheduler of diffusers says of it. */
export function trainingOf(scheduler: DiffusersScheduler): Training {
  const { prediction, clip, learnedVariance, trainedBetas } = scheduler
  const range = { T: scheduler.timesteps, betaMin: scheduler.betaStart, betaMax: scheduler.betaEnd }
  const schedule =
    trainedBetas === null ? betaSchedules[scheduler.betaSchedule](range) : vpFromBetas(trainedBetas)
  return { schedule, prediction, clip, learnedVariance }
}

/** What a scheduler's file says, in a sentence: what of it is used, and what belongs to diffusers' own sampler. */
export function describeScheduler(path: string, scheduler: DiffusersScheduler): string {
  const { timesteps, betaSchedule, betaStart, betaEnd, trainedBetas, prediction, clip, sampler } = scheduler
  const betas =
    trainedBetas !== null
      ? 'its own βs'
      : betaSchedule === 'squaredcos_cap_v2'
        ? betaSchedule
        : `${betaSchedule} βs from ${betaStart} to ${betaEnd}`
  const limit = clip === null ? 'x̂₀ not clipped' : `x̂₀ clipped to ±${clip}`
  const other = Object.entries(sampler).map(([name, value]) => `${name} ${String(value)}`)
  const unused = other.length === 0 ? '' : `; of diffusers' own sampler, not used: ${other.join(', ')}`
  return `${path}: ${betas}, T = ${timesteps}, predicts ${prediction}, ${limit}${unused}`
}
