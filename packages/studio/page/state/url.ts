import type { Fields, Values } from './fields.ts'

/** An address taken apart: the room, and what is asked of it. */
export interface Address {
  readonly room: string
  /** Without its question mark. */
  readonly query: string
}

/**
 * The room and the state that stand behind the # of an address, where no server sees them and any static host serves them:
 * `#plane?prior=ring&angle=20`.
 */
export function addressOf(hash: string): Address {
  const text = hash.replace(/^#/, '')
  const mark = text.indexOf('?')
  return mark < 0 ? { room: text, query: '' } : { room: text.slice(0, mark), query: text.slice(mark + 1) }
}

/** What was read of an address, and what could not be, in words. */
export interface Read<F extends Fields> {
  readonly values: Values<F>
  readonly notes: readonly string[]
}

/**
 * The state that a query has. It never fails: a field that is not known, as of an address from another version, and a value
 * that does not fit are left out, with a note each.
 */
export function readState<F extends Fields>(fields: F, query: string): Read<F> {
  const values: Record<string, unknown> = {}
  const notes: string[] = []
  for (const [name, field] of Object.entries(fields)) values[name] = field.default
  for (const [name, text] of new URLSearchParams(query)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    const value = field?.read(text)
    if (field === undefined) notes.push(`this version knows no '${name}'`)
    else if (value === undefined) notes.push(`'${name}' cannot be '${text.slice(0, 40)}'`)
    else values[name] = value
  }
  return { values: values as Values<F>, notes }
}

/** The query of a state, without what is as it is by default. */
export function writeState<F extends Fields>(fields: F, values: Values<F>): string {
  const parts = Object.entries(fields).flatMap(([name, field]) => {
    const text = field.write(values[name])
    return text === field.write(field.default) ? [] : [`${name}=${quoted(text)}`]
  })
  return parts.join('&')
}

/** Encoded as far as an address behind # needs, so that people can read it. */
const quoted = (text: string): string =>
  encodeURIComponent(text).replace(/%(3A|2C|3D|2F|40|7E|3B)/gi, (code) => decodeURIComponent(code))

/**
 * A change as its address will have it, numbers cut to their digits: what is shown and what a link opens are then the same
 * to the bit.
 */
export function asWritten<F extends Fields>(fields: F, change: Partial<Values<F>>): Partial<Values<F>> {
  const entries = Object.entries(change).map(([name, value]) => {
    const field = fields[name]
    return [name, (value === undefined ? undefined : field?.read(field.write(value))) ?? value] as const
  })
  return Object.fromEntries(entries) as Partial<Values<F>>
}
