import type { Fields, Kind } from '../../fields.ts'
import {
  buildFrom,
  count,
  field,
  flag,
  isRecord,
  knownFields,
  listOf,
  nullable,
  number,
  oneOf,
} from '../../fields.ts'
import { limits } from '../../limits.ts'
import { channels, pictureKinds } from '../picture-fields.ts'
import { ddpmConfig } from './config.ts'
import type { DdpmConfig, DdpmVariant } from './types.ts'
import { activations, blockKinds, classEmbeddings, timeEmbeddings } from './varied/variant.ts'

const flags = listOf(flag, limits.levels)
const blocks = listOf(oneOf(...blockKinds), limits.levels)

const kinds: { readonly [K in keyof Omit<DdpmConfig, 'variant'>]: Kind<DdpmConfig[K]> } = {
  architecture: oneOf('ddpm'),
  ...pictureKinds,
  blockOutChannels: listOf(channels, limits.levels),
  layersPerBlock: count(limits.layers),
  downAttention: flags,
  upAttention: flags,
  midAttention: flag,
  attentionHeadDim: nullable(channels),
  normGroups: nullable(channels),
  normEps: number(0, 1),
  timeEmbeddingDim: nullable(channels),
  flipSinToCos: flag,
  freqShift: number(0, limits.channels),
  downsamplePadding: oneOf(0, 1),
}

const variantKinds: { readonly [K in keyof DdpmVariant]: Kind<DdpmVariant[K]> } = {
  downBlocks: blocks,
  upBlocks: blocks,
  midBlock: flag,
  midScale: number(1e-6, 1e6),
  midAttentionGroups: nullable(channels),
  scaleShift: flag,
  activation: oneOf(...activations),
  timeEmbedding: oneOf(...timeEmbeddings),
  timesteps: nullable(count(limits.timesteps)),
  numClasses: nullable(count(limits.classes)),
  classEmbedding: oneOf(...classEmbeddings, null),
  centerInput: flag,
}

/** A JSON object. */
const object: Kind<Fields> = {
  wants: 'a JSON object',
  fits: isRecord,
}

/**
 * A configuration from the fields of {@link DdpmConfig}, of which those with a default may be left out.
 * @throws {FileFormatError} naming the field that does not fit.
 */
export function ddpmConfigFromFields(fields: Fields, file: string): DdpmConfig {
  const { variant, ...given } = knownFields(file, fields, { ...kinds, variant: object }, 'a ddpm model')
  const sampleSize = field(file, fields, 'sampleSize', kinds.sampleSize)
  const blockOutChannels = field(file, fields, 'blockOutChannels', kinds.blockOutChannels)
  const varied = variant && knownFields<DdpmVariant>(file, variant, variantKinds, "a ddpm model's variant")
  return buildFrom(file, {}, () =>
    ddpmConfig({ ...given, sampleSize, blockOutChannels, ...(varied && { variant: varied }) }),
  )
}
