import { checkNetwork, priorOf, shapeAt } from '@tweedie/runs'
import { fetchPrior, fetchTraining } from '@tweedie/unet'
import config from '@tweedie/unet/priors/digits/config.json?url'
import weights from '@tweedie/unet/priors/digits/model.safetensors?planes'
import record from '@tweedie/unet/priors/digits/record.json?url'
import { unpackPlanes } from '../../../worker/unpack.ts'
import digits from '../held-out.idx?url'
import type { Ground } from './problem.ts'
import { heldOutOf } from './problem.ts'

/** The address of a file beside the page, absolute: a worker from a blob has none that one could start from. */
const absolute = (address: string): string => new URL(address, import.meta.url).href

/** Fetches, and unpacks the weights. */
async function unpacking(address: string, init: RequestInit): Promise<Response> {
  const response = await fetch(address, init)
  if (address !== absolute(weights) || !response.ok || response.body === null) return response
  return new Response(await unpackPlanes(response.body))
}

let ground: Promise<Ground> | undefined

/** The prior and the digits, fetched once. @throws {FileFormatError} where a file cannot be fetched. */
export function groundOf(): Promise<Ground> {
  ground ??= fetched().catch((error: unknown) => {
    ground = undefined // so that it can be tried again
    throw error
  })
  return ground
}

async function fetched(): Promise<Ground> {
  const [trainedOn, network, file] = await Promise.all([
    fetchTraining(absolute(record)),
    fetchPrior({ config: absolute(config), weights: absolute(weights) }, { fetch: unpacking }),
    fetch(absolute(digits)).then((response) => response.arrayBuffer()),
  ])
  checkNetwork(network.config, trainedOn, 'digits')
  const prior = priorOf('digits', shapeAt(network.config, undefined), network, trainedOn)
  return { prior, heldOut: heldOutOf(new Uint8Array(file)), params: network.params }
}

/** Frees the prior. */
export async function forgetGround(): Promise<void> {
  const held = ground
  ground = undefined
  const { params } = (await held?.catch(() => undefined)) ?? {}
  for (const tensor of Object.values(params ?? {})) tensor.dispose()
}
