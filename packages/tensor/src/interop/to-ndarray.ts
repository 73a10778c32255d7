import type { NdArray } from 'ndarray'
import ndarray from 'ndarray'
import type { TypedArray } from '../dtype.ts'
import type { Tensor } from '../tensor.ts'

/** A window on a reference-device tensor's own memory; a row-major copy from any other device. */
export function toNdarray(x: Tensor): NdArray<TypedArray> {
  if (x.device.name === 'reference') {
    const live = x.device.hostView!(x.buffer, x.dtype, x.storage.length)
    return ndarray(live, [...x.shape], [...x.strides], x.offset)
  }
  return ndarray(x.dataSync(), [...x.shape])
}
