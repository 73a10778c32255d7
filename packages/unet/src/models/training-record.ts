import { predictions } from '@tweedie/solvers'
import type { Predicts, TrainedOn, TrainedSchedule } from '../architectures/trained-on.ts'
import { linearTraining } from '../architectures/trained-on.ts'
import type { Fields } from '../fields.ts'
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
  const predicts = field(path, config, 'predicts', oneOf(...predictions), 'epsilon')
  const trained = linearTraining(timesteps, predicts)
  return {
    ...trained,
    ...(Object.hasOwn(config, 'path') ? { schedule: recordedPath(path, config, timesteps, predicts) } : {}),
    ...(Object.hasOwn(config, 'noiseLevels') ? { schedule: recordedLevels(path, config) } : {}),
    ...(Object.hasOwn(config, 'greyPart') ? { grey: field(path, config, 'greyPart', number(0, 1)) > 0 } : {}),
    // Latents have no range.
    ...(Object.hasOwn(record, 'autoencoder') ? { clip: null } : {}),
    ...(Object.hasOwn(config, 'labelDrop')
      ? { noClass: field(path, config, 'labelDrop', number(0, 1)) > 0 }
      : {}),
  }
}

/** The straight path, of which a network of the `velocity` is told 1 − τ itself, any other one τ·T. */
function recordedPath(path: string, config: Fields, T: number, predicts: Predicts): TrainedSchedule {
  field(path, config, 'path', oneOf('straight'))
  return { kind: 'flow', timesteps: predicts === 'velocity' ? 1 : T }
}

/** The range of the noise levels of a training on σ. */
function recordedLevels(path: string, config: Fields): TrainedSchedule {
  const levels = objectOf(path, config['noiseLevels'], 'noiseLevels')
  const positive = number(Number.MIN_VALUE, Number.MAX_VALUE)
  const sigmaMin = field(path, levels, 'min', positive)
  return { kind: 'edm', sigmaMin, sigmaMax: field(path, levels, 'max', number(sigmaMin, Number.MAX_VALUE)) }
}
