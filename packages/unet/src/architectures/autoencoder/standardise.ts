import type { Tensor } from '@tweedie/tensor'
import { add, reshape } from '@tweedie/tensor'
import type { Params } from '../../params.ts'
import { param } from '../../params.ts'
import type { AutoencoderConfig } from './config.ts'

/**
 * Parameters of the same autoencoder with latents (z − mean)/std, per channel: the last layer of the encoder divides, the
 * first of the decoder and the classifier multiply, all of them without bounds, so that pictures stay what they were.
 * @param mean - [latentChannels], as `std`.
 */
export function standardiseLatents(
  params: Params,
  config: AutoencoderConfig,
  mean: Tensor,
  std: Tensor,
): Params {
  const channels = config.latentChannels
  const get = (name: string) => param(params, name)
  const perOut = (v: Tensor) => reshape(v, [channels, 1, 1, 1])
  const perIn = (v: Tensor) => reshape(v, [1, channels, 1, 1])
  const into = get('decoder.conv_in.weight')
  const changed: Record<string, Tensor> = {
    'encoder.conv_out.weight': get('encoder.conv_out.weight').div(perOut(std)),
    'encoder.conv_out.bias': get('encoder.conv_out.bias').sub(mean).div(std),
    'decoder.conv_in.weight': into.mul(perIn(std)),
    'decoder.conv_in.bias': add(get('decoder.conv_in.bias'), into.mul(perIn(mean)).sum([1, 2, 3])),
  }
  if (config.numClasses !== null) {
    const weight = get('classifier.weight')
    const byChannel = reshape(weight, [config.numClasses, channels, -1])
    const scaled = byChannel.mul(reshape(std, [1, channels, 1]))
    changed['classifier.weight'] = reshape(scaled, weight.shape)
    changed['classifier.bias'] = add(
      get('classifier.bias'),
      byChannel.mul(reshape(mean, [1, channels, 1])).sum([1, 2]),
    )
  }
  return { ...params, ...changed }
}
