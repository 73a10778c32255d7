import { DeviceError } from '../../errors.ts'
import { ModuleBuilder } from '../asm/index.ts'
import type { Heap } from './heap.ts'

/** An exported kernel: i32, f32 and f64 parameters are numbers alike. */
export type WasmFunction = (...args: number[]) => void

/** Functions of one module by name. */
export type Functions<K extends string> = Readonly<Record<K, WasmFunction>>

/** Where a function comes from: a module's code, and its place among the module's exports. */
export interface Origin {
  readonly bytes: Uint8Array
  readonly position: number
}

/**
 * Kernels by key. A key names everything that the code depends on; equal keys mean equal code.
 *
 * @example
 * ```ts
 * import { i32 } from '../asm/index.ts'
 * import { Heap } from './heap.ts'
 * import { KernelCache } from './module.ts'
 * const heap = new Heap()
 * const kernels = new KernelCache(heap)
 * const add = kernels.get('add', (m) => m.procedure('add', (f, out, a, b) => f.emit(i32.store(out, i32.add(a, b)))))
 * const at = heap.allocate(4)
 * add(at, 2, 3)
 * heap.i32[at / 4] // => 5
 * ```
 */
export class KernelCache {
  readonly #heap: Heap
  /** Whether kernels may have fused multiply-add instructions (relaxed SIMD). */
  readonly fused: boolean
  readonly #functions = new Map<string, WasmFunction>()
  readonly #exported = new Map<string, Functions<string>>()
  readonly #origins = new Map<WasmFunction, Origin>()

  constructor(heap: Heap, fused = false) {
    this.#heap = heap
    this.fused = fused
  }

  /** The last function that `build` defines, assembled and compiled at the first call with `key`. */
  get(key: string, build: (m: ModuleBuilder) => void): WasmFunction {
    const known = this.#functions.get(key)
    if (known !== undefined) return known
    const fn = Object.values(this.#exportsOf(key, build)).at(-1)
    if (fn === undefined) throw new DeviceError(`wasm: kernel ${key} defines no function`)
    this.#functions.set(key, fn)
    return fn
  }

  /** The functions `names` that `build` defines together: for kernels of several parts. */
  all<const K extends string>(
    key: string,
    names: readonly K[],
    build: (m: ModuleBuilder) => void,
  ): Functions<K> {
    const known = this.#exported.get(key)
    if (known !== undefined) return known as Functions<K>
    const functions = this.#exportsOf(key, build)
    const missing = names.filter((name) => !(name in functions))
    if (missing.length > 0) throw new DeviceError(`wasm: kernel ${key} defines no ${missing.join(', ')}`)
    return functions as Functions<K>
  }

  /** The code of a kernel on shared memory, for other threads to instantiate. */
  originOf(run: WasmFunction): Origin {
    const origin = this.#origins.get(run)
    if (origin === undefined) throw new DeviceError('wasm: not a kernel of this device')
    return origin
  }

  #exportsOf(key: string, build: (m: ModuleBuilder) => void): Functions<string> {
    const known = this.#exported.get(key)
    if (known !== undefined) return known
    const builder = new ModuleBuilder(this.#heap.memoryType, this.fused)
    build(builder)
    const functions = this.#instantiate(key, builder)
    this.#exported.set(key, functions)
    return functions
  }

  #instantiate(key: string, builder: ModuleBuilder): Functions<string> {
    try {
      const bytes = builder.bytes()
      const module = new WebAssembly.Module(bytes)
      const { exports } = new WebAssembly.Instance(module, { env: { memory: this.#heap.memory } })
      const functions = exports as Functions<string>
      // Only threads need the code again, and they work on shared memory.
      if (this.#heap.memoryType.shared) {
        Object.values(functions).forEach((run, position) => this.#origins.set(run, { bytes, position }))
      }
      return functions
    } catch (error) {
      throw new DeviceError(
        `wasm: kernel ${key} does not compile: ${error instanceof Error ? error.message : error}`,
      )
    }
  }
}
