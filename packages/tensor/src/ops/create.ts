import type { Device } from '../device.ts'
import { getDevice } from '../devices.ts'
import type { DType, TypedArray } from '../dtype.ts'
import { allocateHost, dtypeOf } from '../dtype.ts'
import { ShapeError } from '../errors.ts'
import type { Shape } from '../shape.ts'
import { assertShape, sameShape, sizeOf } from '../shape.ts'
import { Storage } from '../storage.ts'
import { Tensor } from '../tensor.ts'

/** Where and in what type a new tensor is made; float32 on the default device where left out. */
export interface CreateOptions {
  dtype?: DType
  device?: string | Device
}

/** Numbers or booleans, in arrays nested at will; all rows of one level must be equally long. */
export type NestedArray = number | boolean | readonly NestedArray[]

const deviceOf = (options: CreateOptions): Device =>
  typeof options.device === 'object' ? options.device : getDevice(options.device)

/** A tensor of the elements of `data` in row-major order (copied), converted to `dtype` where that is given. */
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
  let host = data as TypedArray
  if (Array.isArray(data) || dtypeOf(host) !== dtype) {
    host = allocateHost(dtype, data.length)
    if (dtype === 'bool') for (let i = 0; i < data.length; i++) host[i] = data[i] ? 1 : 0
    else host.set(data as TypedArray)
  }
  const device = deviceOf(options)
  const buffer = device.allocate(dtype, host.length)
  device.write(buffer, dtype, host)
  return Tensor.make(new Storage(device, dtype, host.length, buffer), [...shape])
}

/**
 * A tensor from numbers in nested arrays, or a scalar from one number.
 * @throws {ShapeError} where rows differ in length.
 * @example
 * ```ts
 * import { tensor } from '@tweedie/tensor'
 * tensor([[1, 2, 3], [4, 5, 6]]).shape // => [2, 3]
 * ```
 */
export function tensor(values: NestedArray, options: CreateOptions = {}): Tensor {
  const flat: number[] = []
  const shapeOf = (node: NestedArray): number[] => {
    if (!Array.isArray(node)) {
      flat.push(Number(node))
      return []
    }
    const shapes = (node as readonly NestedArray[]).map(shapeOf)
    const odd = shapes.find((shape) => !sameShape(shape, shapes[0]!))
    if (odd !== undefined)
      throw new ShapeError('tensor', 'rows of one level differ in shape', [shapes[0]!, odd])
    return [shapes.length, ...(shapes[0] ?? [])]
  }
  const shape = shapeOf(values)
  let first: NestedArray | undefined = values
  while (Array.isArray(first)) first = (first as readonly NestedArray[])[0]
  return fromData(flat, shape, {
    ...options,
    dtype: options.dtype ?? (typeof first === 'boolean' ? 'bool' : 'float32'),
  })
}

/** A tensor whose every element is `value`. */
export function full(shape: Shape, value: number, options: CreateOptions = {}): Tensor {
  const dtype = options.dtype ?? 'float32'
  assertShape('full', shape)
  return fromData(allocateHost(dtype, sizeOf(shape)).fill(value), shape, options)
}

export const zeros = (shape: Shape, options: CreateOptions = {}): Tensor => full(shape, 0, options)
export const ones = (shape: Shape, options: CreateOptions = {}): Tensor => full(shape, 1, options)

/** `value` everywhere, in the shape, element type and device of `x`. */
export const fullLike = (x: Tensor, value: number): Tensor =>
  full(x.shape, value, { dtype: x.dtype, device: x.device })
export const zerosLike = (x: Tensor): Tensor => fullLike(x, 0)
export const onesLike = (x: Tensor): Tensor => fullLike(x, 1)

/** 0, 1, … count−1, or from `start` by `step`. */
export function arange(
  count: number,
  options: CreateOptions & { start?: number; step?: number } = {},
): Tensor {
  const { start = 0, step = 1 } = options
  const values = Array.from({ length: count }, (_, i) => start + i * step)
  return fromData(values, [count], options)
}

/** `count` evenly spaced values from `start` to `stop`, both included. */
export function linspace(start: number, stop: number, count: number, options: CreateOptions = {}): Tensor {
  const values = Array.from({ length: count }, (_, i) =>
    count === 1 ? start : start + ((stop - start) * i) / (count - 1),
  )
  return fromData(values, [count], options)
}

/** The identity matrix of n rows. */
export function eye(n: number, options: CreateOptions = {}): Tensor {
  const values = allocateHost(options.dtype ?? 'float32', n * n)
  for (let i = 0; i < n; i++) values[i * n + i] = 1
  return fromData(values, [n, n], options)
}
