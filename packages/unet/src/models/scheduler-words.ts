import type { TrainedOn } from '../architectures/trained-on.ts'
import { objectOf } from '../fields.ts'
import { flowClasses, flowTraining } from './flow-scheduler.ts'
import { levelClasses, levelTraining } from './level-scheduler.ts'
import type { DiffusersScheduler } from './scheduler.ts'
import { diffusersScheduler, schedulerTraining } from './scheduler.ts'
import { inWords } from './scheduler-fields.ts'

/** What a scheduler says, in a sentence: what of it is used, and what is not. */
export function describeScheduler(scheduler: DiffusersScheduler): string {
  const { name, timesteps, betaSchedule, betaStart, betaEnd, trainedBetas, zeroSnr, prediction } = scheduler
  const { clip, thresholding, grid, variance, notUsed } = scheduler
  const betas =
    trainedBetas !== null
      ? 'its own βs'
      : betaSchedule === 'linear' || betaSchedule === 'scaled_linear' || betaSchedule === 'sigmoid'
        ? `${betaSchedule} βs from ${betaStart} to ${betaEnd}`
        : betaSchedule
  const limit =
    thresholding !== null
      ? `x̂₀ limited by its quantile ${thresholding.ratio}, at most ${thresholding.most}`
      : clip === null
        ? 'x̂₀ not clipped'
        : `x̂₀ clipped to ±${clip}`
  const offset = grid.spacing === 'leading' && grid.offset > 0 ? ` + ${grid.offset}` : ''
  const last = grid.last === 'clean' ? '' : ', ending at the noise of t = 0'
  const rescaled = zeroSnr ? ' rescaled to end in pure noise' : ''
  const not = Object.keys(notUsed).length === 0 ? '' : `; not used: ${inWords(notUsed)}`
  return `${name}: ${betas}${rescaled}, T = ${timesteps}, predicts ${prediction}, ${limit}; samples at ${grid.spacing} times${offset}${last}, variance ${variance}${not}`
}

/** What a `scheduler_config.json` says of a network, and that in a sentence. */
export interface SchedulerSaid {
  readonly trainedOn: TrainedOn
  readonly words: string
}

/**
 * What the JSON of a `scheduler_config.json` of any class says.
 * @throws {FileFormatError} naming the field that does not fit, its value and what would fit.
 */
export function saidByScheduler(json: unknown, file: string): SchedulerSaid {
  const given = objectOf(file, json)
  const name = given['_class_name']
  const flow = flowClasses.find((known) => known === name)
  if (flow !== undefined) return flowTraining(given, flow, file)
  const levels = levelClasses.find((known) => known === name)
  if (levels !== undefined) return levelTraining(given, levels, file)
  const scheduler = diffusersScheduler(given, file)
  return { trainedOn: schedulerTraining(scheduler), words: describeScheduler(scheduler) }
}
