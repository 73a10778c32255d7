import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FileFormatError } from '@tweedie/tensor'
import type { Architecture } from '../architectures/architecture.ts'
import type { NetworkConfig } from '../architectures/catalog.ts'
import { architectureOfJson } from '../architectures/catalog.ts'
import type { TrainedOn } from '../architectures/trained-on.ts'
import { readJson } from '../checkpoint/file.ts'
import { findWeights, readWeights } from '../checkpoint/weights.ts'
import { objectOf, show } from '../fields.ts'
import { shapesFor } from './prior.ts'
import { describeScheduler, diffusersScheduler, schedulerTraining } from './scheduler.ts'
import { recordedTraining } from './training-record.ts'

/** Where the files of a model lie, and its configuration. */
export interface FoundModel {
  /** The folder of config.json. */
  readonly directory: string
  /** The file of weights, where it was named. */
  readonly weights?: string
  readonly config: NetworkConfig
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

/**
 * The model of a path: a folder with config.json, the root of a diffusers pipeline (its network lies in `unet/`), or a
 * file of weights beside its config.json. Undefined where there is no config.json.
 * @param key - Which weights of the file are meant, where the configuration needs their shapes.
 * @throws {FileFormatError} where the configuration is damaged or not supported.
 */
export function findModel(path: string, key?: string): FoundModel | undefined {
  const file = statSync(path, { throwIfNoEntry: false })
  if (file === undefined) return undefined
  const named = file.isDirectory() ? path : dirname(path)
  const directory = [named, join(named, 'unet')].find((folder) => existsSync(join(folder, 'config.json')))
  if (directory === undefined || (directory !== named && !file.isDirectory())) return undefined
  refuseOtherParts(directory)
  const configPath = join(directory, 'config.json')
  const json = readJson(configPath)
  const weights = file.isDirectory() ? undefined : path
  const architecture = architectureOfJson(json, configPath)
  const config = architecture.parse(json, configPath, () => {
    const path = weights ?? findWeights(directory).path
    return shapesFor(architecture, readWeights(path), path, key)
  })
  const autoencoder = autoencoderFolder(directory)
  const training = findTraining(directory) ?? usualTraining(architecture, json, configPath)
  return {
    directory,
    config,
    ...(weights === undefined ? {} : { weights }),
    ...(training === undefined ? {} : { training }),
    ...(autoencoder === undefined ? {} : { autoencoder }),
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
): FoundTraining | undefined {
  const usual = trainedOn?.(json, path)
  if (usual === undefined) return undefined
  return { kind: 'usual', trainedOn: usual.trainedOn, notes: [`${dirname(path)} ${usual.note}`] }
}

/**
 * Refuses a pipeline with other parts than a network and a scheduler: with an autoencoder, say, its network works on
 * codes of pictures and not on pictures.
 */
function refuseOtherParts(directory: string): void {
  const path = [directory, dirname(directory)].map((d) => join(d, 'model_index.json')).find(existsSync)
  if (path === undefined) return
  for (const [name, part] of Object.entries(objectOf(path, readJson(path)))) {
    const absent = part === null || (Array.isArray(part) && part.every((entry) => entry === null))
    if (name.startsWith('_') || name === 'unet' || name === 'scheduler' || absent) continue
    throw new FileFormatError(
      path,
      `${name}: pipelines with other parts than unet and scheduler are not supported, got ${show(part)}`,
    )
  }
}

/**
 * The record of our own training, or the scheduler of a diffusers pipeline: in the folder of the network, in
 * `scheduler/` there, or in `scheduler/` beside the folder.
 */
function findTraining(directory: string): FoundTraining | undefined {
  const record = join(directory, 'record.json')
  const own = [
    join(directory, 'scheduler_config.json'),
    join(directory, 'scheduler', 'scheduler_config.json'),
  ]
  const scheduler = own.find(existsSync)
  if (existsSync(record)) {
    if (scheduler === undefined)
      return { kind: 'record', trainedOn: recordedTraining(record, readJson(record)), notes: [] }
    throw new FileFormatError(
      directory,
      `has both record.json and ${basename(scheduler)}, which both say what the network was trained on; remove one`,
    )
  }
  const beside = join(dirname(directory), 'scheduler', 'scheduler_config.json')
  const path = scheduler ?? (existsSync(beside) ? beside : undefined)
  if (path === undefined) return undefined
  const said = diffusersScheduler(readJson(path), path)
  const notes = [`${path}: ${describeScheduler(said)}`]
  return { kind: 'scheduler', trainedOn: schedulerTraining(said), notes }
}
