import { ShapeError } from '../errors.ts'
import type { PrimitiveName, PrimitiveParams } from '../primitives.ts'
import { rowMajorStrides, sizeOf } from '../shape.ts'
import type { HostOut, HostView, ReferenceKernel } from './host.ts'
import { copyStrided, packed } from './host.ts'

/** Throws where an index falls outside an axis of `extent` slices. */
export function checkIndices(op: string, indices: ArrayLike<number>, extent: number): void {
  for (let j = 0; j < indices.length; j++) {
    const at = indices[j]!
    if (at < 0 || at >= extent)
      throw new ShapeError(op, `index ${at} at position ${j} is outside 0 … ${extent - 1}`)
  }
}

/** Writes `x` into the box of `out` that starts at `low`. */
function place(x: HostView, low: readonly number[], out: HostOut): void {
  const values = packed(x)
  const strides = rowMajorStrides(out.shape)
  const inner = rowMajorStrides(x.shape)
  for (let i = 0; i < values.length; i++) {
    let at = 0
    for (let axis = 0; axis < low.length; axis++) {
      at += (low[axis]! + (Math.floor(i / inner[axis]!) % x.shape[axis]!)) * strides[axis]!
    }
    out.data[at] = values[i]!
  }
}

/** Primitives that only move elements. */
export const moveKernels = {
  contiguous: ([x], _params, out) => copyStrided(x!, out.data),
  pad: ([x], { low }: PrimitiveParams['pad'], out) => {
    out.data.fill(0)
    place(x!, low, out)
  },
  concat: (inputs, { axis }: PrimitiveParams['concat'], out) => {
    let start = 0
    for (const x of inputs) {
      place(
        x,
        out.shape.map((_, i) => (i === axis ? start : 0)),
        out,
      )
      start += x.shape[axis]!
    }
  },
  gather: ([x, indices], { axis }: PrimitiveParams['gather'], out) => {
    const values = packed(x!)
    const picks = packed(indices!)
    checkIndices('gather', picks, x!.shape[axis]!)
    const before = sizeOf(x!.shape.slice(0, axis))
    const after = sizeOf(x!.shape.slice(axis + 1))
    for (let i = 0; i < before; i++) {
      for (let j = 0; j < picks.length; j++) {
        const from = (i * x!.shape[axis]! + picks[j]!) * after
        for (let k = 0; k < after; k++) out.data[(i * picks.length + j) * after + k] = values[from + k]!
      }
    }
  },
  scatterAdd: ([updates, indices], { axis, size }: PrimitiveParams['scatterAdd'], out) => {
    const values = packed(updates!)
    const picks = packed(indices!)
    checkIndices('scatterAdd', picks, size)
    const before = sizeOf(updates!.shape.slice(0, axis))
    const after = sizeOf(updates!.shape.slice(axis + 1))
    out.data.fill(0)
    for (let i = 0; i < before; i++) {
      for (let j = 0; j < picks.length; j++) {
        const to = (i * size + picks[j]!) * after
        for (let k = 0; k < after; k++) out.data[to + k]! += values[(i * picks.length + j) * after + k]!
      }
    }
  },
} satisfies { [P in PrimitiveName]?: ReferenceKernel<P> }
