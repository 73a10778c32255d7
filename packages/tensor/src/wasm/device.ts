import type { Device } from '../device.ts'
import { ReferenceDevice } from '../reference/index.ts'
export function createWasmDevice(): Device {
  return new ReferenceDevice()
}
