import { FileFormatError } from '@tweedie/tensor'
import type { Architecture } from '../architectures/architecture.ts'
import type { NetworkConfig } from '../architectures/catalog.ts'
import { architectureOfJson } from '../architectures/catalog.ts'
import type { Network } from '../architectures/predictor.ts'
import { parseSafetensors } from '../checkpoint/safetensors.ts'
import type { NamedShapes, ParamSource } from '../param-source.ts'
import { shapesOf } from '../param-source.ts'
import type { LoadOptions } from './load.ts'
import { loadParams } from './load.ts'
import { withoutPrefix } from './prefix.ts'

/** The contents of the two files of a network. */
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

/** A network that was loaded; `notes` are sentences on choices that a user should know of. */
export interface LoadedNetwork extends Network {
  readonly notes: readonly string[]
}

/**
 * A network of any architecture from the contents of its files; it needs neither a file system nor a network. Which one
 * it is `config.json` tells. Other names that its files are known to use are understood, and what wrappers put before
 * every name (`module.`, `ema.` …) is taken off.
 * @throws {FileFormatError} where a file is damaged or the two do not fit.
 * @example
 * ```ts
 * import { randomKey } from '@tweedie/tensor'
 * import { ddpmConfig, ddpmConfigToDiffusers, initDdpm, loadPrior, writeSafetensors } from '@tweedie/unet'
 * const config = ddpmConfig({ sampleSize: 8, blockOutChannels: [8, 8] })
 * const weights = writeSafetensors(initDdpm(config, randomKey(0)))
 * loadPrior({ config: ddpmConfigToDiffusers(config), weights }).config.architecture // => 'ddpm'
 * ```
 */
export function loadPrior(files: PriorFiles, options: LoadPriorOptions = {}): LoadedNetwork {
  const { names = {}, ...load } = options
  const configName = names.config ?? 'config.json'
  const weightsName = names.weights ?? 'model.safetensors'
  const json = typeof files.config === 'string' ? parseJson(files.config, configName) : files.config
  const architecture = architectureOfJson(json, configName)
  const source = sourceOf(files.weights, weightsName)
  const config = architecture.parse(json, configName, () => shapesFor(architecture, source, weightsName))
  const spec = architecture.spec(config)
  const [first = ''] = Object.keys(spec)
  const plain = withoutPrefix(architecture.rename?.(source) ?? source, first, weightsName)
  const explain = architecture.explain(config)
  const params = loadParams(plain.source, spec, weightsName, { ...load, explain })
  return { config, params, notes: plain.notes }
}

/**
 * Names and shapes of a file as an architecture has them, whatever stands before its names.
 * @throws {FileFormatError} where there are several sets of weights.
 */
export function shapesFor(
  { rename, landmarks }: Architecture<NetworkConfig>,
  source: ParamSource,
  path: string,
): NamedShapes {
  return shapesOf(withoutPrefix(rename?.(source) ?? source, landmarks[0], path).source)
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
