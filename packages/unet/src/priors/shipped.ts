import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { OptionError } from '@tweedie/tensor'
import type { Network } from '../architectures/predictor.ts'
import type { TrainedOn } from '../architectures/trained-on.ts'
import { loadNetwork } from '../models/folder.ts'
import type { LoadOptions } from '../models/load.ts'
import { autoencoderFolder } from '../models/model.ts'
import { recordedTraining } from '../models/training-record.ts'
import type { TrainRecord } from '../train/record.ts'
import { readRecord } from '../train/record.ts'

const folder = resolve(import.meta.dirname, '../../priors')

/** A network with its parameters; `record` tells how it was trained and how well it does. */
export interface LoadedPrior extends Network {
  readonly name: string
  readonly trainedOn: TrainedOn
  readonly record: TrainRecord
  /** Of a prior on latents: what makes pictures of them. */
  readonly autoencoder?: Network
}

/** Names of the priors that ship with this package. */
export function shippedPriors(): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'model.safetensors')))
    .sort()
}

/** The folder of a prior that ships with this package; undefined where there is none of that name. */
export const shippedFolder = (name: string): string | undefined =>
  shippedPriors().includes(name) ? join(folder, name) : undefined

/**
 * A prior that ships with this package, trained by the command in its record.
 * @throws {OptionError} where there is none of that name.
 * @throws {FileFormatError} where its files are damaged.
 */
export function loadShippedPrior(name: string, options: Pick<LoadOptions, 'device'> = {}): LoadedPrior {
  const names = shippedPriors()
  if (!names.includes(name)) {
    const none = `none at ${folder} (in a bundle, load it with loadPrior or fetchPrior)`
    throw new OptionError('prior', `there is no prior '${name}'; shipped are: ${names.join(', ') || none}`)
  }
  const directory = join(folder, name)
  const { config, params } = loadNetwork(directory, options)
  const path = join(directory, 'record.json')
  const record = readRecord(path)
  const coder = autoencoderFolder(directory)
  return {
    name,
    config,
    params,
    trainedOn: recordedTraining(path, record),
    record,
    ...(coder === undefined ? {} : { autoencoder: loadNetwork(coder, options) }),
  }
}
