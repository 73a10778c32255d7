import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Inferred } from '../architectures/architecture.ts'
import { architectures, configurationIn } from '../architectures/catalog.ts'
import { readJson } from '../checkpoint/file.ts'
import { findWeights, readWeights } from '../checkpoint/weights.ts'
import type { LoadedNetwork, LoadPriorOptions } from './prior.ts'
import { loadPrior, shapesFor } from './prior.ts'
import type { WeightType } from './weights-as.ts'

export interface LoadNetworkOptions extends Pick<LoadPriorOptions, 'device' | 'key'> {
  /** The file of weights; left out, the one in the folder that has a usual name, or is the only one. */
  readonly weights?: string
  /** Of the usual weights, such as `fp16` or `non_ema`. */
  readonly variant?: string | undefined
  /** What the weights are kept as in memory: the option `weights` of `loadPrior`. */
  readonly weightsAs?: WeightType | undefined
}

/**
 * A network of any architecture from a folder: `config.json`, as diffusers or guided-diffusion would have it, and the
 * parameters in `diffusion_pytorch_model.safetensors` or `model.safetensors`, as `.bin` or `.pt`, in one variant such as
 * `….fp16.safetensors`, in shards with their `….index.json`, or in the only other file of weights there. A file that has its
 * configuration in itself, as EDM's pickles and score_sde's checkpoints, needs no `config.json`; one that lies beside it is taken first.
 * @throws {FileFormatError} where a file is missing, damaged or does not fit the configuration.
 */
export function loadNetwork(directory: string, options: LoadNetworkOptions = {}): LoadedNetwork {
  const { weights, weightsAs, variant, ...load } = options
  const configPath = join(directory, 'config.json')
  const { path, notes } =
    weights === undefined ? findWeights(directory, { variant }) : { path: weights, notes: [] }
  const source = readWeights(path)
  const inFile = existsSync(configPath) ? undefined : configurationIn(source)
  const own = inFile !== undefined
  const config = inFile ?? readJson(configPath)
  const names = { config: own ? path : configPath, weights: path }
  const network = loadPrior(
    { config, weights: source },
    { ...load, ...(weightsAs && { weights: weightsAs }), names },
  )
  return { ...network, notes: [...notes, ...network.notes] }
}

/**
 * What a file of weights tells of its configuration by names and shapes, whatever stands before its names; undefined for
 * weights of a network that is not known or tells nothing so.
 * @throws {FileFormatError} where the file is not in order, or holds several sets of weights.
 */
export function inferConfig(weights: string, key?: string): Inferred | undefined {
  const source = readWeights(weights)
  for (const architecture of architectures) {
    const found = architecture.infer?.(shapesFor(architecture, source, weights, key))
    if (found !== undefined) return found
  }
  return undefined
}
