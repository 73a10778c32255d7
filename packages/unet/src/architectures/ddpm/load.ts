import { join } from 'node:path'
import { readJson } from '../../checkpoint/file.ts'
import { findWeights, readWeights } from '../../checkpoint/weights.ts'
import type { LoadOptions } from '../../models/load.ts'
import { loadPrior } from '../../models/prior.ts'
import type { Params } from '../../params.ts'
import type { DdpmConfig } from './config.ts'

/** Options of {@link loadDdpm} and {@link loadAdm}. */
export interface LoadModelOptions extends Pick<LoadOptions, 'device'> {
  /** The file of weights; left out, the one in the folder that has a usual name, or is the only one. */
  readonly weights?: string
}

/** A network of a folder; `notes` are sentences on choices that a user should know of. */
export interface LoadedModel<Config> {
  readonly config: Config
  readonly params: Params
  readonly notes: readonly string[]
}

/**
 * A `ddpm` network from a folder in the layout of diffusers: `config.json`, and the parameters in
 * `diffusion_pytorch_model.safetensors` or `model.safetensors`, as `.bin`, in one variant such as `….fp16.safetensors`,
 * or in shards with their `….index.json` (old names of attention layers included).
 * @throws {FileFormatError} where a file is missing, damaged or does not fit the configuration.
 */
export function loadDdpm(directory: string, options: LoadModelOptions = {}): LoadedModel<DdpmConfig> {
  const { weights, ...load } = options
  const configPath = join(directory, 'config.json')
  const config = readJson(configPath)
  const { path, notes } = weights === undefined ? findWeights(directory) : { path: weights, notes: [] }
  const names = { config: configPath, weights: path }
  const network = loadPrior({ config, weights: readWeights(path) }, { ...load, names })
  return { ...network, notes: [...notes, ...network.notes] }
}
