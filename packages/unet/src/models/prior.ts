import { FileFormatError } from '@tweedie/tensor'
import type { DdpmConfig } from '../architectures/ddpm/config.ts'
import { ddpmConfigFromDiffusers } from '../architectures/ddpm/diffusers.ts'
import { ddpmExplain } from '../architectures/ddpm/explain.ts'
import { modernNames } from '../architectures/ddpm/names.ts'
import { ddpmSpec } from '../architectures/ddpm/spec.ts'
import { parseSafetensors } from '../checkpoint/safetensors.ts'
import type { Params } from '../params.ts'
import type { LoadOptions, ParamSource } from './load.ts'
import { loadParams } from './load.ts'
import { withoutPrefix } from './prefix.ts'

/** The contents of the two files of a `ddpm` network in the layout of diffusers. */
export interface PriorFiles {
  /** What `config.json` holds: its text, or the value parsed from it. */
  readonly config: unknown
  /** The bytes of the safetensors file, or what a reader such as {@link parseSafetensors} or `parseTorch` made of them. */
  readonly weights: Uint8Array | ArrayBuffer | ParamSource
}

export interface LoadPriorOptions extends Pick<LoadOptions, 'device'> {
  /** What messages call the two files. */
  readonly names?: Partial<Record<keyof PriorFiles, string>>
}

/** A network's configuration and its parameters; `notes` are sentences on choices that a user should know of. */
export interface Network {
  readonly config: DdpmConfig
  readonly params: Params
  readonly notes: readonly string[]
}

/**
 * A `ddpm` network from the contents of its files; it needs neither a file system nor a network. Old names of
 * attention layers are understood, and what wrappers put before every name (`module.`, `ema.` …) is taken off.
 * @throws {FileFormatError} where a file is damaged or the two do not fit.
 * @example
 * ```ts
 * import { randomKey } from '@tweedie/tensor'
 * import { ddpmConfig, ddpmConfigToDiffusers, initDdpm, loadPrior, writeSafetensors } from '@tweedie/unet'
 * const config = ddpmConfig({ sampleSize: 8, blockOutChannels: [8, 8] })
 * const weights = writeSafetensors(initDdpm(config, randomKey(0)))
 * loadPrior({ config: ddpmConfigToDiffusers(config), weights }).config.sampleSize // => 8
 * ```
 */
export function loadPrior(files: PriorFiles, options: LoadPriorOptions = {}): Network {
  const { names = {}, ...load } = options
  const configName = names.config ?? 'config.json'
  const weightsName = names.weights ?? 'model.safetensors'
  const json = typeof files.config === 'string' ? parseJson(files.config, configName) : files.config
  const config = ddpmConfigFromDiffusers(json, configName)
  const spec = ddpmSpec(config)
  const { source, notes } = withoutPrefix(
    modernNames(sourceOf(files.weights, weightsName)),
    spec,
    weightsName,
  )
  const params = loadParams(source, spec, weightsName, { ...load, explain: ddpmExplain(config) })
  return { config, params, notes }
}

function sourceOf(weights: PriorFiles['weights'], name: string): ParamSource {
  if (weights instanceof Uint8Array) return parseSafetensors(weights, name)
  return 'byteLength' in weights ? parseSafetensors(new Uint8Array(weights), name) : weights
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new FileFormatError(name, `is not JSON: ${(error as Error).message}`)
  }
}
