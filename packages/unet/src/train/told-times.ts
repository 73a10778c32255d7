import { timeLabel } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'
import { architectureOf } from '../architectures/catalog.ts'
import type { TrainConfig } from './config.ts'
import type { NoiseTable } from './schedule.ts'

/**
 * Makes sure, before the first step, that a network can be told all the times of a training: one that takes the logarithm
 * of its time cannot be told 0, one with a table of times none beyond it.
 * @param table - Its `time`, where it has any, is told in the place of the indices 0 … T − 1.
 * @throws {OptionError} naming the time that the network cannot be told.
 */
export function checkTimes(
  { model, predicts, timesteps }: Pick<TrainConfig, 'model' | 'predicts' | 'timesteps'>,
  table: NoiseTable & { readonly time?: ArrayLike<number> },
): void {
  const { refusesTime } = architectureOf(model)
  if (refusesTime === undefined) return
  for (let i = 0; i < timesteps; i++) {
    const t = timeLabel(predicts, table.alpha[i]!, table.sigma[i]!, table.time?.[i] ?? i)
    const why = refusesTime(model, t)
    if (why !== undefined) throw new OptionError('model', `${why}; this training would tell it ${t}`)
  }
}
