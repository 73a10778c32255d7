import type { Fields } from '../fields.ts'
import { count, either, objectOf, pairOf } from '../fields.ts'
import { limits } from '../limits.ts'
import type { NamedShapes } from '../param-source.ts'
import { withoutNoiseRange } from './trained-on.ts'

// What the fields of several families have in common.

/** A number of channels. */
export const channels = count(limits.channels)

const side = count(limits.side)

/** Fields of every family whose networks take pictures of any size. */
export const pictureKinds = {
  /** Sides of the pictures of the training, one for both or [height, width]. */
  sampleSize: either(side, pairOf(side)),
  inChannels: channels,
  outChannels: channels,
} as const

/** Whether JSON is a configuration that says an architecture's name. */
export const namesArchitecture =
  (architecture: string) =>
  (json: unknown): boolean =>
    typeof json === 'object' && json !== null && 'architecture' in json && json.architecture === architecture

/**
 * How the `config.json` of a denoiser is read, with what it was trained on left aside: what it leaves out and the weights tell
 * is taken from them.
 *
 * @param told - The fields that names and shapes of the weights tell.
 * @param infer - Those, where they tell any.
 */
export const completedBy =
  <C>(
    told: readonly string[],
    infer: (shapes: NamedShapes) => object | undefined,
    fromFields: (fields: Fields, file: string) => C,
  ) =>
  (json: unknown, file: string, shapes: () => NamedShapes): C => {
    const fields = withoutNoiseRange(objectOf(file, json))
    const whole = told.every((name) => Object.hasOwn(fields, name))
    return fromFields(whole ? fields : { ...infer(shapes()), ...fields }, file)
  }
