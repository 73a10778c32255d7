import { createHash } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { FileFormatError, scope } from '@tweedie/tensor'
import { architectureOf } from '../architectures/catalog.ts'
import { findWeights, readWeights } from '../checkpoint/weights.ts'
import { loadPrior } from '../models/prior.ts'
import type { TrainConfig } from './config.ts'
import { flatten } from './flat.ts'

/** What a record says of the parameters that a training began with. */
export interface InitRecord {
  /** Name of the folder or file. */
  readonly from: string
  /** SHA-256 of all parameters as float32, in the order of the model's spec; hexadecimal. */
  readonly sha256: string
}

/** Parameters to begin a training with, in one vector, and where they came from. */
export interface Init {
  readonly params: Float32Array
  readonly record: InitRecord
  readonly notes: readonly string[]
}

/**
 * The parameters of a checkpoint for a model: of a folder with a network, a pipeline of diffusers, or a file of weights in any
 * format that is read. Its configuration is the model's; what wrappers put before names is taken off.
 * @throws {FileFormatError} where it is not there, damaged, or does not fit the model: it names the parameters.
 */
export function readInit(path: string, { model }: Pick<TrainConfig, 'model'>): Init {
  const { spec, write } = architectureOf(model)
  const weights = weightsIn(path)
  const { params, notes } = loadPrior(
    { config: write(model), weights: readWeights(weights.path) },
    { names: { config: 'the configuration', weights: weights.path } },
  )
  const flat = scope(() => {
    const values = flatten(spec(model), params)
    for (const tensor of Object.values(params)) tensor.dispose()
    return values
  })
  const bytes = new Uint8Array(flat.buffer, flat.byteOffset, flat.byteLength)
  return {
    params: flat,
    record: { from: basename(resolve(path)), sha256: createHash('sha256').update(bytes).digest('hex') },
    notes: [...weights.notes, ...notes],
  }
}

/** The file of weights that a path means. */
function weightsIn(path: string): { path: string; notes: readonly string[] } {
  const seen = statSync(path, { throwIfNoEntry: false })
  if (seen === undefined) throw new FileFormatError(path, 'no such file or folder')
  if (!seen.isDirectory()) return { path, notes: [] }
  const inner = join(path, 'unet')
  return findWeights(existsSync(inner) ? inner : path)
}
