import type { GpuBuffer } from './buffer.ts'
import type { CompiledKernel } from './runner.ts'

/** What running a kernel leaves behind. */
interface Leavings {
  /** The buffer it fills: gpu.js keeps that memory until the kernel runs again or is destroyed. */
  readonly result?: GpuBuffer
  /** Bytes the kernel has for itself, for values on their way to or from the host. */
  readonly ownBytes?: number
}

interface Entry {
  readonly kernel: CompiledKernel
  readonly ownBytes: number
  readonly resultBytes: number
  latest: GpuBuffer | undefined
}

/** Compiled kernels by signature. The least recently used are destroyed past a number, or past bytes they may hold. */
export class KernelCache {
  readonly #entries = new Map<string, Entry>()
  readonly #maxKernels: number
  readonly #maxBytes: number
  #bytes = 0

  constructor(maxKernels: number, maxBytes: number) {
    this.#maxKernels = maxKernels
    this.#maxBytes = maxBytes
  }

  get size(): number {
    return this.#entries.size
  }

  /** Bytes that kernels hold beyond the live buffers: of freed results, and of transfers. */
  get heldBytes(): number {
    let held = 0
    for (const { ownBytes, resultBytes, latest } of this.#entries.values()) {
      held += ownBytes + (latest?.freed === true ? resultBytes : 0)
    }
    return held
  }

  /** The kernel of a signature, compiled if need be; it is about to run. */
  get(key: string, { result, ownBytes = 0 }: Leavings, compile: () => CompiledKernel): CompiledKernel {
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      entry = { kernel: compile(), ownBytes, resultBytes: result?.bytes ?? 0, latest: result }
      this.#bytes += entry.ownBytes + entry.resultBytes
    } else {
      this.#entries.delete(key)
      entry.latest = result
    }
    this.#entries.set(key, entry) // the order of a Map is that of insertion: oldest first
    this.#evict()
    return entry.kernel
  }

  /** Forgets and destroys a kernel, for example one that failed. */
  drop(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#bytes -= entry.ownBytes + entry.resultBytes
    entry.kernel.destroy()
  }

  clear(): void {
    for (const key of [...this.#entries.keys()]) this.drop(key)
  }

  /** Keeps the newest kernel whatever it holds: it is in use. */
  #evict(): void {
    for (const key of this.#entries.keys()) {
      const over = this.#entries.size > this.#maxKernels || this.#bytes > this.#maxBytes
      if (!over || this.#entries.size === 1) return
      this.drop(key)
    }
  }
}
