import type { Fields, Kind } from '../../fields.ts'
import {
  buildFrom,
  count,
  either,
  field,
  flag,
  knownFields,
  listOf,
  nullable,
  number,
  oneOf,
  pairOf,
} from '../../fields.ts'
import { limits } from '../../limits.ts'
import type { DdpmConfig } from './config.ts'
import { ddpmConfig } from './config.ts'

const channels = count(limits.channels)
const side = count(limits.side)
const flags = listOf(flag, limits.levels)

const kinds: { readonly [K in keyof DdpmConfig]: Kind<DdpmConfig[K]> } = {
  architecture: oneOf('ddpm'),
  sampleSize: either(side, pairOf(side)),
  inChannels: channels,
  outChannels: channels,
  blockOutChannels: listOf(channels, limits.levels),
  layersPerBlock: count(limits.layers),
  downAttention: flags,
  upAttention: flags,
  midAttention: flag,
  attentionHeadDim: nullable(channels),
  normGroups: channels,
  normEps: number(0, 1),
  timeEmbeddingDim: nullable(channels),
  flipSinToCos: flag,
  freqShift: number(0, limits.channels),
  downsamplePadding: oneOf(0, 1),
}

/**
 * A configuration from the fields of {@link DdpmConfig}, of which those with a default may be left out.
 * @throws {FileFormatError} naming the field that does not fit.
 */
export function ddpmConfigFromFields(fields: Fields, file: string): DdpmConfig {
  const given = knownFields(file, fields, kinds, 'a ddpm model')
  const sampleSize = field(file, fields, 'sampleSize', kinds.sampleSize)
  const blockOutChannels = field(file, fields, 'blockOutChannels', kinds.blockOutChannels)
  return buildFrom(file, {}, () => ddpmConfig({ ...given, sampleSize, blockOutChannels }))
}
