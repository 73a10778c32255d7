import { DeviceError } from '../errors.ts'

/**
 * A graphics context that is gone, by a reset of the driver, a card that was unplugged, or a page that held too many. What
 * was on it is gone too; `await loadGpu()` makes a new device.
 */
export class DeviceLostError extends DeviceError {
  override readonly name = 'DeviceLostError'
  constructor(backend: string, why: string) {
    super(`gpu (${backend}): ${why}, and with it all that was there; \`await loadGpu()\` makes a new device`)
  }
}
