import { DeviceError } from '../errors.ts'
import { sizeOf } from '../shape.ts'
import type { BackendTraits, GpuBackend } from './backends.ts'
import { backendTraits } from './backends.ts'
import type { BufferHandle, GpuJs, GpuJsInstance, GpuJsKernel, GpuJsPipeline } from './gpujs.ts'
import { floatFunctions, glslFunctions, integerFunctions } from './kernels/functions.ts'

/** Loops have literal bounds, and gpu.js cuts none of those short; this is for a loop it takes for another kind. */
const loopMaxIterations = 2 ** 30

/** A kernel that surely runs where it should. */
export interface CompiledKernel {
  /** Runs it; a promise on an asynchronous backend. */
  run(inputs: readonly unknown[]): unknown
  destroy(): void
}

/** Compiles kernels with gpu.js on one backend, and refuses whatever gpu.js would run somewhere else. */
export class KernelRunner {
  readonly backend: GpuBackend
  readonly traits: BackendTraits
  readonly #lib: GpuJs
  readonly #gpu: GpuJsInstance

  constructor(lib: GpuJs, backend: GpuBackend) {
    this.#lib = lib
    this.backend = backend
    this.traits = backendTraits[backend]
    this.#gpu = new lib.GPU({ mode: backend })
    for (const { source, argumentTypes, returnType } of floatFunctions) {
      this.#gpu.addFunction(source, { argumentTypes, returnType })
    }
    if (this.traits.glsl) {
      for (const { name, source, argumentTypes, returnType } of glslFunctions) {
        this.#gpu.addNativeFunction(name, source, { argumentTypes, returnType })
      }
    } else {
      for (const { source, argumentTypes, returnType } of integerFunctions) {
        this.#gpu.addFunction(source, { argumentTypes, returnType })
      }
    }
  }

  /** Whether threads can return several elements each, side by side in what other kernels read. */
  get wide(): boolean {
    return !this.traits.glsl
  }

  /**
   * A kernel of threads, so many or in columns and rows, which return `width` elements each; its result stays on the
   * device unless `download` is set.
   */
  compile(source: string, threads: readonly number[], { download = false, width = 1 } = {}): CompiledKernel {
    const kernel: GpuJsKernel = this.#create(source, threads, download, (why) => this.#refuse(why(kernel)))
    const expected = this.#lib[this.traits.kernelClass]
    return {
      run: (inputs) => {
        const result = kernel(...inputs)
        const actual = kernel.kernel
        if (actual.constructor !== expected || actual.fallbackReason) {
          const name = (actual.constructor as { readonly name?: string }).name
          this.#refuse(`it ran as ${name} (${actual.fallbackReason ?? 'no reason given'})`)
        }
        if (width === 1) return result
        const flat = (made: unknown) => this.#flat(made, threads, width)
        return result instanceof Promise ? result.then(flat) : flat(result)
      },
      destroy: () => kernel.destroy(),
    }
  }

  /** What threads that return arrays have made, as the elements one after the other that it is. */
  #flat(made: unknown, threads: readonly number[], width: number): unknown {
    if (Array.isArray(made)) {
      const each = (threads.length > 1 ? made.flat() : made) as ArrayLike<number>[]
      return Float32Array.from(each.flatMap((own) => Array.from(own)))
    }
    const { buffer, context, kernel } = made as BufferHandle
    const flat = new this.#lib.WebGPUBufferResult({
      buffer,
      context,
      kernel,
      output: [sizeOf(threads) * width],
      componentCount: 1,
    })
    ;(made as BufferHandle).delete()
    return flat
  }

  #refuse(why: string): never {
    throw new DeviceError(`gpu: gpu.js would not run a kernel on '${this.backend}': ${why}`)
  }

  #create(
    source: string,
    threads: readonly number[],
    download: boolean,
    refuse: (why: (kernel: GpuJsKernel) => string) => never,
  ): GpuJsKernel {
    return this.#gpu.createKernel(source, {
      output: [...threads],
      pipeline: !download,
      immutable: true, // else the next call of this kernel overwrites the result of this one
      precision: 'single',
      tactic: 'precision',
      fixIntegerDivisionAccuracy: false,
      loopMaxIterations,
      onRequestFallback: () =>
        refuse(({ kernel }) => kernel.fallbackReason ?? 'it asks for its CPU fallback'),
      onRequestSwitchKernel: () => refuse(() => 'it asks for another kernel, for inputs of another kind'),
    })
  }

  /**
   * Kernels in a row as one plan. `orchestrate` is called once, with handles of the inputs, and calls the kernels that it
   * asks for, on handles and flat arrays.
   */
  pipeline(
    inputs: number,
    orchestrate: (kernel: (source: string, length: number) => GpuJsKernel, handles: unknown[]) => unknown[],
  ): GpuJsPipeline {
    const kernels = new Map<string, GpuJsKernel>()
    const kernelOf = (source: string, length: number): GpuJsKernel => {
      const key = `${length}|${source}`
      let kernel = kernels.get(key)
      if (kernel === undefined) {
        kernel = this.#create(source, [length], false, (why) => this.#refuse(why(kernel!)))
        kernels.set(key, kernel)
      }
      return kernel
    }
    const traced = (...handles: unknown[]): unknown[] => orchestrate(kernelOf, handles)
    // gpu.js takes the number of inputs from the function.
    return this.#gpu.createPipeline(Object.defineProperty(traced, 'length', { value: inputs }), {
      threads: false, // of webasm, which is there for tests: threads that spin are slow where others compute
    })
  }

  /** Host values as an argument of a kernel. */
  hostInput(values: Float32Array): unknown {
    return this.#lib.input(values, [values.length])
  }

  destroy(): Promise<void> {
    return this.#gpu.destroy()
  }
}
