import { FileFormatError, OptionError } from '@tweedie/tensor'
import { architectures } from '../architectures/catalog.ts'
import type { ConfigOf, NetworkBase, NetworkFormat } from '../architectures/format.ts'
import type { TrainedOn } from '../architectures/trained-on.ts'
import { bodyOf } from '../checkpoint/body.ts'
import { failIn } from '../checkpoint/fail.ts'
import type { LoadedNetwork, LoadPriorOptions, ReadNetworkOptions } from './prior.ts'
import { parseJson, readNetwork } from './prior.ts'
import { recordedTraining } from './training-record.ts'
import { keeping } from './weights-as.ts'

/** Where the two files of a network are. */
export interface PriorAddresses {
  /** The address of `config.json`, or the value it holds, as bundlers give it to an `import`. */
  readonly config: string | URL | Readonly<Record<string, unknown>>
  /** The address of the safetensors file. */
  readonly weights: string | URL
}

/** How {@link fetchNetwork} fetches and makes a network. */
export interface FetchNetworkOptions extends Pick<ReadNetworkOptions, 'device' | 'keep'> {
  /** Ends the download; the promise is then rejected with the signal's reason. */
  readonly signal?: AbortSignal
  /** Called as the weights arrive: bytes so far, and of how many where the server says so. */
  readonly onProgress?: (progress: { readonly loaded: number; readonly total: number | undefined }) => void
  /** In place of the global `fetch`, such as one that keeps what it has fetched. */
  readonly fetch?: (address: string, init: { readonly signal: AbortSignal }) => Promise<Response>
}

export interface FetchPriorOptions
  extends Omit<FetchNetworkOptions, 'keep'>,
    Pick<LoadPriorOptions, 'weights'> {}

/**
 * A network of any architecture over the wire, in a page, a worker or Node: from a folder that holds `config.json` and
 * `model.safetensors`, or from the addresses of the two. Relative addresses are relative to the page.
 *
 * @throws {OptionError} where an address is none.
 * @throws {FileFormatError} where a file is not there, damaged, or does not fit the other.
 * @example
 * ```ts
 * import { fetchPrior } from '@tweedie/unet'
 * const source = { config: {}, weights: 'https://example.org/digits.safetensors' }
 * const fetch = async () => new Response('', { status: 404 })
 * await fetchPrior(source, { fetch }).catch((error) => error.message)
 * // => 'https://example.org/digits.safetensors: cannot be fetched: HTTP 404'
 * ```
 */
export async function fetchPrior(
  source: string | URL | PriorAddresses,
  { weights, ...options }: FetchPriorOptions = {},
): Promise<LoadedNetwork> {
  const { keep, notes } = keeping(weights)
  const network = await fetchNetwork(architectures, source, { ...options, ...(keep && { keep }) })
  return { ...network, notes: [...network.notes, ...notes(String(addressesOf(source).weights))] }
}

/**
 * {@link fetchPrior} of some formats: what reads the others is not in a bundle then.
 * @throws {OptionError} where an address is none.
 * @throws {FileFormatError} where a file is not there, damaged or of none of the formats, or does not fit the other.
 */
export async function fetchNetwork<F extends NetworkFormat>(
  formats: readonly F[],
  source: string | URL | PriorAddresses,
  options?: FetchNetworkOptions,
): Promise<LoadedNetwork<ConfigOf<F>>>
export async function fetchNetwork(
  formats: readonly NetworkFormat[],
  source: string | URL | PriorAddresses,
  options: FetchNetworkOptions = {},
): Promise<LoadedNetwork<NetworkBase>> {
  const { config, weights } = addressesOf(source)
  const { device, keep } = options
  const byAddress = typeof config === 'string' || config instanceof URL
  const names = { config: byAddress ? String(config) : 'config.json', weights: String(weights) }
  // If one of the two fails, the other is not waited for.
  const one = new AbortController()
  const stop = options.signal === undefined ? one.signal : AbortSignal.any([options.signal, one.signal])
  const get = (address: string, onProgress?: FetchNetworkOptions['onProgress']) =>
    download(address, { ...options, stop, onProgress })
  try {
    const [json, bytes] = await Promise.all([
      byAddress ? get(names.config).then(decode) : config,
      get(names.weights, options.onProgress),
    ])
    return readNetwork(
      formats,
      { config: json, weights: bytes },
      { ...(device && { device }), ...(keep && { keep }), names },
    )
  } catch (error) {
    one.abort()
    throw error
  }
}

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

function addressesOf(source: string | URL | PriorAddresses): PriorAddresses {
  if (typeof source === 'object' && !(source instanceof URL)) return source
  return { config: fileIn(source, 'config.json'), weights: fileIn(source, 'model.safetensors') }
}

/**
 * The address of a file, or of a folder, in a folder of an address.
 * @throws {OptionError} where the address is none of a folder.
 */
export function fileIn(source: string | URL, file: string): string {
  const [, folder = '', rest = ''] = /^([^?#]*?)\/*([?#].*)?$/.exec(String(source)) ?? []
  if (folder + rest === String(source) && folder === '') {
    throw new OptionError('source', `is no address of a folder: '${String(source)}'`)
  }
  return `${folder}/${file}${rest}`
}

/**
 * What the record of our own training says that a network was trained on, from the address of a `record.json`.
 * @throws {FileFormatError} where it is not there, or does not fit.
 */
export async function fetchTraining(
  address: string,
  options: Pick<FetchNetworkOptions, 'signal' | 'fetch'> = {},
): Promise<TrainedOn> {
  const stop = options.signal ?? new AbortController().signal
  const bytes = await download(address, { ...options, stop, onProgress: undefined })
  return recordedTraining(address, parseJson(decode(bytes), address))
}

type DownloadOptions = Pick<FetchNetworkOptions, 'signal' | 'fetch'> & {
  /** Raised with `signal`, or where there is no more use for the file. */
  readonly stop: AbortSignal
  readonly onProgress: FetchNetworkOptions['onProgress'] | undefined
}

/** What lies at an address. */
async function download(address: string, options: DownloadOptions): Promise<Uint8Array> {
  const { signal, stop, onProgress, fetch = globalThis.fetch } = options
  const cannot = (why: string) => new FileFormatError(address, `cannot be fetched: ${why}`)
  try {
    const response = await fetch(address, { signal: stop })
    if (!response.ok) throw cannot(`HTTP ${response.status} ${response.statusText}`.trim())
    return await bodyOf(response, onProgress, failIn(address))
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason
    throw error instanceof FileFormatError ? error : cannot((error as Error).message)
  }
}
