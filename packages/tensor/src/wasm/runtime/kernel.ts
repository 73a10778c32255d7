import type { KernelCall, View } from '../../device.ts'
import { bytesPerElement } from '../../dtype.ts'
import type { PrimitiveName } from '../../primitives.ts'
import type { Heap } from './heap.ts'
import type { KernelCache } from './module.ts'
import type { PackedWeights } from './packed-weights.ts'
import type { Task, Threads } from './tasks.ts'
import type { TileChoice } from './tile.ts'

/** What kernels work with. */
export interface WasmContext {
  readonly heap: Heap
  readonly kernels: KernelCache
  readonly threads: Threads
  /** Register tile of products and convolutions. */
  readonly tiles: TileChoice
  /** Whether convolutions may go by Winograd's algorithm, which rounds differently. */
  readonly winograd: boolean
  readonly weights: PackedWeights
}

/**
 * Runs one call, writing the result in row-major order at the pointer `out`; or returns false, having
 * done nothing, where it does not cover the dtype or layout, and the reference loops run instead.
 * Results without elements never get here. A kernel must not keep host views across `heap` calls.
 */
export type WasmKernel<P extends PrimitiveName = PrimitiveName> = (
  call: KernelCall<P>,
  out: number,
  context: WasmContext,
) => boolean

/** Runs a task for each part, which gets a working area of its own: `bytes` at an address, or none. */
export function runParts<Part>(
  { heap, threads }: WasmContext,
  area: string,
  bytes: number,
  parts: readonly Part[],
  taskOf: (part: Part, at: number) => Task,
): void {
  const each = Math.ceil(bytes / 64) * 64
  const first = each === 0 ? 0 : heap.scratch(area, each * parts.length)
  threads.run(parts.map((part, i) => taskOf(part, first + i * each)))
}

/** A kernel for float32 alone: the first input's type, which all whose values are computed with share. */
export const onFloat32 =
  <P extends PrimitiveName>(
    run: (call: KernelCall<P>, out: number, context: WasmContext) => void,
  ): WasmKernel<P> =>
  (call, out, context) => {
    if (call.inputs[0]!.dtype !== 'float32') return false
    run(call, out, context)
    return true
  }

/** Kernels by primitive, as each family of them exports. */
export type WasmKernels = { readonly [P in PrimitiveName]?: WasmKernel<P> }

/** Byte address of the first element of a view. */
export const addressOf = (view: View): number =>
  (view.buffer as number) + view.offset * (view.half === undefined ? bytesPerElement(view.dtype) : 2)
