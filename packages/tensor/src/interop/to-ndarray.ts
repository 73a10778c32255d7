import type { NdArray } from 'ndarray'
import type { TypedArray } from '../dtype.ts'
import { rowMajorStrides } from '../shape.ts'
import type { Tensor } from '../tensor.ts'
import { NdView } from './nd-view.ts'

/** A window on a reference-device tensor's own memory; a row-major copy from any other device. */
export function toNdarray(x: Tensor): NdArray<TypedArray> {
  if (x.device.name === 'reference') {
    const live = x.device.hostView!(x.buffer, x.dtype, x.storage.length)
    return new NdView(live, x.shape, x.strides, x.offset)
  }
  return new NdView(x.dataSync(), x.shape, rowMajorStrides(x.shape), 0)
}
