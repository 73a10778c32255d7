import { stat } from 'node:fs/promises'
import { commandLine, InterruptedError } from '@tweedie/runs'
import { OptionError } from '@tweedie/tensor'
import { trainFromCommand } from '@tweedie/unet/node'
import { absolute } from '../../files/write.ts'
import type { Io } from '../../io.ts'
import { startProgress } from '../../terminal/progress.ts'
import { progressLines } from '../../terminal/progress-lines.ts'
import { readTrainConfig } from './config.ts'

/** The options of `tweedie train`. */
export interface TrainCliOptions {
  readonly data: string
  readonly config: string
  readonly autoencoder?: string
  readonly out: string
  readonly resume?: boolean
  readonly allowOtherRounding?: boolean
  readonly saveEvery: SaveInterval
  readonly testSet: boolean
  readonly workers: number
  readonly name?: string
  readonly json?: boolean
}

/** How much training lies between two saved states. */
export type SaveInterval = { readonly seconds: number } | { readonly steps: number }

/** The option of the command line for each of the library's that an error may name. */
const flags: Readonly<Record<string, string>> = {
  resume: '--resume',
  out: '--out',
  config: '--config',
  autoencoder: '--autoencoder',
  images: '--data',
  workers: '--workers',
  steps: '--config',
}

/** An error of the library as one of the command line. */
function atCommandLine(error: unknown): unknown {
  if (!(error instanceof OptionError)) return error
  const flag = flags[error.option]
  if (flag === undefined) return error
  return new OptionError(flag, error.reason)
}

/** Trains a prior, or goes on with it. */
export async function train(io: Io, options: TrainCliOptions, argv: readonly string[]): Promise<void> {
  const [data, out] = [absolute(io.cwd, options.data), absolute(io.cwd, options.out)]
  const config = readTrainConfig(absolute(io.cwd, options.config))
  const seen = await stat(data).catch(() => undefined)
  if (seen?.isDirectory() !== true) throw new OptionError('--data', `${options.data} is no folder`)
  const quiet = options.json === true
  const progress = io.terminal === undefined && !quiet ? progressLines(io) : startProgress(io, { quiet })
  let saved: number | undefined
  try {
    const record = await trainFromCommand({
      data,
      out,
      config,
      signal: io.signal,
      workers: options.workers,
      resume: options.resume === true,
      allowOtherRounding: options.allowOtherRounding === true,
      saveEvery: options.saveEvery,
      testSet: options.testSet,
      command: commandLine(argv),
      onState: (step) => {
        saved = step
      },
      onMessage: (message) => {
        if (!quiet) io.err(`${message}\n`)
      },
      onProgress: ({ step, steps, lossAverage, imagesPerSecond, eta }) =>
        progress.at(
          step / steps,
          `step ${step} of ${steps}  loss ${lossAverage.toFixed(4)}  ${imagesPerSecond.toFixed(0)} images/s` +
            (io.terminal === undefined ? `  ${Math.ceil(eta / 60)} min left` : ''),
        ),
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(options.autoencoder === undefined ? {} : { autoencoder: absolute(io.cwd, options.autoencoder) }),
    })
    progress.stop()
    io.out(
      quiet
        ? `${JSON.stringify(record, null, 2)}\n`
        : `Wrote ${options.out}/model.safetensors (${record.parameters} parameters)\n`,
    )
  } catch (error) {
    // Only what the signal itself brought about: anything else that went wrong meanwhile is said.
    if (io.signal.aborted && error === io.signal.reason) {
      throw new InterruptedError(
        saved === undefined
          ? 'interrupted before the first step; nothing was written'
          : `interrupted; the state after step ${saved} is saved, go on with --resume`,
      )
    }
    throw atCommandLine(error)
  } finally {
    progress.stop()
  }
}
