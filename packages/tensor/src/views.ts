import type { View } from './device.ts'
import type { PrimitiveName, PrimitiveParams } from './primitives.ts'
import type { Shape } from './shape.ts'
import { isRowMajor, rowMajorStrides, stretchedStrides } from './shape.ts'

type Geometry = Pick<View, 'shape' | 'strides' | 'offset'>
type Placement = Pick<View, 'strides' | 'offset'>

/** Strides that show the same memory under `shape`, or undefined where only a copy can. */
function reshapeStrides(x: Geometry, shape: Shape): readonly number[] | undefined {
  if (isRowMajor(x.shape, x.strides)) return rowMajorStrides(shape)
  const axes = x.shape
    .map((extent, i) => ({ extent, stride: x.strides[i]! }))
    .filter(({ extent }) => extent !== 1)
  const strides = new Array<number>(shape.length).fill(0)
  // Match the shortest runs of old and new axes that hold equally many elements; inside such a run the
  // old axes must be gap-free, and the new ones then subdivide its innermost stride.
  for (let from = 0, to = 0; from < axes.length && to < shape.length; ) {
    let [have, want, fromEnd, toEnd] = [axes[from]!.extent, shape[to]!, from + 1, to + 1]
    while (have !== want) {
      if (have < want) have *= axes[fromEnd++]!.extent
      else want *= shape[toEnd++]!
    }
    for (let i = from; i + 1 < fromEnd; i++) {
      if (axes[i]!.stride !== axes[i + 1]!.stride * axes[i + 1]!.extent) return undefined
    }
    let step = axes[fromEnd - 1]!.stride
    for (let i = toEnd - 1; i >= to; i--) {
      strides[i] = step
      step *= shape[i]!
    }
    from = fromEnd
    to = toEnd
  }
  return strides
}

/** Where the elements of a view primitive's result lie, or undefined where it needs a packed copy first. */
export function viewOf<P extends PrimitiveName>(
  primitive: P,
  x: Geometry,
  params: PrimitiveParams[P],
  shape: Shape,
): Placement | undefined {
  switch (primitive) {
    case 'reshape': {
      const strides = reshapeStrides(x, shape)
      return strides && { strides, offset: x.offset }
    }
    case 'transpose': {
      const { permutation } = params as PrimitiveParams['transpose']
      return { strides: permutation.map((p) => x.strides[p]!), offset: x.offset }
    }
    case 'slice': {
      const { start, step } = params as PrimitiveParams['slice']
      let offset = x.offset
      if (!shape.includes(0)) start.forEach((at, i) => (offset += at * x.strides[i]!))
      return { strides: x.strides.map((stride, i) => stride * step[i]!), offset }
    }
    case 'broadcastTo': {
      return { strides: stretchedStrides(x, shape), offset: x.offset }
    }
    default:
      return undefined
  }
}
