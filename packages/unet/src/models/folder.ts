import { join } from 'node:path'
import type { Inferred } from '../architectures/architecture.ts'
import { architectures } from '../architectures/catalog.ts'
import { readJson } from '../checkpoint/file.ts'
import { findWeights, readWeights } from '../checkpoint/weights.ts'
import type { LoadOptions } from './load.ts'
import type { LoadedNetwork } from './prior.ts'
import { loadPrior, shapesFor } from './prior.ts'
import type { WeightType } from './weights-as.ts'

export interface LoadNetworkOptions extends Pick<LoadOptions, 'device'> {
  /** The file of weights; left out, the one in the folder that has a usual name, or is the only one. */
  readonly weights?: string
  /** What the weights are kept as in memory: the option `weights` of `loadPrior`. */
  readonly weightsAs?: WeightType
}

/**
 * A network of any architecture from a folder: `config.json`, as diffusers or guided-diffusion would have it, and the
 * parameters in `diffusion_pytorch_model.safetensors` or `model.safetensors`, as `.bin` or `.pt`, in one variant such as
 * `….fp16.safetensors`, in shards with their `….index.json`, or in the only other file of weights there.
 * @throws {FileFormatError} where a file is missing, damaged or does not fit the configuration.
 */
export function loadNetwork(directory: string, options: LoadNetworkOptions = {}): LoadedNetwork {
  const { weights, weightsAs, ...load } = options
  const configPath = join(directory, 'config.json')
  const config = readJson(configPath)
  const { path, notes } = weights === undefined ? findWeights(directory) : { path: weights, notes: [] }
  const names = { config: configPath, weights: path }
  const network = loadPrior(
    { config, weights: readWeights(path) },
    {
      ...load,
      ...(weightsAs && { weights: weightsAs }),
      names,
    },
  )
  return { ...network, notes: [...notes, ...network.notes] }
}

/**
 * What a file of weights tells of its configuration by names and shapes, whatever stands before its names; undefined for
 * weights of a network that is not known or tells nothing so.
 * @throws {FileFormatError} where the file is not in order, or holds several sets of weights.
 */
export function inferConfig(weights: string): Inferred | undefined {
  const source = readWeights(weights)
  for (const architecture of architectures) {
    const found = architecture.infer?.(shapesFor(architecture, source, weights))
    if (found !== undefined) return found
  }
  return undefined
}
