import type { NetworkFormat } from '../format.ts'
import type { AutoencoderConfig } from './config.ts'
import { isAutoencoder, parseAutoencoder } from './fields.ts'
import { autoencoderSpec } from './spec.ts'

/** The files of this project's autoencoders. */
export const autoencoderFormat: NetworkFormat<AutoencoderConfig> = {
  name: 'autoencoder',
  title: "this project's autoencoder",
  landmarks: ['encoder.conv_in.weight', 'decoder.norm_out.weight'],
  detect: isAutoencoder,
  parse: parseAutoencoder,
  spec: autoencoderSpec,
}
