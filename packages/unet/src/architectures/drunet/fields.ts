import type { Fields, Kind } from '../../fields.ts'
import { buildFrom, count, field, flag, knownFields, listOf, oneOf } from '../../fields.ts'
import { limits } from '../../limits.ts'
import { channels, completedBy, namesArchitecture, pictureKinds } from '../picture-fields.ts'
import type { DrunetConfig, DrunetOptions } from './config.ts'
import { drunetConfig } from './config.ts'
import type { InferredDrunet } from './infer.ts'
import { inferDrunet } from './infer.ts'

const kinds: { readonly [K in keyof DrunetConfig]: Kind<NonNullable<DrunetOptions[K]>> } = {
  architecture: oneOf('drunet'),
  ...pictureKinds,
  widths: listOf(channels, limits.levels),
  numBlocks: count(limits.layers),
  bias: flag,
  activation: oneOf('relu', 'silu'),
  conditioning: oneOf('map', 'gain', 'blind'),
}

/**
 * A configuration from the fields of {@link DrunetConfig}, of which all but `widths` may be left out.
 * @throws {FileFormatError} naming the field that does not fit.
 */
export function drunetConfigFromFields(fields: Fields, file: string): DrunetConfig {
  const given = knownFields<DrunetOptions>(file, fields, kinds, 'a drunet model')
  const widths = field(file, fields, 'widths', kinds.widths)
  return buildFrom(file, {}, () => drunetConfig({ ...given, widths }))
}

/** Whether JSON is a configuration of this form: its files name the architecture. */
export const isDrunet = namesArchitecture('drunet')

/** The fields that the names and shapes of the weights tell. */
const told = {
  inChannels: true,
  outChannels: true,
  widths: true,
  numBlocks: true,
  bias: true,
  conditioning: true,
} as const satisfies { readonly [K in keyof InferredDrunet]: true }

/**
 * The configuration in a `config.json`; what it leaves out and the weights tell is taken from them.
 * @throws {FileFormatError} naming the field that does not fit.
 */
export const parseDrunet = completedBy(Object.keys(told), inferDrunet, drunetConfigFromFields)
