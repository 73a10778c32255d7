import type { NdArray } from 'ndarray'
import { getDevice } from '../devices.ts'
import type { TypedArray } from '../dtype.ts'
import { dtypeOf } from '../dtype.ts'
import { DTypeError } from '../errors.ts'
import type { CreateOptions } from '../ops/create.ts'
import { fromData } from '../ops/create.ts'
import { sizeOf } from '../shape.ts'
import { Storage } from '../storage.ts'
import { Tensor } from '../tensor.ts'

/**
 * A tensor of the elements of an `ndarray`, whatever its strides. On the reference device it is a window on the
 * array's own memory where the element type allows, so leave that unchanged; elsewhere a copy. Arrays of other
 * element types (uint8 pixels, plain arrays) need a `dtype`.
 * @example
 * ```ts
 * import ndarray from 'ndarray'
 * import { fromNdarray } from '@tweedie/tensor'
 * const image = ndarray(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3])
 * Array.from(fromNdarray(image.transpose(1, 0)).dataSync()) // => [1, 4, 2, 5, 3, 6]
 * ```
 */
export function fromNdarray(nd: NdArray, options: CreateOptions = {}): Tensor {
  const known = [Float32Array, Float64Array, Int32Array].some((kind) => nd.data instanceof kind)
  if (options.dtype === undefined && !known) {
    throw new DTypeError(
      'fromNdarray',
      `an ndarray of ${nd.dtype} needs an explicit dtype, such as { dtype: 'float32' }`,
    )
  }
  const dtype = options.dtype ?? dtypeOf(nd.data as TypedArray)
  const device = typeof options.device === 'object' ? options.device : getDevice(options.device)
  if (device.name === 'reference' && known && dtype === dtypeOf(nd.data as TypedArray)) {
    const storage = new Storage(device, dtype, nd.data.length, nd.data)
    return Tensor.make(storage, [...nd.shape], [...nd.stride], nd.offset)
  }
  return fromData(rowMajorValues(nd), [...nd.shape], { dtype, device })
}

/** The elements in row-major order. */
function rowMajorValues(nd: NdArray): Float64Array {
  const { shape, stride } = nd
  const values = new Float64Array(sizeOf(shape))
  const index = new Array<number>(shape.length).fill(0)
  const data = nd.data as ArrayLike<number>
  let at = nd.offset
  for (let i = 0; i < values.length; i++) {
    values[i] = data[at]!
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += stride[axis]!
      if (++index[axis]! < shape[axis]!) break
      at -= stride[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
  return values
}
