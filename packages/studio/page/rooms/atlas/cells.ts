import { withSetting } from '../../parts/settings.ts'
import { writeState } from '../../state/url.ts'
import type { RunRequest as DigitsRequest } from '../digits/engine/run.ts'
import { fields as digitsFields } from '../digits/fields.ts'

import { problemIn } from '../digits/problem-in.ts'

import type { RunRequest as PlaneRequest } from '../plane/engine/run.ts'
import { lawIn, fields as planeFields, stripeIn } from '../plane/fields.ts'
import type { AtlasValues } from './fields.ts'
import type { Place } from './order.ts'
import { coarseToFine } from './order.ts'

/** What a cell of a map runs. */
export type CellRequest =
  | { readonly on: 'digits'; readonly request: DigitsRequest }
  | { readonly on: 'plane'; readonly request: PlaneRequest }

/** A cell of a map: its place, its run, and where that run is opened. */
export interface MapCell extends Place {
  /** `name:key=value,…`. */
  readonly method: string
  readonly run: CellRequest
  /** The same for the same run, whatever the map. */
  readonly key: string
  /** The address of the run in its room. */
  readonly href: string
}

/** The method of a place: that of the map with the values of both axes. */
export function methodAt({ method, x, y }: Pick<AtlasValues, 'method' | 'x' | 'y'>, { i, j }: Place): string {
  const withY = withSetting(method, y.option, y.values[j] ?? '')
  return withSetting(withY, x.option, x.values[i] ?? '')
}

const requestOf = (values: AtlasValues, method: string): CellRequest =>
  values.on === 'digits'
    ? {
        on: 'digits',
        request: { problem: problemIn(values), method, count: values.n, seed: values.seed },
      }
    : {
        on: 'plane',
        request: {
          plane: { law: lawIn(values), stripe: stripeIn(values) },
          method,
          count: values.particles,
          seed: values.seed,
        },
      }

/** The address of a run of a map in the room that shows it step by step, alone. */
export function hrefOf(values: AtlasValues, method: string): string {
  const { seed } = values
  if (values.on === 'digits') {
    const { digit, drawn, operator, mask, noise, n } = values
    const problem = { digit, drawn, operator, mask, noise }
    const shown = { prior: digitsFields.prior.default, side: digitsFields.side.default, at: 1000, pick: 0 }
    return `#digits?${writeState(digitsFields, { ...problem, ...shown, a: method, b: 'none', n, seed })}`
  }
  return planeHref(values, { a: method, b: 'none', n: values.particles })
}

/** The address of methods on the plane of a state. */
export function planeHref(
  { prior, moved, angle, offset, sigma, seed }: AtlasValues,
  run: { readonly a: string; readonly b: string; readonly n: number },
): string {
  const show = planeFields.show.default
  const rest = { seedB: undefined, branch: undefined, pick: undefined, at: 1000, show }
  return `#plane?${writeState(planeFields, { prior, moved, angle, offset, sigma, seed, ...run, ...rest })}`
}

/** The cells of a map in the order in which they are run, coarse to fine. */
export const cellsOf = (values: AtlasValues): readonly MapCell[] =>
  coarseToFine(values.x.values.length, values.y.values.length).map((place) => {
    const method = methodAt(values, place)
    const run = requestOf(values, method)
    return { ...place, method, run, key: JSON.stringify(run), href: hrefOf(values, method) }
  })
