import type { Autoencoder } from '@tweedie/solvers'
import type { Shape } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { Network } from '@tweedie/unet'
import { architectureOf } from '@tweedie/unet'

/**
 * A network that codes pictures as the autoencoder of a prior, for pictures of the size it was trained on or of another.
 * @param size - [height, width] of the pictures.
 * @throws {OptionError} naming the option `prior`, where the network is no autoencoder or cannot halve the size.
 * @example
 * ```ts
 * import { autoencoderOf } from '@tweedie/runs'
 * import { randomKey } from '@tweedie/tensor'
 * import { autoencoder, autoencoderConfig } from '@tweedie/unet'
 * const config = autoencoderConfig({ sampleSize: 8, blockOutChannels: [8, 16], latentChannels: 2 })
 * const coder = autoencoderOf('small', { config, params: autoencoder.init(config, randomKey(0)) })
 * coder.latentShape // => [2, 4, 4]
 * ```
 */
export function autoencoderOf(
  name: string,
  { config, params }: Network,
  size?: readonly [height: number, width: number],
): Autoencoder {
  const { coder, sampleShape, divisor } = architectureOf(config)
  if (coder === undefined)
    throw new OptionError('prior', `'${name}' has a network of ${config.architecture} for an autoencoder`)
  const [channels, ...trained] = sampleShape(config)
  const [height, width] = size ?? trained
  const factor = divisor(config)
  for (const side of [height, width])
    if (side % factor !== 0)
      throw new OptionError(
        'prior',
        `the autoencoder halves its pictures: a side of ${side} is no multiple of ${factor}`,
      )
  const [latentChannels = 0] = coder.latentShape(config)
  const latentShape: Shape = [latentChannels, height / factor, width / factor]
  return {
    name,
    shape: [channels, height, width],
    latentShape,
    encode: (x) => coder.encode(params, config, x),
    decode: (z) => coder.decode(params, config, z),
  }
}
