import type { Half } from '../device.ts'
import { dispatch } from '../dispatch.ts'
import { DeviceError, DTypeError, ShapeError } from '../errors.ts'
import type { CreateOptions } from '../ops/filled.ts'
import { deviceOf } from '../ops/filled.ts'
import type { Shape } from '../shape.ts'
import { assertShape, sizeOf } from '../shape.ts'
import { Storage } from '../storage.ts'
import { Tensor } from '../tensor.ts'
import { fromFloat16 } from './from-float16.ts'
import { toFloat16 } from './to-float16.ts'
import { runWidened, widenedRows } from './wasm.ts'

/** The largest number that float16 holds. */
export const largestFloat16 = 65504

/** What comes with tensors that are stored so. */
const half: Half = {
  widened: ({ buffer, byteOffset, byteLength }) =>
    Float32Array.from(new Uint16Array(buffer, byteOffset, byteLength / 2), fromFloat16),
  store: (values, shape, device) => storeFloat16(values, shape, { device }),
  run: runWidened,
  rows: widenedRows,
}

/**
 * A float32 tensor whose elements are kept as float16, in half the memory: for weights of products and convolutions (and
 * tables for `gather`), which widen them piece by piece. Those computations give the bits that they would with the rounded
 * numbers in float32. Every other one refuses it; {@link widened} gives the same numbers in float32. Numbers are rounded to
 * nearest, ties to even. ADR 24.
 * @throws {DTypeError} for a number beyond ±65504, which would become infinite.
 * @throws {DeviceError} on a device that does not store float16.
 * @example
 * ```ts
 * import { matmul, storeFloat16, tensor, widened } from '@tweedie/tensor'
 * const w = storeFloat16([0.1, 1, 2, 3], [2, 2])
 * w.dtype // => 'float32'
 * matmul(tensor([[1, 0]]), w).toArray() // => [[0.0999755859375, 1]]
 * widened(w).add(1).toArray() // => [[1.0999755859375, 2], [3, 4]]
 * ```
 */
export function storeFloat16(
  values: ArrayLike<number>,
  shape: Shape,
  options: Pick<CreateOptions, 'device'> = {},
): Tensor {
  assertShape('storeFloat16', shape)
  const size = sizeOf(shape)
  if (values.length !== size)
    throw new ShapeError('storeFloat16', `${values.length} values for a shape of ${size}`, [shape])
  const device = deviceOf(options)
  if (device.storesHalf !== true)
    throw new DeviceError(`storeFloat16: the device '${device.name}' does not store float16`)
  // Two to a float32 of the device's.
  const bits = new Uint16Array(2 * Math.ceil(size / 2))
  for (let i = 0; i < size; i++) {
    const value = values[i]!
    bits[i] = toFloat16(value)
    if ((bits[i]! & 0x7fff) === 0x7c00 && Number.isFinite(value))
      throw new DTypeError(
        'storeFloat16',
        `${value} at element ${i} is beyond ±${largestFloat16}, the largest float16`,
      )
  }
  const words = new Float32Array(bits.buffer)
  const buffer = device.allocate('float32', words.length)
  device.write(buffer, 'float32', words)
  return Tensor.make(new Storage(device, 'float32', words.length, buffer, half), [...shape])
}

/**
 * The same values in float32: x itself where it is not stored as float16. Differentiable.
 * @example
 * ```ts
 * import { storeFloat16, widened } from '@tweedie/tensor'
 * widened(storeFloat16([1, 2.5], [2])).toArray() // => [1, 2.5]
 * ```
 */
export const widened = (x: Tensor): Tensor => (x.half === undefined ? x : dispatch('contiguous', [x], {}))
