import { FileFormatError } from '@tweedie/tensor'
import type { Fields, Kind } from '../../fields.ts'
import { buildFrom, field, flag, isRecord, number, objectOf, oneOf, show } from '../../fields.ts'
import type { NamedShapes } from '../../param-source.ts'
import { edmConfig } from './config.ts'
import { edmKinds, preconditioningKinds } from './fields.ts'
import { inferEdm } from './infer.ts'
import type { Preconditioning, PreconditioningKind } from './preconditioning.ts'
import { preconditionings } from './preconditioning.ts'
import type { EdmConfig } from './types.ts'
import { edmNetworks } from './types.ts'

/** The classes of EDM's code: what makes a denoiser of a network, and the networks themselves. */
const classes: Readonly<Record<string, PreconditioningKind | null>> = {
  VPPrecond: 'vp',
  VEPrecond: 've',
  iDDPMPrecond: 'iddpm',
  EDMPrecond: 'edm',
  SongUNet: null,
  DhariwalUNet: null,
}
const classNames = Object.keys(classes)
/** The network of a denoiser whose arguments do not name it. */
const usualNetwork = { vp: 'SongUNet', ve: 'SongUNet', iddpm: 'DhariwalUNet', edm: 'DhariwalUNet' } as const

/** The argument that gives each field of any network. */
const ofNetwork = {
  labelDim: 'label_dim',
  labelDropout: 'label_dropout',
  augmentDim: 'augment_dim',
  modelChannels: 'model_channels',
  channelMult: 'channel_mult',
  channelMultEmb: 'channel_mult_emb',
  numBlocks: 'num_blocks',
  attnResolutions: 'attn_resolutions',
} as const
/** The same of SongUNet alone. */
const ofSong = {
  embeddingType: 'embedding_type',
  channelMultNoise: 'channel_mult_noise',
  encoderType: 'encoder_type',
  decoderType: 'decoder_type',
  resampleFilter: 'resample_filter',
} as const
/** Arguments of what makes a denoiser. */
const ofPreconditioning = {
  betaD: 'beta_d',
  betaMin: 'beta_min',
  M: 'M',
  epsilonT: 'epsilon_t',
  C1: 'C_1',
  C2: 'C_2',
  sigmaMin: 'sigma_min',
  sigmaMax: 'sigma_max',
  sigmaData: 'sigma_data',
} as const
type Number = keyof typeof ofPreconditioning
const names: Readonly<Record<string, string>> = {
  imageSize: 'img_resolution',
  inChannels: 'img_channels',
  outChannels: 'out_channels',
  ...ofNetwork,
  ...ofSong,
  ...ofPreconditioning,
}

/** Arguments that say how to train or store, not what is computed. */
const harmless: Readonly<Record<string, Kind<unknown>>> = { dropout: number(0, 1), use_fp16: flag }

const plain = (value: unknown): Fields | undefined => (isRecord(value) ? value : undefined)

/** `EDMPrecond` of `training.networks.EDMPrecond`. */
const lastName = (name: unknown): string =>
  typeof name === 'string' ? name.slice(name.lastIndexOf('.') + 1) : ''

/** Whether a file's JSON is a configuration of EDM's: names a class of its code, a network of it, or this architecture. */
export function isEdm(json: unknown): boolean {
  const fields = plain(json)
  if (fields === undefined) return false
  const inner = plain(fields['network_kwargs']) ?? fields
  return (
    fields['architecture'] === 'edm' ||
    classNames.includes(lastName(inner['class_name'])) ||
    edmNetworks.some((name) => name === inner['model_type'])
  )
}

/** What the JSON of a file says, whatever of it stands where. */
interface Reading {
  readonly file: string
  readonly given: Fields
  /** Whether the file says it. */
  has(argument: string): boolean
  /** What the weights tell of a field; asked for when the file does not say it. */
  told<K extends keyof EdmConfig>(ours: K): EdmConfig[K] | undefined
}

/**
 * The configuration in the arguments of a class of EDM's code: those arguments with `class_name`, or a
 * `training_options.json`, which has them in `network_kwargs`. What is left out and names and shapes of the weights tell is
 * taken from there (a training leaves `img_resolution`, `img_channels` and `label_dim` to its data), all else as EDM's
 * constructors have it. `dropout` and `use_fp16` are not kept.
 * @param json - The parsed JSON.
 * @param file - Name of the file, for messages.
 * @param shapes - Names and shapes of the weights.
 * @throws {FileFormatError} naming the argument that does not fit, its value and what would fit.
 * @example
 * ```ts
 * import { edmConfigFromKwargs } from '@tweedie/unet'
 * const json = { class_name: 'training.networks.VEPrecond', img_resolution: 32, img_channels: 3, embedding_type: 'fourier' }
 * edmConfigFromKwargs(json, 'config.json').preconditioning // => { kind: 've', sigmaMin: 0.02, sigmaMax: 100 }
 * ```
 */
