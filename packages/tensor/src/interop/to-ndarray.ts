import type { NdArray } from 'ndarray'
import ndarray from 'ndarray'
import type { TypedArray } from '../dtype.ts'
import type { Tensor } from '../tensor.ts'

/**
 * An array of the npm package `ndarray` with the elements of a tensor: a window on the memory of a tensor of the reference
 * device, so leave that unchanged; a row-major copy from any other device. It is in an entry of its own, since `ndarray`
 * compiles code from text, which a page with a content security policy forbids.
 * @throws {DeviceError} on a device whose memory the host cannot reach.
 * @example
 * ```ts
 * import { tensor } from '@tweedie/tensor'
 * import { toNdarray } from '@tweedie/tensor/ndarray'
 * const nd = toNdarray(tensor([[1, 2, 3], [4, 5, 6]]))
 * nd.transpose(1, 0).get(2, 1) // => 6
 * ```
 */
export function toNdarray(x: Tensor): NdArray<TypedArray> {
  const { device, shape } = x
  if (device.name === 'reference' && device.hostView !== undefined) {
    const live = device.hostView(x.buffer, x.dtype, x.storage.length)
    return ndarray<TypedArray>(live, [...shape], [...x.strides], x.offset)
  }
  return ndarray<TypedArray>(x.dataSync(), [...shape])
}
