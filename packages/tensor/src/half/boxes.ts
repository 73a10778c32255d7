import type { Shape } from '../shape.ts'
import { sizeOf } from '../shape.ts'
import { collapse, forOuter } from '../wasm/move/nest.ts'

/**
 * Arguments of `run` of {@link emitWiden} that put a box of float16, whose strides count elements, at `to` as float32 in
 * row-major order: of one call, where four axes do.
 */
export function boxes(to: number, at: number, shape: Shape, strides: readonly number[]): number[][] {
  if (sizeOf(shape) === 0) return []
  const { extents, strides: steps } = collapse(shape, [strides])
  const outer = Math.max(0, extents.length - 4)
  const inner = [1, 1, 1, ...extents.slice(outer)].slice(-4)
  const bytes = [0, 0, 0, ...steps[0]!.slice(outer)].slice(-4).map((step) => 2 * step)
  const calls: number[][] = []
  forOuter(
    { extents, strides: steps },
    outer,
    ([offset]) =>
      void calls.push([to + 4 * sizeOf(inner) * calls.length, at + 2 * offset!, ...inner, ...bytes]),
  )
  return calls
}
