import { DeviceError } from '../errors.ts'
import type { GpuJs } from './gpujs.ts'
import { inNode, provideWebGpu } from './node-webgpu.ts'

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
  /** A kernel keeps its latest result until it runs again, though nobody else needs it. */
  readonly keepsResults: boolean
  /** Kernel calls answer with a promise. */
  readonly async: boolean
  /** Shading language in which integer division can be written as such. */
  readonly glsl: boolean
  /** Kernels kept compiled: each of webasm's holds a WebAssembly memory of its own. */
  readonly maxKernels: number
}

const gl = { resident: true, keepsResults: true, async: false, glsl: true, maxKernels: 512 } as const

export const backendTraits: { readonly [B in GpuBackend]: BackendTraits } = {
  webgpu: {
    kernelClass: 'WebGPUKernel',
    resident: true,
    keepsResults: false,
    async: true,
    glsl: false,
    maxKernels: 2048,
  },
  webgl2: { kernelClass: 'WebGL2Kernel', ...gl },
  headlessgl: { kernelClass: 'HeadlessGLKernel', ...gl },
  webasm: {
    kernelClass: 'WebAssemblyKernel',
    resident: false,
    keepsResults: true,
    async: false,
    glsl: false,
    maxKernels: 64,
  },
  cpu: {
    kernelClass: 'CPUKernel',
    resident: false,
    keepsResults: true,
    async: false,
    glsl: false,
    maxKernels: 512,
  },
}

/** What a Node program has to do for headless GL. */
const headlessHelp =
  'the optional package gl is not built; `npm i gl` builds it where there are Python, a C++ compiler and the headers of X and ' +
  'OpenGL (Debian: build-essential pkg-config libxi-dev libgl1-mesa-dev), and it needs a display (xvfb-run)'

/** Why a backend cannot be used here, and what would help; undefined where it can. */
async function absence(name: GpuBackend, lib: GpuJs): Promise<string | undefined> {
  switch (name) {
    case 'webgpu': {
      const none = await provideWebGpu()
      if (none !== undefined) return none
      return (await lib.GPU.isWebGPUAvailable())
        ? undefined
        : 'navigator.gpu has no adapter: no driver (on Linux, of Vulkan), or a browser that blocks it'
    }
    case 'webgl2':
      if (!lib.WebGL2Kernel.isSupported)
        return inNode() ? 'Node has no WebGL 2; browsers do' : 'no WebGL 2 context can be made'
      return lib.WebGL2Kernel.features?.isFloatRead
        ? undefined
        : 'WebGL 2 renders no float textures (EXT_color_buffer_float)'
    case 'headlessgl':
      if (!lib.HeadlessGLKernel.isSupported) return headlessHelp
      return lib.HeadlessGLKernel.features?.isFloatRead ? undefined : 'headless GL renders no float textures'
    case 'webasm':
      return lib.WebAssemblyKernel.isSupported ? undefined : 'no WebAssembly'
    case 'cpu':
      return undefined
  }
}

/** Backends that are taken without being named, best first. */
const automatic = ['webgpu', 'webgl2', 'headlessgl'] as const satisfies readonly GpuBackend[]

/** A device, and why its backend is the one. */
export interface Chosen<D> {
  readonly device: D
  readonly reason: string
}

/**
 * Opens the backend asked for, or the best one on a graphics processor: one that is there, fit to compute, and no program
 * on the processor where another is not.
 *
 * @param open - Makes a device of a backend that is there, or says in a DeviceError why it is not fit.
 * @throws {DeviceError} where there is none, saying what is here, why the others are not, and what would help.
 */
export async function chooseBackend<D extends { readonly isSoftware: boolean }>(
  lib: GpuJs,
  wanted: GpuBackend | undefined,
  open: (backend: GpuBackend) => Promise<D>,
): Promise<Chosen<D>> {
  if (wanted !== undefined && !gpuBackends.includes(wanted)) {
    throw new DeviceError(`gpu: no backend '${wanted}'; there are: ${gpuBackends.join(', ')}`)
  }
  if (wanted !== undefined) {
    const why = await absence(wanted, lib)
    if (why === undefined) return { device: await open(wanted), reason: 'as asked for' }
    const others = await told(lib, without([wanted]))
    throw new DeviceError(`gpu: backend '${wanted}' is absent (${wanted}: ${why}; ${others})`)
  }
  const passed: string[] = []
  let software: D | undefined
  for (const backend of automatic) {
    const found = await fit(lib, backend, open)
    if (typeof found === 'string') passed.push(`${backend}: ${found}`)
    else if (!found.isSoftware) {
      return { device: found, reason: passed.length === 0 ? 'the best there is' : `as ${passed.join('; ')}` }
    } else {
      software ??= found
      passed.push(`${backend}: a software renderer`)
    }
  }
  if (software !== undefined) return { device: software, reason: `the best there is (${passed.join('; ')})` }
  const others = await told(lib, without(automatic))
  throw new DeviceError(`gpu: no graphics processor can be reached (${passed.join('; ')}; ${others})`)
}

/** A device of a backend, or why there is none. */
async function fit<D>(
  lib: GpuJs,
  backend: GpuBackend,
  open: (backend: GpuBackend) => Promise<D>,
): Promise<D | string> {
  const why = await absence(backend, lib)
  if (why !== undefined) return why
  try {
    return await open(backend)
  } catch (error) {
    if (error instanceof DeviceError) return error.message
    throw error
  }
}

const without = (names: readonly GpuBackend[]): GpuBackend[] =>
  gpuBackends.filter((name) => !names.includes(name))

async function told(lib: GpuJs, names: readonly GpuBackend[]): Promise<string> {
  const words = names.map(async (name) => `${name}: ${(await absence(name, lib)) ?? 'available'}`)
  return (await Promise.all(words)).join('; ')
}
