import { count, field, objectOf, text, whole } from '../fields.ts'
import { limits } from '../limits.ts'

/**
 * Makes sure that the JSON of a training's record has what is read of it: the name, what the images were and how many,
 * the number of parameters, and the configuration's T.
 * @throws {FileFormatError} naming the field that does not fit.
 */
export function checkRecord(path: string, json: unknown): void {
  recordedTimesteps(path, json)
  const record = objectOf(path, json)
  for (const name of ['parameters', 'trainingImages'])
    field(path, record, name, whole(0, Number.MAX_SAFE_INTEGER))
  for (const name of ['name', 'data']) field(path, record, name, text)
}

/** T of a training's record; nothing else of it is looked at. @throws {FileFormatError} where it does not fit. */
export function recordedTimesteps(path: string, json: unknown): number {
  const config = objectOf(path, objectOf(path, json)['config'], 'config')
  return field(path, config, 'timesteps', count(limits.timesteps))
}
