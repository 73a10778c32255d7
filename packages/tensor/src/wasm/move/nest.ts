import type { Shape } from '../../shape.ts'
import { cut } from '../runtime/tasks.ts'

/** A loop nest over several operands that walk it together: extents, and strides per operand. */
export interface Nest {
  readonly extents: readonly number[]
  readonly strides: readonly (readonly number[])[]
}

/**
 * The same walk in as few axes as possible: axes of extent 1 go, and neighbours merge where every operand
 * steps through both as through one (and `mayMerge` allows). At least one axis is left.
 */
export function collapse(
  shape: Shape,
  strides: readonly (readonly number[])[],
  mayMerge: (outer: number, inner: number) => boolean = () => true,
): Nest & { readonly axes: readonly number[] } {
  const extents: number[] = []
  const axes: number[] = []
  const merged: number[][] = strides.map(() => [])
  for (let axis = 0; axis < shape.length; axis++) {
    const extent = shape[axis]!
    if (extent === 1) continue
    const last = extents.length - 1
    const joins =
      last >= 0 &&
      mayMerge(axes[last]!, axis) &&
      strides.every((own, k) => merged[k]![last] === own[axis]! * extent)
    if (joins) {
      extents[last]! *= extent
      strides.forEach((own, k) => (merged[k]![last] = own[axis]!))
    } else {
      extents.push(extent)
      axes.push(axis)
      strides.forEach((own, k) => merged[k]!.push(own[axis]!))
    }
  }
  if (extents.length === 0) return { extents: [1], strides: strides.map(() => [0]), axes: [] }
  return { extents, strides: merged, axes }
}

/** A part of a nest: its own extents, and the element offset of each operand's start. */
export interface NestPart {
  readonly extents: readonly number[]
  readonly offsets: readonly number[]
  /** The axis that was cut. */
  readonly axis: number
}

/**
 * Cuts a nest into at most `parts` along one axis: the outermost that is long enough, else the longest. Pieces
 * of the innermost axis are multiples of 16 elements.
 */
export function cutNest({ extents, strides }: Nest, parts: number): NestPart[] {
  if (parts === 1) return [{ extents, offsets: strides.map(() => 0), axis: 0 }]
  const enough = extents.findIndex((extent) => extent >= parts)
  const axis = enough >= 0 ? enough : extents.indexOf(Math.max(...extents))
  return cut(extents[axis]!, parts, axis === extents.length - 1 ? 16 : 1).map(({ from, to }) => ({
    extents: extents.map((extent, i) => (i === axis ? to - from : extent)),
    offsets: strides.map((own) => from * own[axis]!),
    axis,
  }))
}

/**
 * Calls `visit` with each operand's element offset for every index of the first `outer` axes, in row-major
 * order.
 */
export function forOuter(nest: Nest, outer: number, visit: (offsets: readonly number[]) => void): void {
  const offsets = nest.strides.map(() => 0)
  if (outer === 0) {
    visit(offsets)
    return
  }
  const index = new Array<number>(outer).fill(0)
  for (;;) {
    visit(offsets)
    let axis = outer - 1
    for (; axis >= 0; axis--) {
      nest.strides.forEach((own, k) => (offsets[k]! += own[axis]!))
      if (++index[axis]! < nest.extents[axis]!) break
      nest.strides.forEach((own, k) => (offsets[k]! -= own[axis]! * nest.extents[axis]!))
      index[axis] = 0
    }
    if (axis < 0) return
  }
}
