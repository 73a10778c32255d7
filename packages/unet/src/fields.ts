import { FileFormatError, OptionError, printable } from '@tweedie/tensor'

/** What a field of a JSON file may be: a test, and how messages say what it tests for. */
export interface Kind<T> {
  readonly wants: string
  fits(value: unknown): value is T
}

/** The fields of a JSON object. */
export type Fields = Readonly<Record<string, unknown>>

const kind = <T>(wants: string, fits: (value: unknown) => boolean): Kind<T> => ({
  wants,
  fits: (value): value is T => fits(value),
})

/** A whole number from `min` to `max`. */
export const whole = (min: number, max: number): Kind<number> =>
  kind(`a whole number from ${min} to ${max}`, (v) => Number.isInteger(v) && within(v, min, max))

/** A whole number from 1 to `max`. */
export const count = (max: number): Kind<number> => whole(1, max)

/** A finite number from `min` to `max`. */
export const number = (min: number, max: number): Kind<number> =>
  kind(`a number from ${min} to ${max}`, (v) => typeof v === 'number' && within(v, min, max))

export const flag: Kind<boolean> = kind('true or false', (v) => typeof v === 'boolean')

export const text: Kind<string> = { wants: 'a text', fits: (v) => typeof v === 'string' }

export const oneOf = <T extends string | number | boolean | null>(...values: readonly T[]): Kind<T> =>
  kind(values.map(show).join(' or '), (v) => values.some((value) => value === v))

/** A list of `least` to `most` of a kind. */
export const listOf = <T>(of: Kind<T>, most: number, least = 1): Kind<readonly T[]> =>
  kind(
    `a list of ${least} to ${most}, each ${of.wants}`,
    (v) => Array.isArray(v) && within(v.length, least, most) && v.every((entry) => of.fits(entry)),
  )

export const pairOf = <T>(of: Kind<T>): Kind<readonly [T, T]> =>
  kind(
    `a list of 2, each ${of.wants}`,
    (v) => Array.isArray(v) && v.length === 2 && v.every((entry) => of.fits(entry)),
  )

export const nullable = <T>(of: Kind<T>): Kind<T | null> =>
  kind(`${of.wants}, or null`, (v) => v === null || of.fits(v))

/** One kind or another. */
export const either = <A, B>(a: Kind<A>, b: Kind<B>): Kind<A | B> =>
  kind(`${a.wants}, or ${b.wants}`, (v) => a.fits(v) || b.fits(v))

/** Whether a value of JSON is an object: neither a list nor null. */
export const isRecord = (json: unknown): json is Fields =>
  typeof json === 'object' && json !== null && !Array.isArray(json)

/** What a JSON file holds, as an object. @throws {FileFormatError} for anything else. */
export function objectOf(file: string, json: unknown, what = 'the whole'): Fields {
  if (isRecord(json)) return json
  throw new FileFormatError(file, `${what} must be a JSON object, got ${show(json)}`)
}

/**
 * A field of a JSON object; `fallback` where it is not there.
 * @throws {FileFormatError} that names the field, its value and what would fit.
 */
export function field<T>(file: string, fields: Fields, name: string, of: Kind<T>, fallback?: T): T {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (value === undefined) {
    if (fallback !== undefined) return fallback
    throw new FileFormatError(file, `${name}: is missing; it must be ${of.wants}`)
  }
  if (of.fits(value)) return value
  throw new FileFormatError(file, `${name}: must be ${of.wants}, got ${show(value)}`)
}

/**
 * Those of some fields that a JSON object has.
 * @throws {FileFormatError} for one that does not fit, and for a field that is none of them.
 */
export function knownFields<T extends object>(
  file: string,
  fields: Fields,
  kinds: { readonly [K in keyof T]: Kind<T[K]> },
  what: string,
): Partial<T> {
  const stranger = Object.keys(fields).find((name) => !Object.hasOwn(kinds, name))
  if (stranger !== undefined)
    throw new FileFormatError(
      file,
      `${show(stranger)} is no field of ${what}; there are ${Object.keys(kinds).join(', ')}`,
    )
  const found: Partial<T> = {}
  for (const name of Object.keys(kinds) as (keyof T & string)[])
    if (Object.hasOwn(fields, name)) found[name] = field(file, fields, name, kinds[name])
  return found
}

/**
 * What `build` makes of a file's fields; a configuration's {@link OptionError} becomes an error of the file, with the
 * option named as the file names it.
 * @param names - Our options and the file's names for them.
 */
export function buildFrom<T>(file: string, names: Readonly<Record<string, string>>, build: () => T): T {
  try {
    return build()
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    const theirs = Object.hasOwn(names, error.option) ? names[error.option] : undefined
    const message = theirs === undefined ? error.message : error.message.replace(error.option, theirs)
    throw new FileFormatError(file, message)
  }
}

/**
 * What a file says, for a message: texts in quotes with nothing in them that a terminal would obey or hide, short lists
 * of plain values whole, of all else what it is. At most some 650 characters, whatever the value's size and depth.
 */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${printable(value, 80)}'`
  if (!Array.isArray(value)) return typeof value === 'object' && value !== null ? 'an object' : String(value)
  const plain = value.length <= 20 && value.every((entry) => typeof entry !== 'object' || entry === null)
  const text = plain ? `[${value.map(show).join(', ')}]` : ''
  return plain && text.length <= 400 ? text : `a list of ${value.length}`
}

const within = (value: unknown, min: number, max: number) =>
  (value as number) >= min && (value as number) <= max
