import { availableDevices, setDefaultDevice } from '@tweedie/tensor'

/** What `--device` takes; the first is the default. */
export const deviceNames = ['wasm', 'gpu', 'reference'] as const

/**
 * Runs `work` with a device as the default of all new tensors.
 * @throws {DeviceError} where it is not there, saying why; never does the work elsewhere instead.
 */
export async function onDevice<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (name === 'gpu' && !availableDevices().includes('gpu')) {
    const { loadGpu } = await import('@tweedie/tensor/gpu')
    await loadGpu()
  }
  const former = setDefaultDevice(name)
  try {
    return await work()
  } finally {
    setDefaultDevice(former)
  }
}
