/**
 * What the `wasm` device is made of, for kernels outside of it: the assembler, the memory, compiled kernels
 * and threads that run them.
 *
 * @module
 */
export * from './asm.ts'
export { Heap } from './heap.ts'
export type { WasmFunction } from './module.ts'
export { KernelCache } from './module.ts'
export { ThreadPool } from './pool.ts'
export type { Task, Threads } from './tasks.ts'
export { alone } from './tasks.ts'
