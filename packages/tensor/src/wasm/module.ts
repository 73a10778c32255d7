import { DeviceError } from '../errors.ts'
import { ModuleBuilder } from './asm.ts'
import type { Heap } from './heap.ts'

/** An exported kernel: i32, f32 and f64 parameters are numbers alike. */
export type WasmFunction = (...args: number[]) => number

/**
 * Kernels by key. A key names everything that the code depends on; equal keys mean equal code.
 *
 * @example
 * ```ts
 * const axpy = kernels.get('axpy', (m) => {
 *   m.func('axpy', { n: 'i32', x: 'i32', y: 'i32' }, [], (f, { n, x, y }) => { … })
 * })
 * axpy(n, xPointer, yPointer)
 * ```
 */
export class KernelCache {
  private readonly heap: Heap
  private readonly functions = new Map<string, WasmFunction>()
  private readonly exported = new Map<string, Readonly<Record<string, WasmFunction>>>()
  /** Compiled modules by key, for threads to instantiate on the same memory. */
  readonly modules = new Map<string, WebAssembly.Module>()

  constructor(heap: Heap) {
    this.heap = heap
  }

  /** The last function that `build` defines, assembled and compiled at the first call with `key`. */
  get(key: string, build: (m: ModuleBuilder) => void): WasmFunction {
    const known = this.functions.get(key)
    if (known !== undefined) return known
    const fn = Object.values(this.all(key, build)).at(-1)
    if (fn === undefined) throw new DeviceError(`wasm: kernel ${key} defines no function`)
    this.functions.set(key, fn)
    return fn
  }

  /** All functions that `build` defines, by name: for kernels of several parts. */
  all(key: string, build: (m: ModuleBuilder) => void): Readonly<Record<string, WasmFunction>> {
    const known = this.exported.get(key)
    if (known !== undefined) return known
    const builder = new ModuleBuilder(this.heap.memoryType)
    build(builder)
    const functions = this.instantiate(key, builder)
    this.exported.set(key, functions)
    return functions
  }

  private instantiate(key: string, builder: ModuleBuilder): Record<string, WasmFunction> {
    try {
      const module = new WebAssembly.Module(builder.bytes())
      this.modules.set(key, module)
      const { exports } = new WebAssembly.Instance(module, { env: { memory: this.heap.memory } })
      return exports as Record<string, WasmFunction>
    } catch (error) {
      throw new DeviceError(`wasm: kernel ${key} does not compile: ${error instanceof Error ? error.message : error}`)
    }
  }
}
