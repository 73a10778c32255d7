import { predictions } from '@tweedie/solvers'
import { FileFormatError, OptionError } from '@tweedie/tensor'
import type { TrainConfig } from '@tweedie/unet'
import { networkConfig, trainConfig, trainPaths, weightings } from '@tweedie/unet'
import { readJson } from '@tweedie/unet/node'
import * as v from 'valibot'
import type { DataFields } from './data-options.ts'
import { readDataFields } from './data-options.ts'
import { unknownField } from './unknown-field.ts'

const number = v.pipe(v.number(), v.finite('must be finite'))
const count = v.pipe(v.number(), v.safeInteger('must be an integer below 2^53'))

const isObject = (given: unknown) => typeof given === 'object' && given !== null && !Array.isArray(given)
/** Anything with keys; a list, which valibot takes for such, is none. */
const object = v.custom<Readonly<Record<string, unknown>>>(isObject, 'must be an object')

/** The fields of a training configuration, besides the model. */
export const fields = {
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
  path: v.optional(v.picklist(trainPaths)),
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

/** Fields that say where things are, and not what is computed. */
const places = { data: v.optional(v.unknown()), initFrom: v.optional(v.pipe(v.string(), v.minLength(1))) }

const ConfigFile = v.pipe(object, v.strictObject({ model: object, ...fields, ...places }))

/** @throws {FileFormatError} naming the field that does not fit. */
function parsed<T>(schema: v.GenericSchema<unknown, T>, value: unknown, path: string): T {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  const [issue] = result.issues
  const where = v.getDotPath(issue) ?? 'the whole'
  if (issue.expected === 'never' && !where.includes('.')) {
    const names = ['model', ...Object.keys(fields), ...Object.keys(places)]
    throw new FileFormatError(path, unknownField(where, names, 'a training configuration'))
  }
  throw new FileFormatError(path, `${where}: ${issue.message}`)
}

/** Without the fields that are undefined. */
const present = <T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }

/** What a configuration file says: what is computed, and where it says so what of. */
export interface TrainFile {
  readonly config: TrainConfig
  readonly data: DataFields
  readonly initFrom?: string
}

/**
 * The training configuration in a JSON file. The model is given in our own form, with the `architecture` it is of, or as
 * a `config.json` of any architecture.
 * @param settings - Fields in the place of those of the file, by their paths, such as `model.sampleSize`.
 * @throws {FileFormatError} naming the field that does not fit.
 */
export function readTrainFile(path: string, settings: Readonly<Record<string, unknown>> = {}): TrainFile {
  const json = withSettings(readJson(path), settings, path)
  const { model, data, initFrom, ...rest } = parsed(ConfigFile, json, path)
  const built = networkConfig(model, path)
  try {
    return {
      config: trainConfig({ ...present(rest), model: built }),
      data: data === undefined ? {} : readDataFields(data, path),
      ...(initFrom === undefined ? {} : { initFrom }),
    }
  } catch (error) {
    if (error instanceof OptionError) throw new FileFormatError(path, error.message)
    throw error
  }
}

/** JSON with some fields replaced, or added. @throws {FileFormatError} for a path through what is no object. */
function withSettings(json: unknown, settings: Readonly<Record<string, unknown>>, path: string): unknown {
  return Object.entries(settings).reduce((whole, [name, value]) => {
    const replaced = (inside: unknown, [first = '', ...rest]: readonly string[]): unknown => {
      if (!isObject(inside))
        throw new FileFormatError(path, `${name}: cannot be set, since it is no field of an object`)
      const there = inside as Readonly<Record<string, unknown>>
      const inner = Object.hasOwn(there, first) ? there[first] : {}
      return { ...there, [first]: rest.length === 0 ? value : replaced(inner, rest) }
    }
    return replaced(whole, name.split('.'))
  }, json)
}
