import { readState, writeState } from '../../state/url.ts'
import type { OptionEntry } from '../../worker/methods.ts'
import type { DigitsValues } from '../digits/fields.ts'
import type { PlaneValues } from '../plane/fields.ts'
import { suggestedAxes } from './axis.ts'
import type { AtlasValues } from './fields.ts'
import { fields } from './fields.ts'

const hrefWith = (change: Partial<AtlasValues>, method: string, options: readonly OptionEntry[]): string =>
  `#atlas?${writeState(fields, { ...readState(fields, '').values, ...change, method, ...suggestedAxes(options) })}`

/** The address of a map of a method on the problem of the room of digits. */
export const mapOfDigits = (
  { digit, drawn, operator, mask, noise, n, seed }: DigitsValues,
  method: string,
  options: readonly OptionEntry[],
): string => hrefWith({ on: 'digits', digit, drawn, operator, mask, noise, n, seed }, method, options)

/** The address of a map of a method on the problem of the room of the plane. */
export const mapOfPlane = (
  { prior, moved, angle, offset, sigma, seed }: PlaneValues,
  method: string,
  options: readonly OptionEntry[],
): string => hrefWith({ on: 'plane', prior, moved, angle, offset, sigma, seed }, method, options)
