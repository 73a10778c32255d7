import type { Device } from '../device.ts'
import { getDevice } from '../devices.ts'
import type { DType, TypedArray } from '../dtype.ts'
import { allocateHost, requireDType } from '../dtype.ts'
import type { Shape } from '../shape.ts'
import { assertShape, sizeOf } from '../shape.ts'
import { Storage } from '../storage.ts'
import { Tensor } from '../tensor.ts'

/** Where and in what type a new tensor is made; float32 on the default device where left out. */
export interface CreateOptions {
  dtype?: DType
  device?: string | Device
}

export const deviceOf = (options: CreateOptions): Device =>
  typeof options.device === 'object' ? options.device : getDevice(options.device)

/** Memory of a device that is to be written. */
export interface Fresh {
  readonly device: Device
  readonly dtype: DType
  readonly size: number
  readonly buffer: unknown
}

/**
 * A tensor whose elements `write` puts, in row-major order, into memory that may hold anything.
 * @throws {ShapeError} for what is no shape; {OutOfMemoryError} where the device has no room for it.
 */
export function written(
  op: string,
  shape: Shape,
  write: (fresh: Fresh) => void,
  options: CreateOptions = {},
): Tensor {
  const dtype = options.dtype ?? 'float32'
  requireDType(op, dtype)
  assertShape(op, shape)
  const size = sizeOf(shape)
  const device = deviceOf(options)
  const buffer = device.allocate(dtype, size)
  try {
    write({ device, dtype, size, buffer })
  } catch (error) {
    device.free(buffer, dtype, size)
    throw error
  }
  return Tensor.make(new Storage(device, dtype, size, buffer), [...shape])
}

/**
 * A tensor whose elements `fill` writes, in row-major order, into an array of zeros: the device's own memory where the
 * host reaches it. Nothing is written before the device has room.
 * @param zeroed - Whether there are zeros before; without, `fill` has to write every element.
 * @throws {ShapeError} for what is no shape; {OutOfMemoryError} where the device has no room for it.
 */
export function filled(
  op: string,
  shape: Shape,
  fill: (values: TypedArray) => void,
  options: CreateOptions = {},
  zeroed = true,
): Tensor {
  const write = ({ device, dtype, size, buffer }: Fresh) => {
    const values = device.hostView?.(buffer, dtype, size) ?? allocateHost(dtype, size)
    if (zeroed) values.fill(0)
    fill(values)
    if (device.hostView === undefined) device.write(buffer, dtype, values)
  }
  return written(op, shape, write, options)
}
