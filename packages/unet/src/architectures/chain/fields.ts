import type { Fields, Kind } from '../../fields.ts'
import { buildFrom, field, flag, knownFields, oneOf, whole } from '../../fields.ts'
import { limits } from '../../limits.ts'
import { channels, completedBy, namesArchitecture, pictureKinds } from '../picture-fields.ts'
import type { BfCnnConfig, BfCnnOptions, Chain, DncnnConfig, DncnnOptions } from './config.ts'
import { bfCnnConfig, dncnnConfig } from './config.ts'
import { inferBfCnn, inferDncnn } from './infer.ts'

const common = {
  ...pictureKinds,
  width: channels,
  depth: whole(2, limits.layers),
} as const satisfies { readonly [K in keyof Chain]: Kind<unknown> }

const dncnnKinds: { readonly [K in keyof DncnnConfig]: Kind<NonNullable<DncnnOptions[K]>> } = {
  architecture: oneOf('dncnn'),
  ...common,
  norm: flag,
  conditioning: oneOf('blind', 'map'),
}
const bfCnnKinds: { readonly [K in keyof BfCnnConfig]: Kind<NonNullable<BfCnnOptions[K]>> } = {
  architecture: oneOf('bf_cnn'),
  ...common,
  firstLinear: flag,
}

/**
 * A configuration from the fields of {@link DncnnConfig}, of which all but `depth` may be left out.
 * @throws {FileFormatError} naming the field that does not fit.
 */
export function dncnnConfigFromFields(fields: Fields, file: string): DncnnConfig {
  const given = knownFields<DncnnOptions>(file, fields, dncnnKinds, 'a dncnn model')
  const depth = field(file, fields, 'depth', common.depth)
  return buildFrom(file, {}, () => dncnnConfig({ ...given, depth }))
}

/**
 * A configuration from the fields of {@link BfCnnConfig}, of which all but `depth` may be left out.
 * @throws {FileFormatError} naming the field that does not fit.
 */
export function bfCnnConfigFromFields(fields: Fields, file: string): BfCnnConfig {
  const given = knownFields<BfCnnOptions>(file, fields, bfCnnKinds, 'a bf_cnn model')
  const depth = field(file, fields, 'depth', common.depth)
  return buildFrom(file, {}, () => bfCnnConfig({ ...given, depth }))
}

/** Whether JSON is a configuration of DnCNN: its files name the architecture. */
export const isDncnn = namesArchitecture('dncnn')
/** Whether JSON is a configuration of BF_CNN: its files name the architecture. */
export const isBfCnn = namesArchitecture('bf_cnn')

const toldOfBoth = ['inChannels', 'outChannels', 'width', 'depth']

/**
 * The configuration in a `config.json`; what it leaves out and the weights tell is taken from them.
 * @throws {FileFormatError} naming the field that does not fit.
 */
export const parseDncnn = completedBy(
  [...toldOfBoth, 'norm', 'conditioning'],
  inferDncnn,
  dncnnConfigFromFields,
)

/** As {@link parseDncnn}. @throws {FileFormatError} naming the field that does not fit. */
export const parseBfCnn = completedBy(toldOfBoth, inferBfCnn, bfCnnConfigFromFields)
