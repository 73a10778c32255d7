import { predictions } from '@tweedie/solvers'
import { FileFormatError, OptionError } from '@tweedie/tensor'
import type { TrainConfig } from '@tweedie/unet'
import { networkConfig, trainConfig, weightings } from '@tweedie/unet'
import { readJson } from '@tweedie/unet/node'
import * as v from 'valibot'

const number = v.pipe(v.number(), v.finite('must be finite'))
const count = v.pipe(v.number(), v.safeInteger('must be an integer below 2^53'))

const isObject = (given: unknown) => typeof given === 'object' && given !== null && !Array.isArray(given)
/** Anything with keys; a list, which valibot takes for such, is none. */
const object = v.custom<Readonly<Record<string, unknown>>>(isObject, 'must be an object')

/** The fields of a training configuration, besides the model. */
const fields = {
  predicts: v.optional(v.picklist(predictions)),
  steps: count,
  batch: v.optional(count),
  shards: v.optional(count),
  seed: v.optional(count),
  timesteps: v.optional(count),
  noiseLevels: v.optional(
    v.pipe(
      object,
      v.strictObject({
        min: number,
        max: number,
        logMean: v.exactOptional(number),
        logStd: v.exactOptional(number),
      }),
    ),
  ),
  weighting: v.optional(v.picklist(weightings)),
  greyPart: v.optional(number),
  stratified: v.optional(v.boolean()),
  learningRate: v.optional(number),
  warmup: v.optional(count),
  decay: v.optional(v.picklist(['cosine', 'linear', 'constant'])),
  decaySteps: v.optional(count),
  beta1: v.optional(number),
  beta2: v.optional(number),
  epsilon: v.optional(number),
  clipNorm: v.optional(number),
  emaDecay: v.optional(number),
  labelDrop: v.optional(number),
  latentNoise: v.optional(number),
  latentPenalty: v.optional(number),
  labelWeight: v.optional(number),
} satisfies Readonly<Record<keyof Omit<TrainConfig, 'model'>, v.GenericSchema>>

const ConfigFile = v.pipe(
  object,
  v.strictObject({ model: object, ...fields }, ({ expected, message }) =>
    expected === 'never' ? 'is no field of a training configuration' : message,
  ),
)

/** @throws {FileFormatError} naming the field that does not fit. */
function parsed<T>(schema: v.GenericSchema<unknown, T>, value: unknown, path: string): T {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  const [issue] = result.issues
  throw new FileFormatError(path, `${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}`)
}

/** Without the fields that are undefined. */
const present = <T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }

/**
 * The training configuration in a JSON file. The model is given in our own form, with the `architecture` it is of, or as
 * a `config.json` of any architecture.
 * @throws {FileFormatError} naming the field that does not fit.
 */
export function readTrainConfig(path: string): TrainConfig {
  const { model, ...rest } = parsed(ConfigFile, readJson(path), path)
  const built = networkConfig(model, path)
  try {
    return trainConfig({ ...present(rest), model: built })
  } catch (error) {
    if (error instanceof OptionError) throw new FileFormatError(path, error.message)
    throw error
  }
}
