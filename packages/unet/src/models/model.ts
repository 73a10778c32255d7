import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FileFormatError } from '@tweedie/tensor'
import type { AdmConfig } from '../architectures/adm/config.ts'
import { isGuided } from '../architectures/adm/guided.ts'
import { readAdmConfig } from '../architectures/adm/load.ts'
import type { DdpmConfig } from '../architectures/ddpm/config.ts'
import { ddpmConfigFromDiffusers } from '../architectures/ddpm/diffusers.ts'
import { readJson } from '../checkpoint/file.ts'
import { findWeights } from '../checkpoint/weights.ts'
import { objectOf, show } from '../fields.ts'
import { recordedTimesteps } from '../train/record-check.ts'
import type { DiffusersScheduler } from './scheduler.ts'
import { diffusersScheduler } from './scheduler.ts'

/** Where the files of a model lie, and its configuration. */
export interface FoundModel {
  /** The folder of config.json. */
  readonly directory: string
  /** The file of weights, where it was named. */
  readonly weights?: string
  readonly config: DdpmConfig | AdmConfig
  /** What the network was trained on, where a file says it. */
  readonly schedule?: FoundSchedule
}

/** What a network was trained on: by the record of our own training, or by the scheduler of a diffusers pipeline. */
export type FoundSchedule =
  /** ε on the linear schedule of T steps. */
  | { readonly kind: 'record'; readonly path: string; readonly timesteps: number }
  | { readonly kind: 'scheduler'; readonly path: string; readonly scheduler: DiffusersScheduler }

/**
 * The model of a path: a folder with config.json, the root of a diffusers pipeline (its network lies in `unet/`), or a
 * file of weights beside its config.json. Undefined where there is no config.json.
 * @throws {FileFormatError} where the configuration is damaged or not supported.
 */
export function findModel(path: string): FoundModel | undefined {
  const file = statSync(path, { throwIfNoEntry: false })
  if (file === undefined) return undefined
  const named = file.isDirectory() ? path : dirname(path)
  const directory = [named, join(named, 'unet')].find((folder) => existsSync(join(folder, 'config.json')))
  if (directory === undefined || (directory !== named && !file.isDirectory())) return undefined
  refuseOtherParts(directory)
  const configPath = join(directory, 'config.json')
  const json = readJson(configPath)
  const weights = file.isDirectory() ? undefined : path
  const config = isGuided(json)
    ? readAdmConfig(directory, weights ?? findWeights(directory).path)
    : ddpmConfigFromDiffusers(json, configPath)
  const schedule = findSchedule(directory)
  return {
    directory,
    config,
    ...(weights === undefined ? {} : { weights }),
    ...(schedule === undefined ? {} : { schedule }),
  }
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
function findSchedule(directory: string): FoundSchedule | undefined {
  const record = join(directory, 'record.json')
  const own = [
    join(directory, 'scheduler_config.json'),
    join(directory, 'scheduler', 'scheduler_config.json'),
  ]
  const scheduler = own.find(existsSync)
  if (existsSync(record)) {
    if (scheduler === undefined)
      return { kind: 'record', path: record, timesteps: recordedTimesteps(record, readJson(record)) }
    throw new FileFormatError(
      directory,
      `has both record.json and ${basename(scheduler)}, which both say what the network was trained on; remove one`,
    )
  }
  const beside = join(dirname(directory), 'scheduler', 'scheduler_config.json')
  const path = scheduler ?? (existsSync(beside) ? beside : undefined)
  if (path === undefined) return undefined
  return { kind: 'scheduler', path, scheduler: diffusersScheduler(readJson(path), path) }
}
