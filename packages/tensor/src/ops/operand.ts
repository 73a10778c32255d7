import { dispatch } from '../dispatch.ts'
import { allocateHost, converted } from '../dtype.ts'
import { DTypeError } from '../errors.ts'
import type { PrimitiveName } from '../primitives.ts'
import { Storage } from '../storage.ts'
import type { Tensor } from '../tensor.ts'

/** A tensor, or a number that takes the other operand's element type. */
export type Operand = Tensor | number

/** A scalar tensor of `value` with the element type and device of `like`. */
export function scalarLike(value: number, like: Tensor): Tensor {
  const { device, dtype } = like
  const host = allocateHost(dtype, 1)
  host[0] = converted[dtype](value)
  const buffer = device.allocate(dtype, 1)
  device.write(buffer, dtype, host)
  return like.derive(new Storage(device, dtype, 1, buffer), [])
}

/** Both operands as tensors. */
export function asTensors(op: string, a: Operand, b: Operand): [Tensor, Tensor] {
  for (const operand of [a, b]) {
    if (typeof operand !== 'number' && operand?.isTweedieTensor !== true)
      throw new DTypeError(op, `takes tensors and numbers, got ${String(operand)}`)
  }
  if (typeof a !== 'number') return [a, typeof b === 'number' ? scalarLike(b, a) : b]
  if (typeof b === 'number') throw new DTypeError(op, 'one operand must be a tensor, got two numbers')
  return [scalarLike(a, b), b]
}

/** y = scale·x + shift by a number, the cheap way; a shift of −0 keeps the sign of a product that is 0. */
export function affine(op: PrimitiveName, x: Tensor, scale: number, shift: number): Tensor {
  if (x.dtype === 'int32' && !(Number.isInteger(scale) && Number.isInteger(shift))) {
    throw new DTypeError(op, 'an int32 tensor takes integers only; cast it to float32 first')
  }
  return dispatch('affine', [x], { scale, shift })
}
