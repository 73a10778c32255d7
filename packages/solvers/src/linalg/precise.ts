import { isTracked } from '@tweedie/autograd'
import type { Device, Tensor } from '@tweedie/tensor'
import { DeviceError, fromData, getDevice } from '@tweedie/tensor'

const known = new WeakMap<Device, boolean>()

function hasFloat64(device: Device): boolean {
  let has = known.get(device)
  if (has === undefined) known.set(device, (has = device.info().dtypes.includes('float64')))
  return has
}

/** A device that has float64: the one given (or the default), or where it has none, `wasm`. */
export function preciseDevice(device: string | Device = getDevice()): Device {
  const own = typeof device === 'string' ? getDevice(device) : device
  return hasFloat64(own) ? own : getDevice('wasm')
}

/**
 * x in float64: on its device, or where that has no float64, a copy on `wasm`, for what is worked out on the host.
 * @throws {DeviceError} where that copy would lose a derivative, or the device cannot be read at once.
 */
export function inFloat64(x: Tensor): Tensor {
  if (hasFloat64(x.device)) return x.cast('float64')
  if (isTracked(x)) {
    throw new DeviceError(
      `${x.device.name}: a derivative in float64 is wanted, which this device does not have; use another device`,
    )
  }
  return fromData(Float64Array.from(x.dataSync()), x.shape, { device: preciseDevice(x.device) })
}
