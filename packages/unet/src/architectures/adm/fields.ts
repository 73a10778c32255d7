import type { Fields, Kind } from '../../fields.ts'
import { buildFrom, count, field, flag, knownFields, listOf, nullable, number, oneOf } from '../../fields.ts'
import { limits } from '../../limits.ts'
import type { AdmConfig } from './config.ts'
import { admConfig } from './config.ts'

const channels = count(limits.channels)
const side = count(limits.side)

const kinds: { readonly [K in keyof AdmConfig]: Kind<AdmConfig[K]> } = {
  architecture: oneOf('adm'),
  imageSize: side,
  inChannels: channels,
  modelChannels: channels,
  outChannels: channels,
  numResBlocks: count(limits.layers),
  attentionResolutions: listOf(side, limits.levels, 0),
  channelMult: listOf(number(0, limits.channels), limits.levels),
  convResample: flag,
  numClasses: nullable(count(limits.classes)),
  numHeads: channels,
  numHeadChannels: nullable(channels),
  numHeadsUpsample: nullable(channels),
  useScaleShiftNorm: flag,
  resblockUpdown: flag,
  useNewAttentionOrder: flag,
  timeScale: number(0, limits.timesteps),
}

/**
 * A configuration from the fields of {@link AdmConfig}, of which those with a default may be left out.
 * @throws {FileFormatError} naming the field that does not fit.
 */
export function admConfigFromFields(fields: Fields, file: string): AdmConfig {
  const given = knownFields(file, fields, kinds, 'an adm model')
  const imageSize = field(file, fields, 'imageSize', kinds.imageSize)
  const modelChannels = field(file, fields, 'modelChannels', kinds.modelChannels)
  return buildFrom(file, {}, () => admConfig({ ...given, imageSize, modelChannels }))
}
