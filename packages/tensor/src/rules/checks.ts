import type { DType } from '../dtype.ts'
import { isFloat } from '../dtype.ts'
import { DTypeError, ShapeError } from '../errors.ts'
import type { Shape } from '../shape.ts'

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
