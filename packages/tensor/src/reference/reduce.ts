import type { PrimitiveName, PrimitiveParams } from '../primitives.ts'
import type { Shape } from '../shape.ts'
import { rowMajorStrides, sizeOf } from '../shape.ts'
import type { HostView, ReferenceKernel } from './host.ts'
import { packed } from './host.ts'

/** For each element in row-major order, the index of the result it reduces into. */
function targets(shape: Shape, axes: readonly number[]): (flat: number) => number {
  const strides = rowMajorStrides(shape)
  const kept = shape.flatMap((extent, i) => (axes.includes(i) ? [] : [{ extent, stride: strides[i]! }]))
  const outStrides = rowMajorStrides(kept.map(({ extent }) => extent))
  return (flat) => {
    let target = 0
    kept.forEach(({ extent, stride }, i) => (target += (Math.floor(flat / stride) % extent) * outStrides[i]!))
    return target
  }
}

function fold(start: number, step: (total: number, x: number) => number) {
  return (
    [x]: readonly HostView[],
    { axes }: PrimitiveParams['reduceSum'],
    out: { data: { length: number; set(a: ArrayLike<number>): void } },
  ): void => {
    const values = packed(x!)
    const target = targets(x!.shape, axes)
    const totals = new Float64Array(out.data.length).fill(start)
    for (let i = 0; i < values.length; i++) {
      const at = target(i)
      totals[at] = step(totals[at]!, values[i]!)
    }
    out.data.set(totals)
  }
}

/** Splits a shape around an axis: how many slices before, how long, how many elements after. */
function around(shape: Shape, axis: number): [before: number, length: number, after: number] {
  return [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))]
}

/** Whether x takes the place of the largest so far: it is larger, or the first NaN. */
const beats = (x: number, best: number): boolean => x > best || (Number.isNaN(x) && !Number.isNaN(best))

/** Reductions and scans as plain loops that accumulate in double precision. */
export const reduceKernels = {
  reduceSum: fold(0, (total, x) => total + x),
  reduceMax: fold(-Infinity, Math.max),
  reduceMin: fold(Infinity, Math.min),
  argmax: ([x], { axis }: PrimitiveParams['argmax'], out) => {
    const values = packed(x!)
    const [before, length, after] = around(x!.shape, axis)
    for (let i = 0; i < before; i++) {
      for (let k = 0; k < after; k++) {
        let best = 0
        for (let j = 1; j < length; j++) {
          if (beats(values[(i * length + j) * after + k]!, values[(i * length + best) * after + k]!)) best = j
        }
        out.data[i * after + k] = best
      }
    }
  },
  cumsum: ([x], { axis }: PrimitiveParams['cumsum'], out) => {
    const values = packed(x!)
    const [before, length, after] = around(x!.shape, axis)
    for (let i = 0; i < before; i++) {
      for (let k = 0; k < after; k++) {
        let total = 0
        for (let j = 0; j < length; j++) {
          const at = (i * length + j) * after + k
          total += values[at]!
          out.data[at] = total
        }
      }
    }
  },
} satisfies { [P in PrimitiveName]?: ReferenceKernel<P> }
