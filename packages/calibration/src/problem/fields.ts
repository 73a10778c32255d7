import { OptionError } from '@tweedie/tensor'

/** An object of a description, its keys checked. */
export type Fields = Readonly<Record<string, unknown>>

/** A value as a message shows it. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) {
    const keys = Object.keys(value)
    return keys.length === 0 ? 'an empty object' : `an object with ${keys.slice(0, 5).join(', ')}`
  }
  const text = typeof value === 'string' ? `'${value}'` : String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

/** Where a key of an object is, for messages: `prior.mixture`. */
export const within = (place: string, key: string): string => (place === '' ? key : `${place}.${key}`)

/**
 * An object that has all of some keys, may have others, and no more.
 * @param place - Where it is; '' for the whole.
 * @throws {OptionError} naming the key that is missing or unknown.
 */
export function fieldsOf(
  place: string,
  value: unknown,
  {
    required,
    optional = [],
  }: { readonly required: readonly string[]; readonly optional?: readonly string[] },
): Fields {
  const name = place === '' ? 'the problem' : place
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new OptionError(name, `must be an object with ${required.join(', ')}, got ${shown(value)}`)
  const fields = Object.fromEntries(Object.entries(value))
  const known = [...required, ...optional]
  const unknown = Object.keys(fields).find((key) => !known.includes(key))
  if (unknown !== undefined)
    throw new OptionError(within(place, unknown), `is no key of ${name}; it has ${known.join(', ')}`)
  const missing = required.find((key) => fields[key] === undefined)
  if (missing !== undefined) {
    const also = required.length > 1 ? `; ${name} needs ${required.join(', ')}` : ''
    throw new OptionError(within(place, missing), `is missing${also}`)
  }
  return fields
}

/**
 * The one key of an object that says what is meant, such as `{ "gaussian": 0.3 }`, and its value.
 * @throws {OptionError} for no key, or more than one.
 */
export function choiceOf(place: string, value: unknown, wanted: string): readonly [string, unknown] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const [first, ...others] = Object.entries(value)
    if (first !== undefined && others.length === 0) return first
  }
  throw new OptionError(place, `must be ${wanted}, got ${shown(value)}`)
}
