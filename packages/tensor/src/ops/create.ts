import type { DType, TypedArray } from '../dtype.ts'
import { allocateHost, converted, dtypeOf, holds, requireDType } from '../dtype.ts'
import { DTypeError, ShapeError } from '../errors.ts'
import type { Shape } from '../shape.ts'
import { assertShape, sameShape, sizeOf } from '../shape.ts'
import { Storage } from '../storage.ts'
import { Tensor } from '../tensor.ts'
import type { CreateOptions } from './filled.ts'
import { deviceOf, filled } from './filled.ts'

export type { CreateOptions } from './filled.ts'

/** Numbers or booleans, in arrays nested at will; all rows of one level must be equally long. */
export type NestedArray = number | boolean | readonly NestedArray[]

/** Deepest nesting of arrays, which may hold themselves. */
const mostAxes = 64

/** A number as a tensor of that type holds it. */
const heldAs = (dtype: DType | undefined, value: number): number => converted[dtype ?? 'float32'](value)

/** A tensor of the elements of `data` in row-major order (copied), converted to `dtype` where that is given, as by `cast`. */
export function fromData(
  data: TypedArray | readonly number[],
  shape: Shape,
  options: CreateOptions = {},
): Tensor {
  assertShape('fromData', shape)
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError('fromData', `${data.length} values for a shape of ${sizeOf(shape)}`, [shape])
  }
  const dtype = options.dtype ?? (Array.isArray(data) ? 'float32' : dtypeOf(data as TypedArray))
  requireDType('fromData', dtype)
  let host = data as TypedArray
  if (Array.isArray(data) || dtype === 'bool' || !holds(host, dtype)) {
    host = allocateHost(dtype, data.length)
    const convert = converted[dtype]
    for (let i = 0; i < data.length; i++) host[i] = convert(data[i]!)
  }
  const device = deviceOf(options)
  const buffer = device.allocate(dtype, host.length)
  device.write(buffer, dtype, host)
  return Tensor.make(new Storage(device, dtype, host.length, buffer), [...shape])
}

/**
 * A tensor of float32 whose elements `write` puts, in row-major order, into the array it is given: the device's own memory
 * where the host reaches it, so that what comes from a file is in memory once. It has to write every element, and makes no
 * use of the device meanwhile.
 * @throws {ShapeError} for what is no shape; {OutOfMemoryError} where the device has no room for it; what `write` throws,
 *   after which nothing is left of the tensor.
 * @example
 * ```ts
 * import { fromWriter } from '@tweedie/tensor'
 * fromWriter([3], (values) => values.set([1, 2, 3])).toArray() // => [1, 2, 3]
 * ```
 */
export const fromWriter = (
  shape: Shape,
  write: (values: Float32Array) => void,
  options: Pick<CreateOptions, 'device'> = {},
): Tensor =>
  filled('fromWriter', shape, write as (values: TypedArray) => void, { ...options, dtype: 'float32' }, false)

/**
 * A tensor from numbers in nested arrays, or a scalar from one number.
 * @throws {ShapeError} where rows differ in length; {DTypeError} for what is neither number nor boolean.
 * @example
 * ```ts
 * import { tensor } from '@tweedie/tensor'
 * tensor([[1, 2, 3], [4, 5, 6]]).shape // => [2, 3]
 * ```
 */
export function tensor(values: NestedArray, options: CreateOptions = {}): Tensor {
  const flat: number[] = []
  const shapeOf = (node: NestedArray, depth: number): number[] => {
    if (!Array.isArray(node)) {
      if (typeof node !== 'number' && typeof node !== 'boolean')
        throw new DTypeError('tensor', `takes numbers and booleans, got ${String(node)}`)
      flat.push(Number(node))
      return []
    }
    if (depth === mostAxes) throw new ShapeError('tensor', `arrays are nested more than ${mostAxes} deep`)
    // Not `map`, which leaves holes out.
    const shapes = Array.from(node as readonly NestedArray[], (inner) => shapeOf(inner, depth + 1))
    const odd = shapes.find((shape) => !sameShape(shape, shapes[0]!))
    if (odd !== undefined)
      throw new ShapeError('tensor', 'rows of one level differ in shape', [shapes[0]!, odd])
    return [shapes.length, ...(shapes[0] ?? [])]
  }
  const shape = shapeOf(values, 0)
  let first: NestedArray | undefined = values
  while (Array.isArray(first)) first = (first as readonly NestedArray[])[0]
  return fromData(flat, shape, {
    ...options,
    dtype: options.dtype ?? (typeof first === 'boolean' ? 'bool' : 'float32'),
  })
}

/** A tensor whose every element is `value`. */
export function full(shape: Shape, value: number, options: CreateOptions = {}): Tensor {
  return filled('full', shape, (values) => values.fill(heldAs(options.dtype, value)), options)
}

export const zeros = (shape: Shape, options: CreateOptions = {}): Tensor => full(shape, 0, options)
export const ones = (shape: Shape, options: CreateOptions = {}): Tensor => full(shape, 1, options)

/** `value` everywhere, in the shape, element type and device of `x`. */
export const fullLike = (x: Tensor, value: number): Tensor =>
  full(x.shape, value, { dtype: x.dtype, device: x.device })
export const zerosLike = (x: Tensor): Tensor => fullLike(x, 0)
export const onesLike = (x: Tensor): Tensor => fullLike(x, 1)

/** A vector by its index. */
function ranged(op: string, count: number, at: (i: number) => number, options: CreateOptions): Tensor {
  const fill = (values: TypedArray) => {
    for (let i = 0; i < values.length; i++) values[i] = heldAs(options.dtype, at(i))
  }
  return filled(op, [count], fill, options)
}

/** 0, 1, … count−1, or from `start` by `step`. */
export function arange(
  count: number,
  options: CreateOptions & { start?: number; step?: number } = {},
): Tensor {
  const { start = 0, step = 1 } = options
  return ranged('arange', count, (i) => start + i * step, options)
}

/** `count` evenly spaced values from `start` to `stop`, both included. */
export function linspace(start: number, stop: number, count: number, options: CreateOptions = {}): Tensor {
  const at = (i: number) => (count === 1 ? start : start + ((stop - start) * i) / (count - 1))
  return ranged('linspace', count, at, options)
}

/** The identity matrix of n rows. */
export function eye(n: number, options: CreateOptions = {}): Tensor {
  const diagonal = (values: TypedArray) => {
    for (let i = 0; i < n; i++) values[i * n + i] = 1
  }
  return filled('eye', [n, n], diagonal, options)
}
