import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { OptionError } from '@tweedie/tensor'
import type { DdpmConfig } from '../architectures/ddpm/config.ts'
import { loadDdpm } from '../architectures/ddpm/load.ts'
import type { LoadOptions } from '../models/load.ts'
import type { Params } from '../params.ts'
import type { TrainRecord } from '../train/record.ts'
import { readRecord } from '../train/record.ts'

const folder = resolve(import.meta.dirname, '../../priors')

/** A network with its parameters; `record` tells how it was trained and how well it does. */
export interface LoadedPrior {
  readonly name: string
  readonly config: DdpmConfig
  readonly params: Params
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
  const { config, params } = loadDdpm(join(folder, name), options)
  return {
    name,
    config,
    params,
    record: readRecord(join(folder, name, 'record.json')),
  }
}
