import { stat } from 'node:fs/promises'
import { FileFormatError, OptionError } from '@tweedie/tensor'
import type { TrainConfig } from '@tweedie/unet'
import { ddpmConfig, ddpmConfigFromDiffusers, trainConfig } from '@tweedie/unet'
import { readJson, trainFromCommand } from '@tweedie/unet/node'
import { z } from 'zod'
import type { TrainCliOptions } from './commands/train.ts'
import { InterruptedError } from './errors.ts'
import type { Io } from './io.ts'
import { startProgress } from './progress.ts'
import { commandLine } from './report/record.ts'
import { absolute } from './write.ts'

const count = z.int()
/** The fields of a training configuration, besides the model; the compiler sees to it that none is missing. */
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

const ConfigFile = z.strictObject({ model: z.record(z.string(), z.unknown()), ...fields })

/**
 * The training configuration in a JSON file. The model is given in our own form or in that of diffusers.
 * @throws {FileFormatError} naming the field that does not fit.
 */
export function readTrainConfig(path: string): TrainConfig {
  const parsed = ConfigFile.safeParse(readJson(path))
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    throw new FileFormatError(path, `${issue.path.join('.') || 'the whole'}: ${issue.message}`)
  }
  const { model, ...rest } = parsed.data
  const diffusers = '_class_name' in model || 'block_out_channels' in model
  try {
    const built = diffusers
      ? ddpmConfigFromDiffusers(model, path)
      : ddpmConfig(model as unknown as Parameters<typeof ddpmConfig>[0])
    return trainConfig({ ...(rest as Partial<TrainConfig> & { steps: number }), model: built })
  } catch (error) {
    if (error instanceof Error && error.name === 'OptionError') throw new FileFormatError(path, error.message)
    throw error
  }
}

/** Trains a prior, or goes on with it. */
export async function train(io: Io, options: TrainCliOptions, argv: readonly string[]): Promise<void> {
  const [data, out] = [absolute(io.cwd, options.data), absolute(io.cwd, options.out)]
  const config = readTrainConfig(absolute(io.cwd, options.config))
  const seen = await stat(data).catch(() => undefined)
  if (seen?.isDirectory() !== true) throw new OptionError('--data', `${options.data} is no folder`)
  const progress = startProgress(io, { quiet: options.json === true })
  const note = (message: string) => {
    if (options.json !== true) io.err(`${message}\n`)
  }
  try {
    const record = await trainFromCommand({
      data,
      out,
      config,
      signal: io.signal,
      workers: options.workers,
      resume: options.resume === true,
      command: commandLine(argv),
      onMessage: note,
      onProgress: ({ step, steps, lossAverage, imagesPerSecond }) =>
        progress.at(
          step / steps,
          `step ${step} of ${steps}  loss ${lossAverage.toFixed(4)}  ${imagesPerSecond.toFixed(0)} images/s`,
        ),
      ...(options.name === undefined ? {} : { name: options.name }),
    })
    progress.stop()
    io.out(
      options.json === true
        ? `${JSON.stringify(record, null, 2)}\n`
        : `Wrote ${options.out}/model.safetensors (${record.parameters} parameters)\n`,
    )
  } catch (error) {
    if (io.signal.aborted) throw new InterruptedError('interrupted; the state is saved, go on with --resume')
    if (error instanceof OptionError && error.option === 'resume')
      throw new OptionError('--resume', error.message.replace(/^resume: /, ''))
    throw error
  } finally {
    progress.stop()
  }
}
