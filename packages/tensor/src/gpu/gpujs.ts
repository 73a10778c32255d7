import { DeviceError } from '../errors.ts'
import type { WebGpuDevice } from './thrift.ts'

/** What a kernel leaves on the device: a texture or buffer handle, or plain floats where there is no device memory. */
export type Handle = Float32Array | ResidentHandle

/** The part of gpu.js's `Texture` and `WebGPUBufferResult` that this device uses. */
export interface ResidentHandle {
  delete(): void
  /** WebGL only: the texture, which counts the handles that share it, and its context. */
  readonly texture?: object & { readonly _refs?: number }
  readonly context?: unknown
  /** WebGPU only: the buffer, and the kernel, which holds the latest buffer that it has filled until it runs again. */
  readonly buffer?: { destroy(): void }
  readonly kernel?: { outputBuffer?: unknown }
}

/** What a kernel leaves on WebGPU: a count of the handles that share it is kept with the buffer. */
export interface BufferHandle extends ResidentHandle {
  readonly buffer: { destroy(): void }
  readonly kernel: { outputBuffer?: unknown }
}

/** A compiled gpu.js kernel: callable, with the object that really runs it in `kernel`. */
export interface GpuJsKernel {
  (...inputs: unknown[]): unknown
  readonly kernel: { readonly constructor: unknown; readonly fallbackReason?: string | null }
  destroy(): void
}

interface FunctionTypes {
  readonly argumentTypes: Readonly<Record<string, string>>
  readonly returnType: string
}

/** Kernels in a row as one plan: called with flat arrays, it promises those of the results. */
export interface GpuJsPipeline {
  (...inputs: Float32Array[]): Promise<Float32Array[]>
  /** `fused-…` where the plan runs as a whole, `generic` where its kernels are called one by one. */
  readonly executorKind: string
  readonly fallbackReason: string | null
  readonly plan: { readonly buffers: readonly { readonly output: readonly number[] }[] } | null
  destroy(): Promise<void>
}

export interface GpuJsInstance {
  createPipeline(
    orchestrate: (...inputs: unknown[]) => unknown[],
    settings: { readonly threads: boolean },
  ): GpuJsPipeline
  createKernel(source: string, settings: Readonly<Record<string, unknown>>): GpuJsKernel
  addFunction(source: string, types: FunctionTypes): unknown
  addNativeFunction(name: string, source: string, types: FunctionTypes): unknown
  destroy(): Promise<void>
}

interface KernelClass {
  readonly isSupported?: boolean
  readonly features?: { readonly isFloatRead: boolean; readonly maxTextureSize: number } | null
}

/** The exports of gpu.js that this device uses. */
export interface GpuJs {
  readonly GPU: {
    new (settings: { mode: string }): GpuJsInstance
    isWebGPUAvailable(): Promise<boolean>
  }
  readonly WebGPUKernel: KernelClass
  readonly WebGL2Kernel: KernelClass
  readonly HeadlessGLKernel: KernelClass
  readonly WebAssemblyKernel: KernelClass
  readonly CPUKernel: KernelClass
  readonly WebGPUBufferResult: new (settings: {
    buffer: unknown
    context: unknown
    kernel: unknown
    output: readonly number[]
    componentCount: number
  }) => BufferHandle
  readonly WebGPUContext: { acquire(): Promise<{ readonly adapter: GPUAdapter; readonly device: GPUDevice }> }
  input(values: Float32Array, size: readonly number[]): unknown
}

/** The WebGPU objects this device looks at (the DOM library of this TypeScript need not know them). */
export interface GPUAdapter {
  readonly info?: { readonly vendor: string; readonly architecture: string; readonly description: string }
}

export interface GPUDevice extends WebGpuDevice {
  readonly lost: Promise<{ readonly reason?: string; readonly message: string }>
  readonly limits: { readonly maxStorageBufferBindingSize: number; readonly maxBufferSize: number }
  addEventListener(type: 'uncapturederror', listener: (event: { error: { message: string } }) => void): void
}

/**
 * Imports gpu.js when it is first needed. It is CommonJS, so its exports arrive as `default` or as names, and its
 * browser build exports the class `GPU` with everything else hung on it.
 * @throws {DeviceError} where the package cannot be loaded.
 */
export async function importGpuJs(): Promise<GpuJs> {
  let module: { readonly default?: unknown }
  try {
    module = (await import('gpu.js')) as unknown as { readonly default?: unknown }
  } catch (cause) {
    throw new DeviceError(
      `gpu: the package gpu.js, an optional peer of @tweedie/tensor, cannot be loaded; install it with ` +
        `\`npm i gpu.js\` (${(cause as Error).message.split('\n')[0]})`,
      { cause },
    )
  }
  return (module.default ?? module) as GpuJs
}
