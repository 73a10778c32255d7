import { GpuJsDevice } from './device.ts'
import { importGpuJs } from './gpujs.ts'
import { surroundings } from './limits.ts'
import { KernelRunner } from './runner.ts'
import type { GpuDevice } from './stats.ts'

/** A runner that answers by promises. */
const waiting = (runner: KernelRunner): KernelRunner =>
  new Proxy(runner, {
    get(target, name) {
      if (name === 'traits') return { ...target.traits, async: true }
      if (name === 'compile')
        return (...kernel: Parameters<KernelRunner['compile']>) => {
          const { run, destroy } = target.compile(...kernel)
          return { run: async (...inputs: Parameters<typeof run>) => run(...inputs), destroy }
        }
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })

/**
 * A gpu device that answers as WebGPU does, by promises, on gpu.js's processor mode: for tests where there is no WebGPU.
 * @param wideFrom - Elements of a contraction from which on a thread computes several.
 */
export async function asynchronousDevice(wideFrom?: number): Promise<GpuDevice> {
  const lib = await importGpuJs()
  const runner = waiting(new KernelRunner(lib, 'cpu'))
  return new GpuJsDevice(runner, await surroundings(lib, 'cpu', undefined), [], undefined, wideFrom)
}
