import { predictions } from '@tweedie/solvers'
import type { TrainedOn } from '../architectures/trained-on.ts'
import { linearTraining } from '../architectures/trained-on.ts'
import { count, field, number, objectOf, oneOf } from '../fields.ts'
import { limits } from '../limits.ts'

/**
 * What the record of our own training says that a network was trained on; nothing else of it is looked at.
 * @throws {FileFormatError} where it does not fit.
 */
export function recordedTraining(path: string, json: unknown): TrainedOn {
  const record = objectOf(path, json)
  const config = objectOf(path, record['config'], 'config')
  const timesteps = field(path, config, 'timesteps', count(limits.timesteps))
  const trained = linearTraining(timesteps, field(path, config, 'predicts', oneOf(...predictions), 'epsilon'))
  return {
    ...trained,
    // Latents have no range.
    ...(Object.hasOwn(record, 'autoencoder') ? { clip: null } : {}),
    ...(Object.hasOwn(config, 'labelDrop')
      ? { noClass: field(path, config, 'labelDrop', number(0, 1)) > 0 }
      : {}),
  }
}
