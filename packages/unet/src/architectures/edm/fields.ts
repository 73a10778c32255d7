import { FileFormatError } from '@tweedie/tensor'
import type { Fields, Kind } from '../../fields.ts'
import {
  buildFrom,
  count,
  field,
  knownFields,
  listOf,
  nullable,
  number,
  objectOf,
  oneOf,
  show,
  whole,
} from '../../fields.ts'
import { limits } from '../../limits.ts'
import { edmConfig } from './config.ts'
import type { Preconditioning, PreconditioningKind } from './preconditioning.ts'
import { preconditionings } from './preconditioning.ts'
import type { EdmConfig } from './types.ts'
import { decoderTypes, edmNetworks, embeddingTypes, encoderTypes } from './types.ts'

const channels = count(limits.channels)
const level = number(0, Number.MAX_VALUE)
const positive = number(Number.MIN_VALUE, Number.MAX_VALUE)
const steps = whole(2, limits.timesteps)

/** What each field of a configuration may be; its whole is checked by `edmConfig`. */
export const edmKinds: { readonly [K in Exclude<keyof EdmConfig, 'preconditioning'>]: Kind<EdmConfig[K]> } = {
  architecture: oneOf('edm'),
  network: oneOf(...edmNetworks),
  imageSize: count(limits.side),
  inChannels: channels,
  outChannels: channels,
  labelDim: whole(0, limits.classes),
  labelDropout: number(0, 1),
  augmentDim: whole(0, limits.channels),
  modelChannels: channels,
  channelMult: listOf(channels, limits.levels),
  channelMultEmb: channels,
  numBlocks: count(limits.layers),
  attnResolutions: listOf(count(limits.side), 64, 0),
  embeddingType: oneOf(...embeddingTypes),
  channelMultNoise: channels,
  encoderType: oneOf(...encoderTypes),
  decoderType: oneOf(...decoderTypes),
  resampleFilter: listOf(number(-1e6, 1e6), 64, 2),
}

type Choices<K extends PreconditioningKind> = Omit<Extract<Preconditioning, { kind: K }>, 'kind'>
/** What each number of a preconditioning may be. */
export const preconditioningKinds: {
  readonly [K in PreconditioningKind]: { readonly [F in keyof Choices<K>]: Kind<Choices<K>[F]> }
} = {
  vp: { betaD: level, betaMin: positive, M: steps, epsilonT: positive },
  ve: { sigmaMin: positive, sigmaMax: positive },
  iddpm: { C1: positive, C2: level, M: steps },
  edm: { sigmaMin: level, sigmaMax: nullable(positive), sigmaData: positive },
}

/**
 * A configuration from the fields of {@link EdmConfig}, of which those with a default may be left out.
 * @throws {FileFormatError} naming the field that does not fit.
 */
export function edmConfigFromFields(fields: Fields, file: string): EdmConfig {
  const { preconditioning, ...flat } = fields
  if (Object.hasOwn(flat, 'imageSize') === false) field(file, flat, 'imageSize', edmKinds.imageSize)
  const given = knownFields(file, flat, edmKinds, 'an edm model')
  const imageSize = field(file, flat, 'imageSize', edmKinds.imageSize)
  const p = preconditioning ?? null
  return buildFrom(file, {}, () =>
    edmConfig({ ...given, imageSize, preconditioning: p === null ? null : preconditioningOf(p, file) }),
  )
}

function preconditioningOf(json: unknown, file: string): Preconditioning {
  const fields = objectOf(file, json, 'preconditioning')
  const { kind: name, ...numbers } = fields
  const kinds = Object.keys(preconditionings)
  if (typeof name !== 'string' || !Object.hasOwn(preconditionings, name))
    throw new FileFormatError(file, `preconditioning.kind: must be ${kinds.join(', ')}, got ${show(name)}`)
  const kind = name as PreconditioningKind
  const given = knownFields<object>(file, numbers, preconditioningKinds[kind], `preconditioning ${kind}`)
  return { ...preconditionings[kind], ...given } as Preconditioning
}
