import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FileFormatError, OptionError } from '@tweedie/tensor'
import type { Architecture } from '../architectures/architecture.ts'
import type { NetworkConfig } from '../architectures/catalog.ts'
import { architectureOfJson, configurationIn } from '../architectures/catalog.ts'
import type { TrainedOn } from '../architectures/trained-on.ts'
import { readJson } from '../checkpoint/file.ts'
import { findWeights, readWeights } from '../checkpoint/weights.ts'
import { objectOf, show } from '../fields.ts'
import { pipelineOf, snapshotOf } from './pipeline.ts'
import { shapesFor } from './prior.ts'
import type { SchedulerSaid } from './scheduler-words.ts'
import { readScheduler } from './told-scheduler.ts'
import { recordedTraining } from './training-record.ts'

/** Where the files of a model lie, and its configuration. */
export interface FoundModel {
  /** The folder of config.json. */
  readonly directory: string
  /** The file of weights, where it was named. */
  readonly weights?: string
  readonly config: NetworkConfig
  /** Sentences on the pipeline that a user should know of. */
  readonly notes: readonly string[]
  /** What the network was trained on, where that is known. */
  readonly training?: FoundTraining
  /** Of a prior on latents: the folder of its autoencoder. */
  readonly autoencoder?: string
}

/** What a network was trained on, and how that is known. */
export interface FoundTraining {
  /**
   * The record of our own training, the scheduler of a diffusers pipeline, or what is usual for its architecture where
   * no file says it.
   */
  readonly kind: 'record' | 'scheduler' | 'usual'
  readonly trainedOn: TrainedOn
  /** Sentences on it that a user should know of. */
  readonly notes: readonly string[]
}

/** What a user says of a folder that holds, or leaves open, more than one thing. */
export interface ModelChoices {
  /** Which weights of the file are meant, where the configuration needs their shapes. */
  readonly key?: string | undefined
  /** Of the weights, such as `fp16` or `non_ema`; left out, those without. */
  readonly variant?: string | undefined
  /** What the network was trained on, in the place of what lies in the folder: see `toldScheduler`. */
  readonly scheduler?: SchedulerSaid | undefined
}

/**
 * The model of a path: a folder with config.json, the root of a diffusers pipeline (its network lies in `unet/`), such a
 * repository in the cache of the Hugging Face hub, or a file of weights beside its config.json, or with a configuration in itself,
 * as EDM's pickles and score_sde's checkpoints. Undefined where there is neither.
 * @throws {FileFormatError} where the configuration is damaged or not supported.
 */
export function findModel(path: string, choices: ModelChoices = {}): FoundModel | undefined {
  const file = statSync(path, { throwIfNoEntry: false })
  if (file === undefined) return undefined
  const named = file.isDirectory() ? snapshotOf(path) : dirname(path)
  const directory = [named, join(named, 'unet')].find((folder) => existsSync(join(folder, 'config.json')))
  if (directory === undefined && file.isFile()) return modelInFile(path)
  if (directory === undefined || (directory !== named && !file.isDirectory())) return undefined
  const pipeline = pipelineOf(directory)
  const configPath = join(directory, 'config.json')
  const json = readJson(configPath)
  const weights = file.isDirectory() ? undefined : path
  if (weights !== undefined && choices.variant !== undefined)
    throw new OptionError(
      'variant',
      `is one of a folder's weights; ${show(basename(path))} is a file of them`,
    )
  const architecture = architectureOfJson(json, configPath)
  const config = architecture.parse(json, configPath, () => {
    const path = weights ?? findWeights(directory, choices).path
    return shapesFor(architecture, readWeights(path), path, choices.key)
  })
  const autoencoder = autoencoderFolder(directory)
  const training =
    toldTraining(directory, choices) ??
    findTraining(directory, pipeline.scheduler) ??
    usualTraining(architecture, json, configPath, config)
  return {
    directory,
    config,
    notes: pipeline.notes,
    ...(weights === undefined ? {} : { weights }),
    ...(training === undefined ? {} : { training }),
    ...(autoencoder === undefined ? {} : { autoencoder }),
  }
}

/** The model of a file that has its configuration in itself; undefined for one that has none. */
function modelInFile(path: string): FoundModel | undefined {
  const source = readWeights(path)
  const json = configurationIn(source)
  if (json === undefined) return undefined
  const architecture = architectureOfJson(json, path)
  const config = architecture.parse(json, path, () => shapesFor(architecture, source, path))
  const usual = architecture.trainedOn?.(json, path, config)
  return {
    directory: dirname(path),
    weights: path,
    config,
    notes: [],
    ...(usual && {
      training: { kind: 'usual', trainedOn: usual.trainedOn, notes: [`${path} ${usual.note}`] },
    }),
  }
}

/** The folder of the autoencoder whose latents a network was trained on, by the record in its own; undefined for none. */
export function autoencoderFolder(directory: string): string | undefined {
  const record = join(directory, 'record.json')
  if (!existsSync(record) || !Object.hasOwn(objectOf(record, readJson(record)), 'autoencoder'))
    return undefined
  const folder = join(directory, 'autoencoder')
  if (existsSync(folder)) return folder
  throw new FileFormatError(
    folder,
    'is missing: the prior is one of the latents of an autoencoder that lies there',
  )
}

/** What is usual for an architecture; undefined where nothing is. */
function usualTraining(
  { trainedOn }: Architecture<NetworkConfig>,
  json: unknown,
  path: string,
  config: NetworkConfig,
): FoundTraining | undefined {
  const usual = trainedOn?.(json, path, config)
  if (usual === undefined) return undefined
  return { kind: 'usual', trainedOn: usual.trainedOn, notes: [`${dirname(path)} ${usual.note}`] }
}

/** Where the schedule of a network may be told, the first being the first to be read. */
const scheduleFiles = (directory: string): readonly string[] =>
  [
    join(directory, 'record.json'),
    join(directory, 'scheduler_config.json'),
    join(directory, 'scheduler', 'scheduler_config.json'),
    join(dirname(directory), 'scheduler', 'scheduler_config.json'),
  ].filter((path) => existsSync(path))

/** What the user says, and that what lies in the folder does not count. */
function toldTraining(directory: string, { scheduler }: ModelChoices): FoundTraining | undefined {
  if (scheduler === undefined) return undefined
  const unread = scheduleFiles(directory)[0]
  const instead = unread === undefined ? '' : `, in the place of ${unread}`
  return {
    kind: 'scheduler',
    trainedOn: scheduler.trainedOn,
    notes: [`${directory}, as told${instead}: ${scheduler.words}`],
  }
}

/**
 * The record of our own training, or the scheduler of a diffusers pipeline: in the folder of the network, in
 * `scheduler/` there, or in `scheduler/` beside the folder.
 * @param name - The class of the scheduler, where the pipeline says one.
 */
function findTraining(directory: string, name?: string): FoundTraining | undefined {
  const [path, other] = scheduleFiles(directory)
  if (path === undefined) return undefined
  if (basename(path) === 'record.json') {
    return {
      kind: 'record',
      trainedOn: recordedTraining(path, readJson(path)),
      notes:
        other === undefined ? [] : [`${path}: says what the network was trained on; ${other} is not read`],
    }
  }
  const { trainedOn, words } = readScheduler(path, name)
  return { kind: 'scheduler', trainedOn, notes: [`${path}: ${words}`] }
}
