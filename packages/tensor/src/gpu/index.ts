import { registerDevice } from '../devices.ts'
import type { GpuBackend } from './backends.ts'
import { chooseBackend } from './backends.ts'
import { GpuJsDevice } from './device.ts'
import type { GpuJs } from './gpujs.ts'
import { importGpuJs } from './gpujs.ts'
import { surroundings } from './limits.ts'
import { examine } from './probe.ts'
import { KernelRunner } from './runner.ts'
import type { GpuDevice } from './stats.ts'

export type { GpuBackend } from './backends.ts'
export { gpuBackends } from './backends.ts'
export type { KernelCounts } from './count.ts'
export { countKernels } from './count.ts'
export { DeviceLostError } from './lost.ts'
export type { GpuDevice, GpuStats } from './stats.ts'

export { supportTable as gpuSupportTable } from './support.ts'

export interface LoadGpuOptions {
  /**
   * How to run kernels. Left out: the first of `webgpu`, `webgl2`, `headlessgl` that is here. `webasm` and `cpu`
   * are gpu.js on the processor, and taken only when named.
   */
  readonly backend?: GpuBackend
}

const opened = new Map<GpuBackend, Promise<GpuJsDevice>>()

async function open(lib: GpuJs, backend: GpuBackend): Promise<GpuJsDevice> {
  const runner = new KernelRunner(lib, backend)
  try {
    const { context, notes } = await examine(runner)
    return new GpuJsDevice(runner, await surroundings(lib, backend, context), notes)
  } catch (error) {
    await runner.destroy()
    throw error
  }
}

/** The device of a backend: one, until it is closed or lost. */
function opening(lib: GpuJs, backend: GpuBackend): Promise<GpuJsDevice> {
  const before = opened.get(backend)
  const next = (async () => {
    const former = await before?.catch(() => undefined)
    if (former?.isGone === false) return former
    void former?.close().catch(() => undefined) // what is lost may refuse to be cleared away
    return open(lib, backend)
  })()
  opened.set(backend, next)
  return next
}

/**
 * Loads gpu.js and makes its device available as `gpu`. What `device.info()` reports is what really runs: a kernel
 * that gpu.js would run anywhere else is a {@link DeviceError}, and so is a primitive without kernel. Loading a
 * backend again gives the same device until it is closed, or its context lost. In Node, WebGPU is that of the package `webgpu` (`npm i webgpu`), which
 * becomes `navigator.gpu`.
 * @throws {DeviceError} where the backend is absent or not fit to compute, saying what is available and why.
 * @example
 * ```ts
 * import { add, fromData } from '@tweedie/tensor'
 * import { loadGpu } from '@tweedie/tensor/gpu'
 *
 * const device = await loadGpu({ backend: 'cpu' })
 * const x = fromData([1, 2, 3], [3], { device })
 * Array.from(await add(x, 1).data()) // => [2, 3, 4]
 * ```
 */
export async function loadGpu(options: LoadGpuOptions = {}): Promise<GpuDevice> {
  const lib = await importGpuJs()
  const { device, reason } = await chooseBackend(lib, options.backend, (backend) => opening(lib, backend))
  device.chosen(reason)
  registerDevice(device.name, () => device)
  return device
}
