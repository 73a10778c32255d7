import { DeviceError } from '../errors.ts'
import type { GpuJs } from './gpujs.ts'
import { provideWebGpu } from './node-webgpu.ts'

/** Ways gpu.js can run a kernel, best first. `webasm` and `cpu` run on the processor and are taken only by name. */
export const gpuBackends = ['webgpu', 'webgl2', 'headlessgl', 'webasm', 'cpu'] as const

export type GpuBackend = (typeof gpuBackends)[number]

/** What a backend is, apart from whether it is here. */
export interface BackendTraits {
  /** The gpu.js class that must run every kernel; any other one is a silent degradation. */
  readonly kernelClass:
    | 'WebGPUKernel'
    | 'WebGL2Kernel'
    | 'HeadlessGLKernel'
    | 'WebAssemblyKernel'
    | 'CPUKernel'
  /** Results stay in memory that the host cannot see. */
  readonly resident: boolean
  /** Kernel calls answer with a promise. */
  readonly async: boolean
  /** Shading language in which integer division can be written as such. */
  readonly glsl: boolean
  /** Kernels kept compiled: each of webasm's holds a WebAssembly memory of its own. */
  readonly maxKernels: number
}

const gl = { resident: true, async: false, glsl: true, maxKernels: 512 } as const

export const backendTraits: { readonly [B in GpuBackend]: BackendTraits } = {
  webgpu: { kernelClass: 'WebGPUKernel', resident: true, async: true, glsl: false, maxKernels: 512 },
  webgl2: { kernelClass: 'WebGL2Kernel', ...gl },
  headlessgl: { kernelClass: 'HeadlessGLKernel', ...gl },
  webasm: { kernelClass: 'WebAssemblyKernel', resident: false, async: false, glsl: false, maxKernels: 64 },
  cpu: { kernelClass: 'CPUKernel', resident: false, async: false, glsl: false, maxKernels: 512 },
}

/** Why a backend cannot be used here, or undefined where it can. */
async function absence(name: GpuBackend, lib: GpuJs): Promise<string | undefined> {
  switch (name) {
    case 'webgpu': {
      const none = await provideWebGpu()
      if (none !== undefined) return none
      return (await lib.GPU.isWebGPUAvailable()) ? undefined : 'navigator.gpu has no adapter'
    }
    case 'webgl2':
      if (!lib.WebGL2Kernel.isSupported) return 'no WebGL 2 context can be made'
      return lib.WebGL2Kernel.features?.isFloatRead
        ? undefined
        : 'WebGL 2 renders no float textures (EXT_color_buffer_float)'
    case 'headlessgl':
      if (!lib.HeadlessGLKernel.isSupported) return 'the optional package gl is not built'
      return lib.HeadlessGLKernel.features?.isFloatRead ? undefined : 'headless GL renders no float textures'
    case 'webasm':
      return lib.WebAssemblyKernel.isSupported ? undefined : 'no WebAssembly'
    case 'cpu':
      return undefined
  }
}

/** A backend that is here, and why it is the one. */
export interface ChosenBackend {
  readonly backend: GpuBackend
  readonly reason: string
}

/**
 * The backend asked for, or the best one on a graphics processor.
 * @throws {DeviceError} where it is absent, saying what is here and why the others are not.
 */
export async function chooseBackend(lib: GpuJs, wanted: GpuBackend | undefined): Promise<ChosenBackend> {
  if (wanted !== undefined && !gpuBackends.includes(wanted)) {
    throw new DeviceError(`gpu: no backend '${wanted}'; there are: ${gpuBackends.join(', ')}`)
  }
  const candidates = wanted === undefined ? (['webgpu', 'webgl2', 'headlessgl'] as const) : [wanted]
  const absent: string[] = []
  for (const backend of candidates) {
    const why = await absence(backend, lib)
    if (why !== undefined) {
      absent.push(`${backend}: ${why}`)
      continue
    }
    if (wanted !== undefined) return { backend, reason: 'as asked for' }
    return { backend, reason: absent.length === 0 ? 'the best there is' : `as ${absent.join('; ')}` }
  }
  const others = gpuBackends.filter((name) => !(candidates as readonly GpuBackend[]).includes(name))
  for (const name of others) absent.push(`${name}: ${(await absence(name, lib)) ?? 'available'}`)
  const what = wanted === undefined ? 'no graphics processor can be reached' : `backend '${wanted}' is absent`
  throw new DeviceError(`gpu: ${what} (${absent.join('; ')})`)
}
