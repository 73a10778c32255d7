import type { Fields, Kind } from '../../fields.ts'
import { buildFrom, count, field, knownFields, listOf, nullable, objectOf, oneOf } from '../../fields.ts'
import { limits } from '../../limits.ts'
import type { AutoencoderConfig } from './config.ts'
import { autoencoderConfig } from './config.ts'

const channels = count(limits.channels)

const kinds: { readonly [K in keyof AutoencoderConfig]: Kind<AutoencoderConfig[K]> } = {
  architecture: oneOf('autoencoder'),
  sampleSize: count(limits.side),
  inChannels: channels,
  outChannels: channels,
  blockOutChannels: listOf(channels, limits.levels),
  layersPerBlock: count(limits.layers),
  latentChannels: channels,
  normGroups: channels,
  numClasses: nullable(count(limits.classes)),
}

/**
 * A configuration from the fields of {@link AutoencoderConfig}, of which those with a default may be left out.
 * @throws {FileFormatError} naming the field that does not fit.
 */
export function autoencoderConfigFromFields(fields: Fields, file: string): AutoencoderConfig {
  const given = knownFields(file, fields, kinds, 'an autoencoder model')
  const sampleSize = field(file, fields, 'sampleSize', kinds.sampleSize)
  const blockOutChannels = field(file, fields, 'blockOutChannels', kinds.blockOutChannels)
  return buildFrom(file, {}, () => autoencoderConfig({ ...given, sampleSize, blockOutChannels }))
}

/** Whether JSON is a configuration of this form: its files name the architecture. */
export const isAutoencoder = (json: unknown): boolean =>
  typeof json === 'object' && json !== null && 'architecture' in json && json.architecture === 'autoencoder'

/** The configuration in a `config.json`. @throws {FileFormatError} naming the field that does not fit. */
export const parseAutoencoder = (json: unknown, file: string): AutoencoderConfig =>
  autoencoderConfigFromFields(objectOf(file, json), file)
