import { OptionError, TweedieError } from '@tweedie/tensor'
import { readSettings, specName, splitSpec } from './parse.ts'
import type { Settings, Specs } from './spec.ts'

/** What everything in a catalog says of itself. */
export interface Info {
  /** The one name it goes by. */
  readonly name: string
  readonly options: Specs
  /** A text to copy, such as `sr:4`. */
  readonly example?: string
  /** The option that a bare value stands for, as 4 in `sr:4`. */
  readonly positional?: string
}

/** A value that knows what it is: a method, an operator, a noise … */
export interface Described {
  readonly info: Info
}

/** An entry of a catalog with the options that a text gave it, checked, without defaults. */
export interface Chosen<E extends Described> {
  readonly entry: E
  readonly settings: Settings
}

/** A list of described values, found by name. */
export interface Catalog<E extends Described> extends Iterable<E> {
  /** What the entries are, for messages: 'method', 'operator' … */
  readonly kind: string
  readonly names: readonly string[]
  /** @throws {OptionError} where there is none of that name, listing those there are. Its `option` is `kind`. */
  find(name: string): E
  /**
   * The entry and options of `name`, `name:value` or `name:key=value,key=value`.
   * @throws {OptionError} as `find`; for an unknown option, one given twice, or a value that does not fit.
   */
  parse(text: string): Chosen<E>
  /** This catalog with more entries, such as a user's own. @throws {TweedieError} where a name is taken. */
  with<F extends readonly Described[]>(...more: F): Catalog<E | F[number]>
}

/**
 * A registry is a list.
 *
 * @throws {TweedieError} where two entries have one name.
 * @example
 * ```ts
 * import { catalog, integer } from '@tweedie/solvers'
 * const sr = { info: { name: 'sr', options: { factor: integer('side', { default: 4, min: 1 }) }, positional: 'factor' } }
 * const kinds = catalog('operator', [sr])
 * kinds.names // => ['sr']
 * kinds.parse('sr:2').settings // => { factor: 2 }
 * ```
 */
export function catalog<E extends Described>(kind: string, entries: readonly E[]): Catalog<E> {
  const byName = new Map(entries.map((entry) => [entry.info.name, entry]))
  const names = entries.map((entry) => entry.info.name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new TweedieError(`there are two ${kind}s named '${twice}'`)
  const find = (name: string): E => {
    const found = byName.get(name)
    if (found !== undefined) return found
    throw new OptionError(kind, `no ${kind} '${name}'; there are ${names.join(', ')}`)
  }
  return {
    kind,
    names,
    find,
    parse: (text) => {
      const entry = find(specName(text))
      const { name, options } = entry.info
      return { entry, settings: readSettings(name, options, splitSpec(kind, text, entry.info).settings) }
    },
    with: <F extends readonly Described[]>(...more: F) => catalog<E | F[number]>(kind, [...entries, ...more]),
    [Symbol.iterator]: () => entries[Symbol.iterator](),
  }
}
