import { DeviceError } from '../errors.ts'
import type { GpuBackend } from './backends.ts'
import type { GpuJs } from './gpujs.ts'
import { thrifty } from './thrift.ts'

/** What one backend can hold here, and what its driver has to say. */
export interface Surroundings {
  /** Elements of the largest buffer. */
  readonly maxElements: number
  /** Where that limit comes from. */
  readonly limit: string
  readonly notes: readonly string[]
  /** Whether the renderer is a program on the processor. */
  readonly software: boolean
  /** Why nothing can be had any more, if nothing can. */
  lost(): string | undefined
  /** Waits a moment for the word that the context is gone, which may come after what failed by it. */
  afterFailure(): Promise<unknown>
  /** Why results since the last call cannot be trusted (an error of the driver), if they cannot. */
  trouble(): string | undefined
  /** Bytes of buffers that nobody holds and that are kept for what comes. */
  spareBytes(): number
  /** Gives back what gpu.js leaves open when its last kernel is gone. */
  close(): void
}

/** Index arithmetic is exact up to here on every backend. */
const maxIndex = 2 ** 28

/** Milliseconds. */
const moment = 200

const programs = /swiftshader|llvmpipe|softpipe|software|basic render/i

function rendererFacts(renderer: string): Pick<Surroundings, 'software' | 'notes'> {
  const software = programs.test(renderer)
  const slow = software ? ['software renderer: correct, and slow'] : []
  return { software, notes: [`renderer: ${renderer}`, ...slow] }
}

function webGlSurroundings(maxTextureSize: number, gl: WebGL2RenderingContext): Surroundings {
  const debug = gl.getExtension('WEBGL_debug_renderer_info')
  const renderer = gl.getParameter(debug === null ? gl.RENDERER : debug.UNMASKED_RENDERER_WEBGL)
  return {
    maxElements: Math.min(maxTextureSize ** 2, maxIndex),
    limit: `textures of at most ${maxTextureSize} × ${maxTextureSize}`,
    ...rendererFacts(String(renderer)),
    afterFailure: () => Promise.resolve(),
    lost: () => (gl.isContextLost() ? 'the WebGL context was lost' : undefined),
    trouble: () => {
      const code = gl.getError()
      if (code === gl.OUT_OF_MEMORY) return 'WebGL ran out of memory'
      return code === gl.NO_ERROR ? undefined : `WebGL error ${code}`
    },
    spareBytes: () => 0,
    close: () => gl.getExtension('WEBGL_lose_context')?.loseContext(),
  }
}

async function webGpuSurroundings(lib: GpuJs): Promise<Surroundings> {
  const { adapter, device } = await lib.WebGPUContext.acquire()
  const { spareBytes, clear } = thrifty(device)
  const errors: string[] = []
  let lost: string | undefined
  void device.lost.then(({ reason, message }) => {
    lost = `the WebGPU device was lost (${[reason, message].filter((text) => text).join(': ')})`
  })
  device.addEventListener('uncapturederror', ({ error }) => errors.push(error.message))
  const bytes = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize)
  const { vendor = '', architecture = '', description = '' } = adapter.info ?? {}
  return {
    maxElements: Math.min(Math.floor(bytes / 4), maxIndex),
    limit: `storage buffers of at most ${bytes} bytes`,
    ...rendererFacts(
      [vendor, architecture, description].filter((text) => text !== '').join(' ') || 'unknown',
    ),
    lost: () => lost,
    afterFailure: () => Promise.race([device.lost, new Promise((resolve) => setTimeout(resolve, moment))]),
    trouble: () => (errors.length === 0 ? undefined : `WebGPU: ${errors.splice(0).join('; ')}`),
    spareBytes,
    close: clear, // and not the device: gpu.js shares one among all that use it
  }
}

/** Asks the driver what it is. `gl` is the context of the kernels, where the backend has one. */
export async function surroundings(lib: GpuJs, backend: GpuBackend, gl: unknown): Promise<Surroundings> {
  switch (backend) {
    case 'webgpu':
      return webGpuSurroundings(lib)
    case 'webgl2':
    case 'headlessgl': {
      const features = backend === 'webgl2' ? lib.WebGL2Kernel.features : lib.HeadlessGLKernel.features
      if (!features || !gl) throw new DeviceError(`gpu: ${backend} gave no context`)
      return webGlSurroundings(features.maxTextureSize, gl as WebGL2RenderingContext)
    }
    default:
      return {
        maxElements: maxIndex / 4,
        limit: 'kernel memories of 1 GiB',
        notes: [`gpu.js mode '${backend}': the kernels run on the processor, in one thread`],
        software: true,
        lost: () => undefined,
        afterFailure: () => Promise.resolve(),
        trouble: () => undefined,
        spareBytes: () => 0,
        close: () => {},
      }
  }
}
