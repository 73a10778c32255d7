import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { OptionError } from '@tweedie/tensor'
import type { DdpmConfig } from '../ddpm/config.ts'
import { ddpmConfigFromDiffusers } from '../ddpm/diffusers.ts'
import { ddpmExplain } from '../ddpm/explain.ts'
import { modernNames } from '../ddpm/names.ts'
import { ddpmSpec } from '../ddpm/spec.ts'
import type { Params } from '../params.ts'
import type { TrainRecord } from '../train/command.ts'
import { readRecord } from '../train/command.ts'
import { readJson, readSafetensors } from './file.ts'
import type { LoadOptions } from './load.ts'
import { loadParams } from './load.ts'

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
  return {
    name,
    ...loadDdpm(join(folder, name), options),
    record: readRecord(join(folder, name, 'record.json')),
  }
}

/**
 * A `ddpm` network from a folder in the layout of diffusers: `config.json`, and the parameters in
 * `model.safetensors` or `diffusion_pytorch_model.safetensors` (old names of attention layers included).
 * @throws {FileFormatError} where a file is missing, damaged or does not fit the configuration.
 */
export function loadDdpm(
  directory: string,
  options: Pick<LoadOptions, 'device'> = {},
): { config: DdpmConfig; params: Params } {
  const configPath = join(directory, 'config.json')
  const config = ddpmConfigFromDiffusers(readJson(configPath), configPath)
  const other = join(directory, 'diffusion_pytorch_model.safetensors')
  const path = existsSync(other) ? other : join(directory, 'model.safetensors')
  const params = loadParams(modernNames(readSafetensors(path)), ddpmSpec(config), path, {
    ...options,
    explain: ddpmExplain(config),
  })
  return { config, params }
}
