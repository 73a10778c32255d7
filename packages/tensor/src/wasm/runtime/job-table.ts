import type { Heap } from './heap.ts'
import type { KernelCache, WasmFunction } from './module.ts'
import type { Task } from './tasks.ts'

/** Numbers that fit in a table. */
const length = 1 << 18

/** Where workers find a function's code. */
interface Code {
  readonly id: number
  readonly at: number
  readonly bytes: number
  /** Of the function among the module's exports. */
  readonly position: number
}

/**
 * A job as workers read it: where each task starts, then per task the number of its calls, and per call the
 * function (number, address and length of its module's code, place among the exports), the number of
 * arguments, and the arguments.
 */
export class JobTable {
  readonly words = new Float64Array(new SharedArrayBuffer(8 * length))
  readonly #heap: Heap
  readonly #kernels: KernelCache
  readonly #codes = new Map<WasmFunction, Code>()
  readonly #stored = new Map<Uint8Array, number>()

  constructor(heap: Heap, kernels: KernelCache) {
    this.#heap = heap
    this.#kernels = kernels
  }

  /** Writes as many of the first tasks as fit; returns how many. */
  write(tasks: readonly Task[]): number {
    const { words } = this
    let at = tasks.length
    for (let i = 0; i < tasks.length; i++) {
      const task = tasks[i]!
      const size = task.reduce((n, { args }) => n + 5 + args.length, 1)
      if (at + size > length) return i
      words[i] = at
      words[at++] = task.length
      for (const { run, args } of task) {
        const { id, at: code, bytes, position } = this.#codeOf(run)
        words[at++] = id
        words[at++] = code
        words[at++] = bytes
        words[at++] = position
        words[at++] = args.length
        for (let k = 0; k < args.length; k++) words[at++] = args[k]!
      }
    }
    return tasks.length
  }

  /** A function's code in the shared memory, put there at its first use. */
  #codeOf(run: WasmFunction): Code {
    const known = this.#codes.get(run)
    if (known !== undefined) return known
    const { bytes, position } = this.#kernels.originOf(run)
    let at = this.#stored.get(bytes)
    if (at === undefined) {
      at = this.#heap.allocate(bytes.length)
      this.#heap.u8.set(bytes, at)
      this.#stored.set(bytes, at)
    }
    const code = { id: this.#codes.size, at, bytes: bytes.length, position }
    this.#codes.set(run, code)
    return code
  }
}
