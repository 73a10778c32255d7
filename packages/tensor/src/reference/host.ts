import type { View } from '../device.ts'
import type { DType, TypedArray } from '../dtype.ts'
import { allocateHost } from '../dtype.ts'
import type { PrimitiveName, PrimitiveParams } from '../primitives.ts'
import type { Shape } from '../shape.ts'
import { isRowMajor, sizeOf, stretchedStrides } from '../shape.ts'

/** A strided window on host memory. */
export interface HostView {
  readonly data: TypedArray
  readonly dtype: DType
  readonly shape: Shape
  readonly strides: readonly number[]
  readonly offset: number
}

/** Where a reference kernel writes: `data` has exactly the result's elements, in row-major order. */
export interface HostOut {
  readonly data: TypedArray
  readonly dtype: DType
  readonly shape: Shape
}

/** A view of an array on the host; where that holds float16, of one that is widened. */
export function hostViewOf({ buffer, dtype, shape, strides, offset, half }: View): HostView {
  const data = half?.widened(buffer as TypedArray) ?? (buffer as TypedArray)
  return { data, dtype, shape, strides, offset }
}

export type ReferenceKernel<P extends PrimitiveName> = (
  inputs: readonly HostView[],
  params: PrimitiveParams[P],
  out: HostOut,
) => void

/** Copies the elements of a strided window, in row-major order, into `out`. */
export function copyStrided(x: HostView, out: TypedArray): void {
  const { data, shape, strides } = x
  const rank = shape.length
  const size = sizeOf(shape)
  if (size === 0) return
  const index = new Array<number>(rank).fill(0)
  const inner = rank === 0 ? 1 : shape[rank - 1]!
  const step = rank === 0 ? 0 : strides[rank - 1]!
  let at = x.offset
  for (let i = 0; i < size; ) {
    for (let j = 0; j < inner; j++) out[i++] = data[at + j * step]!
    for (let axis = rank - 2; axis >= 0; axis--) {
      at += strides[axis]!
      if (++index[axis]! < shape[axis]!) break
      at -= strides[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
}

/** The elements of a window in row-major order: the memory itself where it lies so, else a copy. */
export function packed(x: HostView): TypedArray {
  const size = sizeOf(x.shape)
  if (isRowMajor(x.shape, x.strides)) return x.data.subarray(x.offset, x.offset + size)
  const out = allocateHost(x.dtype, size)
  copyStrided(x, out)
  return out
}

/** The elements of a window stretched to `shape` by broadcasting, in row-major order. */
export function packedAs(x: HostView, shape: Shape): TypedArray {
  return packed({ ...x, shape, strides: stretchedStrides(x, shape) })
}
