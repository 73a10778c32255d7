import type { DType } from '../dtype.ts'
import { isFloat } from '../dtype.ts'
import { DTypeError, ShapeError } from '../errors.ts'
import type { Shape } from '../shape.ts'
import { isCount } from '../shape.ts'

/** What a shape rule sees of an input. */
export interface Aval {
  readonly shape: Shape
  readonly dtype: DType
}

/** Which elements a primitive takes. */
export type Kind = 'any' | 'bool' | 'number' | 'float'

const wanted: { readonly [K in Kind]: string } = {
  any: '',
  bool: 'bool',
  number: 'numbers',
  float: 'float32 or float64',
}

/** Inputs must have one element type, of this kind. */
export function requireKind(op: string, kind: Kind, inputs: readonly Aval[]): void {
  const { dtype } = inputs[0]!
  for (const x of inputs) {
    if (x.dtype !== dtype)
      throw new DTypeError(op, `inputs are ${inputs.map((x) => x.dtype).join(' and ')}; cast one of them`)
  }
  // Every call passes here: no table is asked.
  const fits = kind === 'float' ? isFloat(dtype) : kind === 'any' || (dtype === 'bool') === (kind === 'bool')
  if (!fits) throw new DTypeError(op, `needs ${wanted[kind]}, got ${dtype}; cast first`)
}

/** Indices are int32 along one axis; how many there are. */
export function requireIndices(op: string, { shape, dtype }: Aval): number {
  if (dtype !== 'int32') throw new DTypeError(op, `indices must be int32, got ${dtype}`)
  if (shape.length !== 1) throw new ShapeError(op, 'indices must be one-dimensional', [shape])
  return shape[0]!
}

/** Axes must be those of the input: 0 … rank − 1. */
export function requireAxes(op: string, { shape }: Aval, axes: readonly number[]): void {
  for (const axis of axes) {
    if (!isCount(axis) || axis >= shape.length)
      throw new ShapeError(op, `axis ${axis} is outside a tensor of rank ${shape.length}`, [shape])
  }
}

/** One integer for each axis of the input, of at least `least`. */
export function requireIntegers(
  op: string,
  what: string,
  { shape }: Aval,
  values: readonly number[],
  least = Number.MIN_SAFE_INTEGER,
): void {
  if (values.length === shape.length && values.every((n) => Number.isSafeInteger(n) && n >= least)) return
  const range = least === 0 ? 'a non-negative integer' : 'an integer'
  throw new ShapeError(op, `${what} must be ${range} for each axis, got [${values.map(String).join(', ')}]`, [
    shape,
  ])
}
