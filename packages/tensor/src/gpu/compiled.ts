import { DeviceError } from '../errors.ts'
import type { GpuBuffer } from './buffer.ts'
import { releaseBuffer } from './buffer.ts'
import { KernelCache } from './cache.ts'
import type { FusedStep } from './fuse.ts'
import type { Handle } from './gpujs.ts'
import { kernelSource } from './kernels/program.ts'
import { Names } from './names.ts'
import type { KernelRunner } from './runner.ts'

/** Bytes that idle kernels may keep: of results, where they do, and of values on their way to or from the host. */
const maxHeldBytes = 2 ** 29

/** Texts of kernels that are remembered; one that was forgotten is compiled again. */
const mostTexts = 4096

const copySource = 'function(a0) {\nreturn a0[this.thread.x];\n}'

/** Kernels of a runner, compiled once and kept: those of calls, and the copies that take values to the device and back. */
export class CompiledKernels {
  readonly #runner: KernelRunner
  readonly #cache: KernelCache
  readonly #names = new Names(mostTexts)

  constructor(runner: KernelRunner, maxKernels: number) {
    this.#runner = runner
    this.#cache = new KernelCache(maxKernels, maxHeldBytes)
  }

  get size(): number {
    return this.#cache.size
  }

  /** Bytes of results that kernels keep. */
  get heldBytes(): number {
    return this.#cache.heldBytes
  }

  clear(): void {
    this.#cache.clear()
  }

  /** The memory of a step's result, or a promise of it. */
  step(
    step: FusedStep,
    inputs: readonly GpuBuffer[],
    scalars: readonly number[],
    result: GpuBuffer,
  ): unknown {
    const { body, length, width, grid = [length / width] } = step
    const arguments_ = [...inputs.map(memoryOf), ...scalars]
    const key = `${this.#names.of(step)}|${inputs.map((input) => input.length).join()}`
    const kernel = this.#cache.get(key, this.#kept(result), () =>
      this.#runner.compile(kernelSource(inputs.length, scalars.length, body), grid, { width }),
    )
    return this.#guard(key, () => kernel.run(arguments_))
  }

  /** Memory on the device with these values, in place of what a buffer had. */
  upload(target: GpuBuffer, values: Float32Array): unknown {
    releaseBuffer(target)
    if (!this.#runner.traits.resident) return values
    const key = `upload|${target.length}`
    const kernel = this.#cache.get(key, { ...this.#kept(target), ownBytes: target.bytes }, () =>
      this.#runner.compile(copySource, [target.length]),
    )
    return this.#guard(key, () => kernel.run([this.#runner.hostInput(values)]))
  }

  /** What a kernel that fills a buffer holds of it. */
  #kept(result: GpuBuffer): { readonly result?: GpuBuffer } {
    return this.#runner.traits.keepsResults ? { result } : {}
  }

  /** The values of a buffer, or a promise of them. */
  download(source: GpuBuffer): unknown {
    const [handle, { length }] = [memoryOf(source), source]
    if (handle instanceof Float32Array) return handle
    const key = `download|${length}`
    const kernel = this.#cache.get(key, { ownBytes: 4 * length }, () =>
      this.#runner.compile(copySource, [length], { download: true }),
    )
    return this.#guard(key, () => kernel.run([handle]))
  }

  /** Runs a cached kernel, and forgets it where it fails. */
  #guard(key: string, run: () => unknown): unknown {
    const forget = (error: unknown): never => {
      this.#cache.drop(key)
      throw error
    }
    try {
      const result = run()
      return result instanceof Promise ? result.catch(forget) : result
    } catch (error) {
      return forget(error)
    }
  }
}

function memoryOf(buffer: GpuBuffer): Handle {
  if (buffer.error !== undefined) throw buffer.error
  if (buffer.handle !== undefined) return buffer.handle
  throw new DeviceError(`gpu: the buffer was ${buffer.freed ? 'freed' : 'never written'}`)
}
