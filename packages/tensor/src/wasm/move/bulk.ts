import { bulk } from '../asm/index.ts'
import type { KernelCache, WasmFunction } from '../runtime/module.ts'

const moves = (kernels: KernelCache) =>
  kernels.all('bulk', ['fill', 'copy'], (m) => {
    m.procedure('fill', (f, at, byte, bytes) => f.emit(bulk.fill(at, byte, bytes)))
    m.procedure('copy', (f, to, from, bytes) => f.emit(bulk.copy(to, from, bytes)))
  })

/** `run(at, byte, bytes)` sets bytes. Typed arrays do the same, but slowly on shared memory. */
export const fillBytes = (kernels: KernelCache): WasmFunction => moves(kernels).fill

/** `run(to, from, bytes)` copies bytes. */
export const copyBytes = (kernels: KernelCache): WasmFunction => moves(kernels).copy
