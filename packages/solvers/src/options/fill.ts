import { OptionError } from '@tweedie/tensor'
import type { Filled, Given, OptionSpec, Settings, Specs } from './spec.ts'

/** A value as a message shows it, and as `readText` reads it. */
export function formatValue(value: unknown): string {
  if (!Array.isArray(value)) return String(value)
  return value.every((v) => Number.isSafeInteger(v) && v >= 0) ? value.join('x') : value.join('..')
}

/**
 * The option of a name.
 * @throws {OptionError} where `of` has none of that name, listing those it has.
 */
export function findOption(of: string, specs: Specs, name: string): OptionSpec<unknown> {
  const spec = Object.hasOwn(specs, name) ? specs[name] : undefined
  if (spec !== undefined) return spec
  throw new OptionError(name, `is no option of ${of}; it has ${Object.keys(specs).join(', ') || 'none'}`)
}

/**
 * The given options with the defaults filled in; a value that is undefined counts as left out.
 *
 * @param of - Whose options they are, for messages.
 * @throws {OptionError} naming the option, what was given and what fits: for an unknown option, or a value out of
 * its range.
 * @example
 * ```ts
 * import { choice, fill, number } from '@tweedie/solvers'
 * const specs = { eta: number('η', { default: 1, min: 0 }), rule: choice('which', ['norm', 'score']) }
 * fill('mine', specs, { rule: 'score' }) // => { eta: 1, rule: 'score' }
 * let message = ''
 * try { fill('mine', specs, { eta: -1 }) } catch (error) { message = String(error) }
 * message // => 'OptionError: eta: must be a number of at least 0, got -1'
 * ```
 */
export const fill = <S extends Specs>(of: string, specs: S, given: Given<S>): Filled<S> =>
  fillSettings(of, specs, given)

/** {@link fill} for options that are known only at run time, as from a command line or a saved run. */
export function fillSettings<S extends Specs>(of: string, specs: S, given: Settings): Filled<S>
export function fillSettings(of: string, specs: Specs, given: Settings): Settings {
  const filled: Record<string, unknown> = {}
  for (const [name, spec] of Object.entries(specs)) if ('default' in spec) filled[name] = spec.default
  for (const [name, value] of Object.entries(given)) {
    const spec = findOption(of, specs, name)
    if (value === undefined) continue
    if (!spec.accepts(value)) throw new OptionError(name, `must be ${spec.range}, got ${formatValue(value)}`)
    filled[name] = value
  }
  return filled
}
