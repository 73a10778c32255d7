import { initParams } from '../../init.ts'
import type { Architecture } from '../architecture.ts'
import type { AutoencoderConfig } from './config.ts'
import { latentShape, shrinkage } from './config.ts'
import { describeAutoencoder, explainAutoencoder } from './describe.ts'
import { autoencoderConfigFromFields } from './fields.ts'
import { autoencoderFormat } from './format.ts'
import { classLogits, decodeLatents, encodePictures } from './forward.ts'
import { autoencoderSpec } from './spec.ts'
import { standardiseLatents } from './standardise.ts'

/** This project's autoencoder: what it gives back for pictures is what a decoder makes of their latents. */
export const autoencoder: Architecture<AutoencoderConfig> = {
  ...autoencoderFormat,
  write: (config) => ({ ...config }),
  configure: autoencoderConfigFromFields,
  describe: describeAutoencoder,
  explain: explainAutoencoder,
  init: (config, key, options = {}) => initParams(autoencoderSpec(config), key, options),
  forward: (params, config, x) => decodeLatents(params, config, encodePictures(params, config, x)),
  sampleShape: ({ inChannels, sampleSize }) => [inChannels, sampleSize, sampleSize],
  divisor: shrinkage,
  // A residual block at full resolution: its input, a norm, a convolution.
  channelsAtOnce: ({ blockOutChannels: [first = 0] }) => 3 * first,
  classes: ({ numClasses }) => numClasses,
  coder: {
    latentShape,
    encode: encodePictures,
    decode: decodeLatents,
    logits: classLogits,
    standardise: standardiseLatents,
  },
  needsMore: () => 'is an autoencoder: it codes pictures and predicts nothing of noisy ones',
}
