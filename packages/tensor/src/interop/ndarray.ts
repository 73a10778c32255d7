import type { NdArray } from 'ndarray'
import ndarray from 'ndarray'
import type { TypedArray } from '../dtype.ts'
import { dtypeOf } from '../dtype.ts'
import { DTypeError } from '../errors.ts'
import type { CreateOptions } from '../ops/create.ts'
import { fromData } from '../ops/create.ts'
import { sizeOf } from '../shape.ts'
import type { Tensor } from '../tensor.ts'

/** A window on a reference-device tensor's own memory; a row-major copy from any other device. */
export function toNdarray(x: Tensor): NdArray<TypedArray> {
  if (x.device.name === 'reference') {
    const live = x.device.hostView!(x.buffer, x.dtype, x.storage.length)
    return ndarray(live, [...x.shape], [...x.strides], x.offset)
  }
  return ndarray(x.dataSync(), [...x.shape])
}

/**
 * A tensor of the elements of an `ndarray`, whatever its strides. Arrays of other element types (uint8
 * pixels, plain arrays) need a `dtype`.
 */
export function fromNdarray(nd: NdArray, options: CreateOptions = {}): Tensor {
  const shape = [...nd.shape]
  const size = sizeOf(shape)
  const values = new Float64Array(size)
  const index = new Array<number>(shape.length).fill(0)
  const data = nd.data as ArrayLike<number>
  let at = nd.offset
  for (let i = 0; i < size; i++) {
    values[i] = data[at]!
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += nd.stride[axis]!
      if (++index[axis]! < shape[axis]!) break
      at -= nd.stride[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
  const known = [Float32Array, Float64Array, Int32Array].some((kind) => nd.data instanceof kind)
  if (options.dtype === undefined && !known) {
    throw new DTypeError(
      'fromNdarray',
      `an ndarray of ${nd.dtype} needs an explicit dtype, such as { dtype: 'float32' }`,
    )
  }
  return fromData(values, shape, { ...options, dtype: options.dtype ?? dtypeOf(nd.data as TypedArray) })
}
