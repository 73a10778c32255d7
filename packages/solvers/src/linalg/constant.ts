import type { Device, DType, Shape, Tensor } from '@tweedie/tensor'
import { fromData, unscoped } from '@tweedie/tensor'

/** What a constant must match to meet a tensor in an op. */
interface Like {
  readonly dtype: DType
  readonly device: Device
}

/**
 * Host numbers as tensors: `constant(data, shape)(x)` is the tensor with the element type and device of x
 * (int32 data stays int32). Each is made when first asked for and kept as long as the returned function
 * lives, whatever scope is open, so it must not be disposed of.
 */
export function constant(data: Float64Array | Int32Array, shape: Shape): (like: Like) => Tensor {
  const made = new Map<Device, Map<DType, Tensor>>()
  return ({ dtype: wanted, device }) => {
    const dtype = data instanceof Int32Array ? 'int32' : wanted
    let onDevice = made.get(device)
    if (onDevice === undefined) made.set(device, (onDevice = new Map()))
    let tensor = onDevice.get(dtype)
    if (tensor === undefined) {
      tensor = unscoped(() => fromData(data, shape, { dtype, device }))
      onDevice.set(dtype, tensor)
    }
    return tensor
  }
}
