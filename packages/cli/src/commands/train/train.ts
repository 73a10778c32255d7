import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { commandLine, InterruptedError } from '@tweedie/runs'
import { OptionError } from '@tweedie/tensor'
import type { TrainProgress } from '@tweedie/unet'
import { architectureOf } from '@tweedie/unet'
import type { TrainCommand } from '@tweedie/unet/node'
import { dryRun, shippedFolder, timeInWords, trainFromCommand } from '@tweedie/unet/node'
import { absolute } from '../../files/write.ts'
import { openTrainingPicture } from '../../images/training-pictures.ts'
import type { Io } from '../../io.ts'
import { startProgress } from '../../terminal/progress.ts'
import { progressLines } from '../../terminal/progress-lines.ts'
import { readTrainFile } from './config.ts'
import type { DataSettings } from './data-options.ts'
import { dataOptions, givenSettings } from './data-options.ts'
import { dryRunInWords } from './dry-run.ts'
import { drawOnTheWay } from './samples.ts'

/** The options of `tweedie train`. */
export interface TrainCliOptions extends DataSettings {
  readonly data?: string
  readonly config: string
  /** Fields in the place of those of the configuration. */
  readonly set?: Readonly<Record<string, unknown>>
  readonly autoencoder?: string
  readonly initFrom?: string
  readonly out: string
  readonly dryRun?: boolean
  readonly resume?: boolean
  readonly allowOtherRounding?: boolean
  readonly saveEvery: SaveInterval
  readonly samplesEvery: SaveInterval | 'never'
  readonly heldOutEvery?: number
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
  initFrom: '--init-from',
  images: '--data',
  data: '--data',
  crop: '--crop',
  resize: '--resize',
  holdOut: '--hold-out',
  memory: '--memory',
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

/** What the command line asks for. @throws {OptionError} where no data are named. */
function commandOf(io: Io, options: TrainCliOptions): TrainCommand {
  const { cwd } = io
  const path = absolute(cwd, options.config)
  const file = readTrainFile(path, options.set)
  const beside = (given: string) => absolute(dirname(path), given)
  const { path: named, testSet = true, ...settings } = file.data
  const data = options.data === undefined ? named && beside(named) : absolute(cwd, options.data)
  if (data === undefined)
    throw new OptionError(
      '--data',
      'say where the images are: --data PATH, or "data": { "path": … } in --config',
    )
  const initFrom =
    options.initFrom === undefined
      ? file.initFrom && checkpoint(file.initFrom, beside(file.initFrom))
      : checkpoint(options.initFrom, absolute(cwd, options.initFrom))
  return {
    data: dataOptions(data, [settings, givenSettings(options)]),
    openPicture: openTrainingPicture,
    config: file.config,
    out: absolute(cwd, options.out),
    signal: io.signal,
    workers: options.workers,
    resume: options.resume === true,
    allowOtherRounding: options.allowOtherRounding === true,
    saveEvery: options.saveEvery,
    testSet: options.testSet && testSet,
    ...(options.heldOutEvery === undefined ? {} : { heldOutEvery: options.heldOutEvery }),
    ...(initFrom === undefined ? {} : { initFrom }),
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.autoencoder === undefined ? {} : { autoencoder: absolute(cwd, options.autoencoder) }),
  }
}

/** A checkpoint to begin with: what a path leads to, or a prior that ships. */
const checkpoint = (given: string, path: string): string =>
  existsSync(path) ? path : (shippedFolder(given) ?? path)

/** How far a training is, in a line. */
const progressInWords = (io: Io, { step, steps, lossAverage, imagesPerSecond, eta }: TrainProgress): string =>
  `step ${step} of ${steps}  loss ${lossAverage.toFixed(4)}  ${imagesPerSecond.toFixed(0)} images/s` +
  (io.terminal === undefined ? `  ${timeInWords(eta)} left` : '')

/** Trains a prior, or goes on with it. */
export async function train(io: Io, options: TrainCliOptions, argv: readonly string[]): Promise<void> {
  const quiet = options.json === true
  // On a terminal a line takes the place of the bar, which is drawn again below it.
  const start = io.terminal === undefined ? '' : '\r\u001b[K'
  const say = (message: string) => {
    if (!quiet) io.err(`${start}${message}\n`)
  }
  let saved: number | undefined
  try {
    const { samplesEvery: every } = options
    const asked = commandOf(io, options)
    const command: TrainCommand = {
      ...asked,
      onMessage: say,
      ...(every === 'never' || isAutoencoder(asked)
        ? {}
        : { snapshots: { every, take: (snapshot) => drawOnTheWay(snapshot, io.signal, say) } }),
    }
    if (options.dryRun === true) {
      const found = await dryRun(command)
      io.out(quiet ? `${JSON.stringify(found, null, 2)}\n` : dryRunInWords(found, options.out))
      return
    }
    const progress = io.terminal === undefined && !quiet ? progressLines(io) : startProgress(io, { quiet })
    try {
      const record = await trainFromCommand({
        ...command,
        command: commandLine(argv),
        onState: (step) => {
          saved = step
        },
        onProgress: (at) => progress.at(at.step / at.steps, progressInWords(io, at)),
      })
      progress.stop()
      io.out(
        quiet
          ? `${JSON.stringify(record, null, 2)}\n`
          : `Wrote ${options.out}/model.safetensors (${record.parameters} parameters)\n`,
      )
    } finally {
      progress.stop()
    }
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
  }
}

/** Autoencoders have no samples. */
const isAutoencoder = ({ config: { model } }: TrainCommand): boolean =>
  architectureOf(model).coder !== undefined
