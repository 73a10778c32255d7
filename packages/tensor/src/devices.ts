import type { Device } from './device.ts'
import { DeviceError } from './errors.ts'
import { ReferenceDevice } from './reference/index.ts'
import { createWasmDevice } from './wasm/device.ts'

const devices = new Map<string, Device>()
const factories = new Map<string, () => Device>([
  ['wasm', () => createWasmDevice()],
  ['reference', () => new ReferenceDevice()],
])
let defaultName = 'wasm'

/** Offers a device under a name; it is built when first asked for. */
export function registerDevice(name: string, factory: () => Device): void {
  devices.delete(name)
  factories.set(name, factory)
}

/** Names that {@link getDevice} accepts now. */
export const availableDevices = (): string[] => [...factories.keys()]

/**
 * A device by name.
 * @throws {DeviceError} where there is none of that name, saying what is available and why.
 */
export function getDevice(name: string = defaultName): Device {
  const existing = devices.get(name)
  if (existing !== undefined) return existing
  const factory = factories.get(name)
  if (factory === undefined) {
    const hint = name === 'gpu' ? "; load it with `await loadGpu()` from '@tweedie/tensor/gpu'" : ''
    throw new DeviceError(`no device '${name}' here; available: ${availableDevices().join(', ')}${hint}`)
  }
  const device = factory()
  devices.set(name, device)
  return device
}

/** The device of a name if it was asked for before. */
export const builtDevice = (name: string): Device | undefined => devices.get(name)

/** Makes `name` the device of tensors created without one, and returns the former default. */
export function setDefaultDevice(name: string): string {
  getDevice(name)
  const former = defaultName
  defaultName = name
  return former
}
