import { join } from 'node:path'
import { readJson } from '../../checkpoint/file.ts'
import { findWeights, readWeights } from '../../checkpoint/weights.ts'
import type { Fields } from '../../fields.ts'
import type { ParamSource } from '../../models/load.ts'
import { loadParams } from '../../models/load.ts'
import { withoutPrefix } from '../../models/prefix.ts'
import type { LoadedModel, LoadModelOptions } from '../ddpm/load.ts'
import type { AdmConfig } from './config.ts'
import { admExplain } from './explain.ts'
import { admConfigFromGuided, guidedArguments, guidedNames, requiredArguments } from './guided.ts'
import { inferAdm } from './infer.ts'
import { admSpec } from './spec.ts'

/**
 * An `adm` network from a folder: `config.json` with the arguments of guided-diffusion's `UNetModel`, and
 * its state dict in `model.safetensors`, `model.pt` or the only other file of weights there. Arguments that are left
 * out and that names and shapes of the weights tell are taken from there.
 * @throws {FileFormatError} where a file is missing, damaged or does not fit the configuration.
 */
export function loadAdm(directory: string, options: LoadModelOptions = {}): LoadedModel<AdmConfig> {
  const { path, notes } =
    options.weights === undefined ? findWeights(directory) : { path: options.weights, notes: [] }
  const config = readAdmConfig(directory, path)
  const spec = admSpec(config)
  const plain = withoutPrefix(readWeights(path), spec, path)
  const params = loadParams(plain.source, spec, path, { ...options, explain: admExplain(config) })
  return { config, params, notes: [...notes, ...plain.notes] }
}

/**
 * The configuration in a folder, completed by what the weights tell where config.json lacks one that is needed.
 * @param weights - The file of weights.
 * @throws {FileFormatError} naming what is missing or does not fit.
 */
export function readAdmConfig(directory: string, weights: string): AdmConfig {
  const path = join(directory, 'config.json')
  const given = guidedArguments(readJson(path), path)
  if (requiredArguments.every((name) => Object.hasOwn(given, name))) return admConfigFromGuided(given, path)
  return admConfigFromGuided({ ...inferAdmGuided(readWeights(weights), weights), ...given }, path)
}

/**
 * The arguments of `UNetModel` that the weights of a file tell, whatever stands before their names; undefined for
 * weights of another network.
 * @throws {FileFormatError} where there are several sets of weights.
 */
export function inferAdmGuided(source: ParamSource, path: string): Fields | undefined {
  const plain = withoutPrefix(source, { 'time_embed.0.weight': [] }, path).source
  const known = inferAdm(new Map(plain.entries.map(({ name, shape }) => [name, shape])))
  return known === undefined ? undefined : guidedNames(known)
}
