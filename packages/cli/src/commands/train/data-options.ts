import type { OptionSpec } from '@tweedie/solvers'
import { flag, integer, interval, readText, sides } from '@tweedie/solvers'
import { FileFormatError } from '@tweedie/tensor'
import type { DataOptions } from '@tweedie/unet/node'
import { unknownField } from './unknown-field.ts'

/** `40` is a number of images, `5%` a part of them. */
const holdOut: OptionSpec<number> = {
  doc: 'images held out of the training to evaluate on, by a draw that is the same each time',
  range: 'a number of images, such as 40, or a part of them, such as 5%',
  otherwise: 'none',
  control: { kind: 'text' },
  parse: (text) => {
    const [, digits, percent] = /^(\d{1,9}(?:\.\d{1,6})?)(%?)$/.exec(text) ?? []
    const value = Number(digits)
    if (digits === undefined || (percent === '%' && value >= 100)) return undefined
    return percent === '%' ? value / 100 : value
  },
  accepts: (value): value is number =>
    typeof value === 'number' && value > 0 && (value < 1 || Number.isSafeInteger(value)),
}

const units: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }

/** `2g`, `500m`, or a number of bytes. */
const memory: OptionSpec<number> = {
  doc: 'memory for decoded pictures; what is beyond lies in a file in --out while the training runs',
  range: 'a number of bytes, or one with k, m or g, such as 2g',
  otherwise: '2g',
  control: { kind: 'text' },
  parse: (text) => {
    const [, digits, unit] = /^(\d{1,15})([kmg]?)$/i.exec(text) ?? []
    return digits === undefined ? undefined : Number(digits) * (units[unit?.toLowerCase() ?? ''] ?? 1)
  },
  accepts: (value): value is number => Number.isSafeInteger(value) && (value as number) >= 0,
}

/** How a training reads its images: the fields of `data` in a configuration file, and the options of the command line. */
export const dataSpecs = {
  crop: sides('height and width of a sample, drawn from anywhere in an image', {
    otherwise: "of pictures the model's own size; of arrays whole images",
  }),
  resize: integer('resizes every image first, so that its shorter side is this', {
    min: 1,
    max: 65_536,
    otherwise: 'as they are',
  }),
  flip: flag('mirrors every second sample, left to right'),
  turn: flag('turns samples by 0, 1, 2 or 3 quarters'),
  holdOut,
  range: interval(
    'values of an array that are black and white',
    'by its type: 0..255 of bytes, 0..1 of floats',
  ),
  skipBroken: flag(
    'leaves out pictures that cannot be read or are smaller than a sample, instead of stopping',
  ),
  dropDuplicates: flag('leaves out training images that are among the test images the data bring, by pixels'),
  memory,
} satisfies Readonly<Record<keyof DataSettings, OptionSpec<unknown>>>

type Name = keyof typeof dataSpecs

/** The fields of {@link dataSpecs}, those that are given. */
export interface DataSettings {
  readonly crop?: number | readonly [number, number]
  readonly resize?: number
  readonly flip?: boolean
  readonly turn?: boolean
  readonly holdOut?: number
  readonly range?: readonly [number, number]
  readonly skipBroken?: boolean
  readonly dropDuplicates?: boolean
  readonly memory?: number
}

/** `data` of a configuration file. */
export interface DataFields extends DataSettings {
  readonly path?: string
  /** Whether there have to be images to evaluate on. */
  readonly testSet?: boolean
}

const isName = (name: string): name is Name => Object.hasOwn(dataSpecs, name)

/**
 * What `data` of a configuration file says: a path, or an object.
 * @throws {FileFormatError} naming the field that does not fit.
 */
export function readDataFields(json: unknown, file: string): DataFields {
  if (typeof json === 'string') return { path: json }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new FileFormatError(file, 'data: must be a path, or an object with "path"')
  const fields = Object.entries(json).map(([name, given]): readonly [string, unknown] => {
    if (name === 'path' || name === 'testSet') {
      if (typeof given === (name === 'path' ? 'string' : 'boolean')) return [name, given]
      throw new FileFormatError(file, `data.${name}: must be ${name === 'path' ? 'a path' : 'true or false'}`)
    }
    if (!isName(name))
      throw new FileFormatError(
        file,
        `data.${unknownField(name, ['path', 'testSet', ...Object.keys(dataSpecs)], 'data')}`,
      )
    const spec: OptionSpec<unknown> = dataSpecs[name]
    const value = typeof given === 'string' ? readText(spec, given) : given
    if (value === undefined || !spec.accepts(value))
      throw new FileFormatError(file, `data.${name}: must be ${spec.range}, got ${JSON.stringify(given)}`)
    return [name, value]
  })
  return Object.fromEntries(fields)
}

/** The data of a training: what the command line says, over what the file says. */
export function dataOptions(path: string, settings: readonly DataSettings[]): DataOptions {
  const { crop, ...rest }: DataSettings = Object.assign({}, ...settings)
  return {
    ...rest,
    path,
    ...(crop === undefined ? {} : { crop: typeof crop === 'number' ? [crop, crop] : crop }),
  }
}

/** Those of some options of the command line that are of the data. */
export const givenSettings = (options: DataSettings): DataSettings =>
  Object.fromEntries(Object.entries(options).filter(([name, value]) => isName(name) && value !== undefined))
