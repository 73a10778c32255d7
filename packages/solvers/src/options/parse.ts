import { OptionError } from '@tweedie/tensor'
import { findOption, formatValue } from './fill.ts'
import { readText } from './read-text.ts'
import type { Settings, Specs } from './spec.ts'

/**
 * Options from texts, as a command line has them; what is no text is taken as it is, as from a saved run.
 *
 * @throws {OptionError} for an option that `of` does not have, one that no text can stand for, or a value that
 * does not fit.
 * @example
 * ```ts
 * import { integer, readSettings } from '@tweedie/solvers'
 * readSettings('sr', { factor: integer('side', { default: 4, min: 1 }) }, { factor: '2' }) // => { factor: 2 }
 * ```
 */
export function readSettings(of: string, specs: Specs, given: Settings): Settings {
  const read = Object.entries(given).map(([name, value]) => {
    const spec = findOption(of, specs, name)
    if (typeof value === 'string' && spec.control.kind === 'object')
      throw new OptionError(name, 'cannot be given as text')
    if (typeof value === 'string' && spec.control.kind === 'array')
      throw new OptionError(name, 'is read from a file on a command line only; give its numbers')
    const meant = typeof value === 'string' ? readText(spec, value) : value
    if (!spec.accepts(meant))
      throw new OptionError(
        name,
        `must be ${spec.range}, got ${typeof value === 'string' ? `'${value}'` : formatValue(value)}`,
      )
    return [name, meant] as const
  })
  return Object.fromEntries(read)
}

/** Who is meant by a text, with what it says of options. */
export interface SpecText {
  readonly name: string
  readonly settings: Readonly<Record<string, string>>
}

/** The name that a text such as `blur:size=9,std=1.5` begins with. */
export const specName = (text: string): string => text.slice(0, `${text}:`.indexOf(':')).trim()

/**
 * Takes apart `name`, `name:value` or `name:key=value,key=value`.
 *
 * @param kind - What is described, for messages: 'operator', 'method' …
 * @param positional - The option that a bare value stands for, as 4 in `sr:4`.
 * @param example - A text that is right, for messages.
 * @throws {OptionError} for a part that is no key=value, or an option that is given twice; its `option` is `kind`.
 */
export function splitSpec(
  kind: string,
  text: string,
  {
    positional,
    example,
  }: { readonly positional?: string | undefined; readonly example?: string | undefined } = {},
): SpecText {
  const name = specName(text)
  const colon = text.indexOf(':')
  const settings: Record<string, string> = {}
  for (const part of colon < 0 ? [] : text.slice(colon + 1).split(',')) {
    const equals = part.indexOf('=')
    const key = equals < 0 ? positional : part.slice(0, equals).trim()
    const value = part.slice(equals + 1).trim()
    if (key === undefined || key === '' || value === '') {
      const instead = example === undefined ? '' : `; for example ${example}`
      throw new OptionError(kind, `'${part}' in '${text}' is no key=value${instead}`)
    }
    if (Object.hasOwn(settings, key)) throw new OptionError(kind, `'${text}' gives ${key} twice`)
    settings[key] = value
  }
  return { name, settings }
}

/**
 * The text that {@link splitSpec} reads as this name with these settings.
 * @example
 * ```ts
 * import { formatSpec } from '@tweedie/solvers'
 * formatSpec('inpaint', { box: [14, 10], seed: 1 }) // => 'inpaint:box=14x10,seed=1'
 * ```
 */
export const formatSpec = (name: string, settings: Settings): string => {
  const parts = Object.entries(settings)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${formatValue(value)}`)
  return parts.length === 0 ? name : `${name}:${parts.join(',')}`
}
