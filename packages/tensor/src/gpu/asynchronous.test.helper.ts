import type { GpuDevice } from './device.ts'
import { GpuJsDevice } from './device.ts'
import { importGpuJs } from './gpujs.ts'
import { surroundings } from './limits.ts'
import { KernelRunner } from './runner.ts'

/** A gpu device that answers as WebGPU does, by promises, on gpu.js's processor mode: for tests where there is no WebGPU. */
export async function asynchronousDevice(): Promise<GpuDevice> {
  const lib = await importGpuJs()
  const runner = new KernelRunner(lib, 'cpu')
  const waiting = {
    backend: 'cpu',
    traits: { ...runner.traits, async: true },
    compile(...kernel: Parameters<KernelRunner['compile']>) {
      const { run, destroy } = runner.compile(...kernel)
      return { run: async (inputs: readonly unknown[]) => run(inputs), destroy }
    },
    hostInput: (values: Float32Array) => runner.hostInput(values),
    destroy: () => runner.destroy(),
  } as unknown as KernelRunner
  return new GpuJsDevice(waiting, await surroundings(lib, 'cpu', undefined))
}
