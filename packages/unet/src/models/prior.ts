import { FileFormatError } from '@tweedie/tensor'
import type { NetworkConfig } from '../architectures/catalog.ts'
import { architectures } from '../architectures/catalog.ts'
import type { ConfigOf, NetworkBase, NetworkFormat } from '../architectures/format.ts'
import { formatOfJson } from '../architectures/format.ts'
import type { Network } from '../architectures/predictor.ts'
import type { ByteSource } from '../checkpoint/bytes.ts'
import { memorySource, readRange } from '../checkpoint/bytes.ts'
import { safetensorsOf } from '../checkpoint/safetensors.ts'
import { show } from '../fields.ts'
import type { NamedShapes, ParamSource } from '../param-source.ts'
import { shapesOf } from '../param-source.ts'
import type { LoadOptions } from './load.ts'
import { loadParams } from './load.ts'
import { withoutPrefix } from './prefix.ts'
import type { WeightType } from './weights-as.ts'
import { keeping } from './weights-as.ts'

/** The contents of the two files of a network. */
export interface PriorFiles {
  /** What `config.json` holds: its text, or the value parsed from it. */
  readonly config: unknown
  /** The bytes of the safetensors file, or what a reader such as `parseSafetensors` or `parseTorch` made of them. */
  readonly weights: Uint8Array | ArrayBuffer | ParamSource
}

/** How {@link readNetwork} makes a network. */
export interface ReadNetworkOptions extends Pick<LoadOptions, 'device' | 'keep'> {
  /**
   * The key that the weights lie under, where a file holds several sets of them: `ema`, `model`, `state_dict` … and `.` for
   * those that lie under none. Left out, the only set there is, or the moving average (EMA) of one.
   */
  readonly key?: string | undefined
  /** What messages call the two files. */
  readonly names?: Partial<Record<keyof PriorFiles, string>>
}

export interface LoadPriorOptions extends Omit<ReadNetworkOptions, 'keep'> {
  /** What the weights are kept as in memory; default float32. As float16 they take half, see {@link keeping}. */
  readonly weights?: WeightType
}

/** A network that was loaded; `notes` are sentences on choices that a user should know of. */
export interface LoadedNetwork<C extends NetworkBase = NetworkConfig> extends Network<C> {
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
 * const files = { config: ddpmConfigToDiffusers(config), weights }
 * loadPrior(files).config.architecture // => 'ddpm'
 * const { notes } = loadPrior(files, { weights: 'float16' })
 * notes[0]?.includes('rounded to 11 bits') // => true
 * ```
 */
export function loadPrior(files: PriorFiles, { weights, ...options }: LoadPriorOptions = {}): LoadedNetwork {
  const { keep, notes } = keeping(weights)
  const network = readNetwork(architectures, files, { ...options, ...(keep && { keep }) })
  return { ...network, notes: [...network.notes, ...notes(options.names?.weights ?? 'model.safetensors')] }
}

/**
 * {@link loadPrior} of some formats: what reads the others is not in a bundle then.
 * @throws {FileFormatError} where a file is damaged or of none of the formats, or the two do not fit.
 * @example
 * ```ts
 * import { randomKey } from '@tweedie/tensor'
 * import { ddpmConfig, ddpmConfigToDiffusers, ddpmFormat, initDdpm, readNetwork, writeSafetensors } from '@tweedie/unet'
 * const made = ddpmConfig({ sampleSize: 8, blockOutChannels: [8, 8] })
 * const weights = writeSafetensors(initDdpm(made, randomKey(0)))
 * const { config } = readNetwork([ddpmFormat], { config: ddpmConfigToDiffusers(made), weights })
 * config.blockOutChannels // => [8, 8]
 * ```
 */
export function readNetwork<F extends NetworkFormat>(
  formats: readonly F[],
  files: PriorFiles,
  options?: ReadNetworkOptions,
): LoadedNetwork<ConfigOf<F>>
export function readNetwork(
  formats: readonly NetworkFormat[],
  files: PriorFiles,
  options: ReadNetworkOptions = {},
): LoadedNetwork<NetworkBase> {
  const { names = {}, key, ...load } = options
  const configName = names.config ?? 'config.json'
  const weightsName = names.weights ?? 'model.safetensors'
  const json = typeof files.config === 'string' ? parseJson(files.config, configName) : files.config
  const format = formatOfJson(formats, json, configName)
  const source = sourceOf(files.weights, weightsName)
  const config = format.parse(json, configName, () => shapesFor(format, source, weightsName, key))
  const spec = format.spec(config)
  const [landmark = ''] = Object.keys(spec)
  const wanted = { landmark, spec, key, path: weightsName }
  const plain = (source.choose ?? withoutPrefix)(
    format.rename?.(source, { config, file: weightsName }) ?? source,
    wanted,
  )
  const explain = format.explain?.(config)
  const params = loadParams(plain.source, spec, weightsName, { ...load, ...(explain && { explain }) })
  return { config, params, notes: plain.notes }
}

/**
 * Names and shapes of a file as a format has them, whatever stands before its names.
 * @throws {FileFormatError} where there are several sets of weights.
 */
export function shapesFor(
  { rename, landmarks }: Pick<NetworkFormat, 'rename' | 'landmarks'>,
  source: ParamSource,
  path: string,
  key?: string,
): NamedShapes {
  const wanted = { landmark: landmarks[0], key, path }
  return shapesOf((source.choose ?? withoutPrefix)(rename?.(source) ?? source, wanted).source)
}

function sourceOf(weights: PriorFiles['weights'], name: string): ParamSource {
  if (!('byteLength' in weights)) return weights
  const bytes = weights instanceof Uint8Array ? weights : new Uint8Array(weights)
  return safetensorsOf(memorySource(bytes), name, beginning)
}

/** How a file begins, for a message: enough to know a page, a pointer or another format by. */
const beginning = (source: ByteSource): string | undefined =>
  source.size === 0
    ? undefined
    : `begins with ${show(String.fromCharCode(...readRange(source, 0, Math.min(source.size, 40))))}`

/** @throws {FileFormatError} where a text is no JSON. */
export function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new FileFormatError(name, `is not JSON: ${(error as Error).message}`)
  }
}
