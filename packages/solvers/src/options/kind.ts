import type { Catalog, Info } from './catalog.ts'
import { fill } from './fill.ts'
import type { Filled, Given, Specs } from './spec.ts'

/** A sort of thing that options make: what it is, and how one is made. An entry of a {@link Catalog}. */
export interface Kind<T, S extends Specs = Specs> {
  readonly info: Info & { readonly summary: string; readonly options: S }
  /** @throws {OptionError} for an unknown option or a value that does not fit. */
  make(given?: Given<S>): T
}

/**
 * A {@link Kind}: `build` gets the options checked, with the defaults filled in.
 * @example
 * ```ts
 * import { kind, number } from '@tweedie/solvers'
 * const line = kind(
 *   { name: 'line', summary: 'a line', options: { slope: number('Δy/Δx', { default: 2 }) } },
 *   ({ slope }) => (x: number) => slope * x,
 * )
 * line.make()(3) // => 6
 * line.make({ slope: 1 })(3) // => 3
 * ```
 */
export const kind = <T, S extends Specs>(
  info: Info & { readonly summary: string; readonly options: S },
  build: (options: Filled<S>) => T,
): Kind<T, S> => ({ info, make: (given = {}) => build(fill(info.name, info.options, given)) })

/**
 * What a text such as `name:key=value` describes.
 * @throws {OptionError} as the catalog's `parse`, and `make`.
 * @example
 * ```ts
 * import { madeFrom, schedules } from '@tweedie/solvers'
 * madeFrom(schedules, 've:sigmaMax=20').noisiest // => 20
 * ```
 */
export function madeFrom<T>(kinds: Catalog<Kind<T>>, text: string): T {
  const { entry, settings } = kinds.parse(text)
  return entry.make(settings)
}
