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

/** Where it comes from: the address of a folder, or the files that were chosen. */
export type PriorSource = string | readonly File[]

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

/** The files that were chosen, by what they are. @throws {OptionError} where one is missing. */
function filesOf(files: readonly File[]): ReadonlyMap<string, File> {
  const found = Object.entries(kinds).map(([kind, pattern]) => {
    const file = files.find(({ name }) => pattern.test(name))
    if (file === undefined)
      throw new OptionError(
        'prior',
        `takes three files together, config.json, record.json and model.safetensors as 'tweedie train' writes them; the ${kind} is missing`,
      )
    return [kind, file] as const
  })
  return new Map(found)
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
  const own = typeof source === 'string' ? undefined : filesOf(source)
  const at = (kind: keyof typeof kinds, file: string) =>
    typeof source === 'string' ? `${source}/${file}` : (own?.get(kind)?.name ?? file)
  const fetch = async (address: string, init: RequestInit): Promise<Response> => {
    if (own === undefined) return globalThis.fetch(address, init)
    const file = [...own.values()].find(({ name }) => name === address)
    return new Response(file, { headers: { 'content-length': String(file?.size ?? 0) } })
  }
  const trainedOn = await fetchTraining(at('record', 'record.json'), { signal, fetch })
  const network = await fetchPrior(
    { config: at('config', 'config.json'), weights: at('weights', 'model.safetensors') },
    { signal, fetch, onProgress },
  )
  const { config, params } = network
  const name = typeof source === 'string' ? 'photos' : 'your prior'
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
