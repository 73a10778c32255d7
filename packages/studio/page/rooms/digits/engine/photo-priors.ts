import { checkNetwork, priorOf, shapeAt } from '@tweedie/runs'
import type { Prior } from '@tweedie/solvers'
import { OptionError } from '@tweedie/tensor'
import type { Network, TrainedOn } from '@tweedie/unet'
import { architectureOf, countParams, fetchPrior, fetchTraining } from '@tweedie/unet'

/** What the page has to know of a prior that is not of digits. */
export interface PhotoPrior {
  readonly name: string
  readonly channels: 1 | 3
  /** Sides of pictures are multiples of it. */
  readonly divisor: number
  readonly parameters: number
}

/** Where it comes from: the addresses of its files, or the files that were chosen. */
export type PriorSource = Readonly<Record<keyof typeof kinds, string>> | readonly File[]

/** How far it is fetched; `total` where it is known. */
export interface Fetched {
  readonly loaded: number
  readonly total: number | undefined
}

interface Held extends PhotoPrior {
  readonly network: Network
  readonly trainedOn: TrainedOn
}

/** One at a time: they are large. */
let held: Held | undefined

/** Frees it. */
export function forgetPhotoPrior(): void {
  for (const tensor of Object.values(held?.network.params ?? {})) tensor.dispose()
  held = undefined
}

const kinds = { config: /config\.json$/i, record: /record\.json$/i, weights: /\.safetensors$/i }

type Kind = keyof typeof kinds

const isFiles = (source: PriorSource): source is readonly File[] => Array.isArray(source)

/** The file of a kind among those that were chosen. @throws {OptionError} where it is missing. */
function fileOf(files: readonly File[], kind: Kind): File {
  const file = files.find(({ name }) => kinds[kind].test(name))
  if (file !== undefined) return file
  throw new OptionError(
    'prior',
    `takes three files together, config.json, record.json and model.safetensors as 'tweedie train' writes them; the ${kind} is missing`,
  )
}

/** The addresses of a source, and what fetches them: files that were chosen have their names for addresses. */
function fetching(source: PriorSource): {
  readonly at: Readonly<Record<Kind, string>>
  readonly fetch: (address: string, init: RequestInit) => Promise<Response>
} {
  if (!isFiles(source)) return { at: source, fetch: (address, init) => globalThis.fetch(address, init) }
  const own = {
    config: fileOf(source, 'config'),
    record: fileOf(source, 'record'),
    weights: fileOf(source, 'weights'),
  }
  return {
    at: { config: own.config.name, record: own.record.name, weights: own.weights.name },
    fetch: async (address) => {
      const file = Object.values(own).find(({ name }) => name === address)
      return new Response(file, { headers: { 'content-length': String(file?.size ?? 0) } })
    },
  }
}

/**
 * Loads a prior of pictures; the one before is freed.
 * @throws {OptionError | FileFormatError} for files that are missing, damaged, or no network of pictures.
 */
export async function openPhotoPrior(
  source: PriorSource,
  signal: AbortSignal,
  onProgress: (fetched: Fetched) => void,
): Promise<PhotoPrior> {
  const { at, fetch } = fetching(source)
  const trainedOn = await fetchTraining(at.record, { signal, fetch })
  const network = await fetchPrior({ config: at.config, weights: at.weights }, { signal, fetch, onProgress })
  const { config, params } = network
  const name = isFiles(source) ? 'your prior' : 'photos'
  try {
    checkNetwork(config, trainedOn, name)
  } catch (error) {
    for (const tensor of Object.values(params)) tensor.dispose()
    throw error
  }
  forgetPhotoPrior()
  held = {
    ...{ name, network, trainedOn },
    channels: config.inChannels === 1 ? 1 : 3, // as was checked
    divisor: architectureOf(config).divisor(config),
    parameters: countParams(params),
  }
  const { network: _, trainedOn: __, ...facts } = held
  return facts
}

/** The prior that was loaded, for pictures of a size. @throws {OptionError} where there is none. */
export function photoPriorAt(height: number, width: number): Prior {
  if (held === undefined) throw new OptionError('prior', 'is not loaded yet')
  const { name, network, trainedOn } = held
  return priorOf(name, shapeAt(network.config, [height, width]), network, trainedOn)
}
