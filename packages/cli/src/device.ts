import { OptionError, setDefaultDevice } from '@tweedie/tensor'
import type { GpuBackend } from '@tweedie/tensor/gpu'

/** What `--device` takes; the first is the default. */
export const deviceNames = ['wasm', 'gpu', 'reference'] as const

/** What `--backend` takes: ways of gpu.js to run the kernels of `--device gpu`. */
export const backendNames = [
  'webgpu',
  'webgl2',
  'headlessgl',
  'webasm',
  'cpu',
] as const satisfies readonly GpuBackend[]

/** The options of a command that computes. */
export interface DeviceOptions {
  readonly device: string
  /** Of `gpu`; the best that is here where left out. */
  readonly backend?: GpuBackend | undefined
}

/**
 * Runs `work` with a device as the default of all new tensors.
 * @throws {OptionError} for a backend of a device that has none.
 * @throws {DeviceError} where it is not there, saying why; never does the work elsewhere instead.
 */
export async function onDevice<T>({ device, backend }: DeviceOptions, work: () => Promise<T>): Promise<T> {
  if (device === 'gpu') {
    const { loadGpu } = await import('@tweedie/tensor/gpu')
    await loadGpu(backend && { backend })
  } else if (backend !== undefined)
    throw new OptionError('--backend', `is of --device gpu, got '${backend}' with --device ${device}`)
  const former = setDefaultDevice(device)
  try {
    return await work()
  } finally {
    setDefaultDevice(former)
  }
}