export function edmConfigFromKwargs(
  json: unknown,
  file = 'config.json',
  shapes: () => NamedShapes = () => new Map(),
): EdmConfig {
  const whole = objectOf(file, json)
  const given = Object.hasOwn(whole, 'network_kwargs')
    ? objectOf(file, whole['network_kwargs'], 'network_kwargs')
    : whole
  let inferred: ReturnType<typeof inferEdm> | null = null
  const reading: Reading = {
    file,
    given,
    has: (argument) => Object.hasOwn(given, argument),
    told: (ours) => {
      if (inferred === null) inferred = inferEdm(shapes())
      return (inferred as Partial<EdmConfig> | undefined)?.[ours]
    },
  }
  const className = lastName(given['class_name'])
  const kind = classes[className]
  if (kind === undefined || !Object.hasOwn(classes, className))
    throw new FileFormatError(
      file,
      `class_name: must be ${classNames.join(', ')}: it says what makes a denoiser of the network; got ${show(given['class_name'])}`,
    )
  const network = networkOf(reading, className, kind)
  refuseStrangers(reading, className, kind, network)
  for (const [argument, of] of Object.entries(harmless))
    if (reading.has(argument)) field(file, given, argument, of)
  const fields = { ...ofNetwork, ...(network === 'SongUNet' ? ofSong : {}) }
  const read = Object.entries(fields).flatMap(([ours, argument]): [string, unknown][] => {
    const name = ours as keyof typeof fields
    const value = reading.has(argument)
      ? field(file, given, argument, edmKinds[name] as Kind<unknown>)
      : reading.told(name)
    return value === undefined ? [] : [[name, value]]
  })
  const channels = channelsOf(reading, kind)
  return buildFrom(file, names, () =>
    edmConfig({
      ...(Object.fromEntries(read) as Partial<EdmConfig>),
      ...channels,
      network,
      preconditioning: kind === null ? null : preconditioningOf(reading, kind),
      imageSize: required(reading, 'imageSize', 'img_resolution'),
    }),
  )
}

/** A number that a file has to say where the weights do not tell it. */
const required = (
  { file, given, has, told }: Reading,
  ours: 'imageSize' | 'inChannels' | 'outChannels',
  argument: string,
): number => field(file, given, argument, edmKinds[ours], has(argument) ? undefined : told(ours))

function channelsOf(
  reading: Reading,
  kind: PreconditioningKind | null,
): Pick<EdmConfig, 'inChannels' | 'outChannels'> {
  if (kind === null)
    return {
      inChannels: required(reading, 'inChannels', 'in_channels'),
      outChannels: required(reading, 'outChannels', 'out_channels'),
    }
  const inChannels = required(reading, 'inChannels', 'img_channels')
  return { inChannels, outChannels: inChannels }
}

/** By the class for a bare network, by `model_type` within a denoiser. */
function networkOf(
  { file, given, has, told }: Reading,
  className: string,
  kind: PreconditioningKind | null,
): EdmConfig['network'] {
  const fits = kind === null ? edmNetworks.filter((name) => name === className) : edmNetworks
  if (has('model_type')) return field(file, given, 'model_type', oneOf(...fits))
  return kind === null ? fits[0]! : (told('network') ?? usualNetwork[kind])
}

function refuseStrangers(
  { file, given }: Reading,
  className: string,
  kind: PreconditioningKind | null,
  network: EdmConfig['network'],
): void {
  const own = kind === null ? [] : Object.keys(preconditioningKinds[kind])
  const known = [
    ...['class_name', 'model_type', 'img_resolution'],
    ...(kind === null ? ['in_channels', 'out_channels'] : ['img_channels']),
    ...own.map((name) => ofPreconditioning[name as Number]),
    ...Object.values(ofNetwork),
    ...(network === 'SongUNet' ? Object.values(ofSong) : []),
    ...Object.keys(harmless),
  ]
  const stranger = Object.keys(given).find((name) => !known.includes(name))
  if (stranger === undefined) return
  const what = kind === null ? className : `${className} with a ${network}`
  throw new FileFormatError(
    file,
    `${show(stranger)} is no argument of ${what}; there are ${known.join(', ')}`,
  )
}

/** With EDM's defaults for what is left out. */
function preconditioningOf({ file, given, has }: Reading, kind: PreconditioningKind): Preconditioning {
  const kinds: Readonly<Record<string, Kind<unknown>>> = preconditioningKinds[kind]
  const said = Object.entries(kinds).flatMap(([ours, of]) => {
    const argument = ofPreconditioning[ours as Number]
    return has(argument) ? [[ours, field(file, given, argument, of)]] : []
  })
  return { ...preconditionings[kind], ...Object.fromEntries(said) } as Preconditioning
}

/** Fields of an object under other names. */
const renamed = (values: object, to: Readonly<Record<string, string>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([ours, value]) =>
      value === undefined || !Object.hasOwn(to, ours) ? [] : [[to[ours], value]],
    ),
  )

/** The configuration as the arguments of a class of EDM's code, and its name, as `network_kwargs` have them. */
export function edmConfigToKwargs(config: EdmConfig): Record<string, unknown> {
  const { preconditioning: p, network, imageSize, inChannels, outChannels } = config
  const className = p === null ? network : classNames.find((name) => classes[name] === p.kind)
  return {
    class_name: `training.networks.${className}`,
    img_resolution: imageSize,
    ...(p === null
      ? { in_channels: inChannels, out_channels: outChannels }
      : { img_channels: inChannels, ...renamed(p, ofPreconditioning), model_type: network }),
    ...renamed(config, { ...ofNetwork, ...(network === 'SongUNet' ? ofSong : {}) }),
  }
}

/** The fields that names and shapes tell, as arguments; how many channels there are depends on the class. */
export const kwargsOfInferred = (found: Partial<EdmConfig>): Fields =>
  renamed(found, {
    network: 'model_type',
    imageSize: 'img_resolution',
    ...ofNetwork,
    ...(found.network === 'SongUNet' ? ofSong : {}),
  })
