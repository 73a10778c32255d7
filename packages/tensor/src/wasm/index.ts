/**
 * What the `wasm` device is made of, for kernels outside of it: the assembler, the memory, compiled kernels
 * and threads that run them.
 *
 * @module
 */
export * from './asm/index.ts'
export { Heap } from './runtime/heap.ts'
export type { WasmFunction } from './runtime/module.ts'
export { KernelCache } from './runtime/module.ts'
export { ThreadPool } from './runtime/pool.ts'
export type { Task, Threads } from './runtime/tasks.ts'
export { alone } from './runtime/tasks.ts'
