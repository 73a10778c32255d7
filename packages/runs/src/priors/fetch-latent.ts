import type { Prior } from '@tweedie/solvers'
import type { FetchPriorOptions } from '@tweedie/unet'
import { architectureOf, fetchPrior, fetchTraining, fileIn } from '@tweedie/unet'
import { checkNetwork, priorOf } from './network.ts'

/**
 * A prior on latents over the wire, in a page, a worker or Node: from the address of a folder that `tweedie train
 * --autoencoder` wrote, with `autoencoder/` in it, such as that of the shipped `digits-latent`.
 *
 * @throws {OptionError} where the address is none, or the networks do not fit each other.
 * @throws {FileFormatError} where a file is not there, damaged, or does not fit the others.
 * @example
 * ```ts
 * import { fetchLatentPrior } from '@tweedie/runs'
 * const fetch = async () => new Response('', { status: 404 })
 * await fetchLatentPrior('digits-latent', 'https://example.org/digits-latent', { fetch }).catch((error) => error.name)
 * // => 'FileFormatError'
 * ```
 */
export async function fetchLatentPrior(
  name: string,
  address: string | URL,
  options: FetchPriorOptions = {},
): Promise<Prior> {
  // If one of the three fails, the others are not waited for.
  const one = new AbortController()
  const signal = options.signal === undefined ? one.signal : AbortSignal.any([options.signal, one.signal])
  const { onProgress: _, ...quiet } = { ...options, signal }
  try {
    const [trainedOn, coder, network] = await Promise.all([
      fetchTraining(fileIn(address, 'record.json'), quiet),
      fetchPrior(fileIn(address, 'autoencoder'), quiet),
      fetchPrior(address, { ...options, signal }),
    ])
    checkNetwork(network.config, trainedOn, name, { latent: true })
    const shape = architectureOf(network.config).sampleShape(network.config)
    return priorOf(name, shape, network, trainedOn, coder)
  } catch (error) {
    one.abort()
    throw error
  }
}
