import { FileFormatError, OptionError } from '@tweedie/tensor'
import type { DdpmConfig, DdpmOptions, TrainConfig } from '@tweedie/unet'
import { ddpmConfig, ddpmConfigFromDiffusers, trainConfig } from '@tweedie/unet'
import { readJson } from '@tweedie/unet/node'
import { z } from 'zod'

const count = z.int()
const flags = z.array(z.boolean())

/** The model in our own form; the compiler sees to it that no field is missing. */
const model = {
  architecture: z.literal('ddpm').optional(),
  sampleSize: z.union([count, z.tuple([count, count])]),
  inChannels: count.optional(),
  outChannels: count.optional(),
  blockOutChannels: z.array(count),
  layersPerBlock: count.optional(),
  downAttention: flags.optional(),
  upAttention: flags.optional(),
  midAttention: z.boolean().optional(),
  attentionHeadDim: count.nullable().optional(),
  normGroups: count.optional(),
  normEps: z.number().optional(),
  timeEmbeddingDim: count.nullable().optional(),
  flipSinToCos: z.boolean().optional(),
  freqShift: z.number().optional(),
  downsamplePadding: count.optional(),
} satisfies Readonly<Record<keyof DdpmConfig, z.ZodType>>

/** The fields of a training configuration, besides the model. */
const fields = {
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
} satisfies Readonly<Record<keyof Omit<TrainConfig, 'model'>, z.ZodType>>

const Model = z.strictObject(model)
const ConfigFile = z.strictObject({ model: z.record(z.string(), z.unknown()), ...fields })

/** @throws {FileFormatError} naming the field that does not fit. */
function parsed<T>(schema: z.ZodType<T>, value: unknown, path: string, prefix = ''): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const where = [prefix, ...(issue?.path ?? [])].filter((part) => part !== '').join('.')
  throw new FileFormatError(path, `${where || 'the whole'}: ${issue?.message ?? 'does not fit'}`)
}

/** Without the fields that are undefined. */
const present = <T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }

/**
 * The training configuration in a JSON file. The model is given in our own form or in that of diffusers.
 * @throws {FileFormatError} naming the field that does not fit.
 */
export function readTrainConfig(path: string): TrainConfig {
  const { model: given, ...rest } = parsed(ConfigFile, readJson(path), path)
  const diffusers = '_class_name' in given || 'block_out_channels' in given
  try {
    const built = diffusers
      ? ddpmConfigFromDiffusers(given, path)
      : ddpmConfig(present(parsed(Model, given, path, 'model')) as DdpmOptions)
    return trainConfig({ ...present(rest), model: built })
  } catch (error) {
    if (error instanceof OptionError) throw new FileFormatError(path, error.message)
    throw error
  }
}
