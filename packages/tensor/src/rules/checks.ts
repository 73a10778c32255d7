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

export function requireFloat(op: string, inputs: readonly Aval[]): void {
  for (const { dtype } of inputs) {
    if (!isFloat(dtype)) throw new DTypeError(op, `needs float32 or float64, got ${dtype}; cast first`)
  }
}

export function requireSameDType(op: string, inputs: readonly Aval[]): void {
  for (const { dtype } of inputs) {
    if (dtype !== inputs[0]!.dtype) {
      throw new DTypeError(op, `inputs are ${inputs.map((i) => i.dtype).join(' and ')}; cast one of them`)
    }
  }
}

export function requireAxis(op: string, { shape }: Aval): void {
  if (shape.length === 0) throw new ShapeError(op, 'needs at least one axis', [shape])
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
