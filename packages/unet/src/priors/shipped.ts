import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { OptionError } from '@tweedie/tensor'
import type { Network } from '../architectures/predictor.ts'
import type { TrainedOn } from '../architectures/trained-on.ts'
import { linearTraining } from '../architectures/trained-on.ts'
import { loadNetwork } from '../models/folder.ts'
import type { LoadOptions } from '../models/load.ts'
import type { TrainRecord } from '../train/record.ts'
import { readRecord } from '../train/record.ts'

const folder = resolve(import.meta.dirname, '../../priors')

/** A network with its parameters; `record` tells how it was trained and how well it does. */
export interface LoadedPrior extends Network {
  readonly name: string
  readonly trainedOn: TrainedOn
  readonly record: TrainRecord
}

/** Names of the priors that ship with this package. */
export function shippedPriors(): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'model.safetensors')))
    .sort()
}

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
  const { config, params } = loadNetwork(join(folder, name), options)
  const record = readRecord(join(folder, name, 'record.json'))
  const { timesteps, predicts } = record.config
  return { name, config, params, trainedOn: linearTraining(timesteps, predicts), record }
}
