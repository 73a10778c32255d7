import { predictions } from '@tweedie/solvers'
import { FileFormatError, OptionError } from '@tweedie/tensor'
import type { TrainConfig } from '@tweedie/unet'
import { networkConfig, trainConfig } from '@tweedie/unet'
import { readJson } from '@tweedie/unet/node'
import { z } from 'zod'

const count = z.int()

/** The fields of a training configuration, besides the model. */
const fields = {
  predicts: z.enum(predictions).optional(),
  steps: count,
  batch: count.optional(),
  shards: count.optional(),
  seed: count.optional(),
  timesteps: count.optional(),
  stratified: z.boolean().optional(),
  learningRate: z.number().optional(),
  warmup: count.optional(),
  decay: z.enum(['cosine', 'linear', 'constant']).optional(),
  decaySteps: count.optional(),
  beta1: z.number().optional(),
  beta2: z.number().optional(),
  epsilon: z.number().optional(),
  clipNorm: z.number().optional(),
  emaDecay: z.number().optional(),
  labelDrop: z.number().optional(),
  latentNoise: z.number().optional(),
  latentPenalty: z.number().optional(),
  labelWeight: z.number().optional(),
} satisfies Readonly<Record<keyof Omit<TrainConfig, 'model'>, z.ZodType>>

const ConfigFile = z.strictObject({ model: z.record(z.string(), z.unknown()), ...fields })

/** @throws {FileFormatError} naming the field that does not fit. */
function parsed<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const where = (issue?.path ?? []).join('.')
  throw new FileFormatError(path, `${where || 'the whole'}: ${issue?.message ?? 'does not fit'}`)
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
