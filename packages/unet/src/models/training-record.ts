import { predictions } from '@tweedie/solvers'
import type { TrainedOn } from '../architectures/trained-on.ts'
import { linearTraining } from '../architectures/trained-on.ts'
import { count, field, objectOf, oneOf } from '../fields.ts'
import { limits } from '../limits.ts'

/**
 * What the record of our own training says that a network was trained on; nothing else of it is looked at.
 * @throws {FileFormatError} where it does not fit.
 */
export function recordedTraining(path: string, json: unknown): TrainedOn {
  const config = objectOf(path, objectOf(path, json)['config'], 'config')
  const timesteps = field(path, config, 'timesteps', count(limits.timesteps))
  return linearTraining(timesteps, field(path, config, 'predicts', oneOf(...predictions), 'epsilon'))
}
