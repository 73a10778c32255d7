import { OptionError, ShapeError } from './errors.ts'
import { times } from './times.ts'

export type Shape = readonly number[]

/** Number of elements; 1 for the empty shape of a scalar. */
export function sizeOf(shape: Shape): number {
  let size = 1
  for (let i = 0; i < shape.length; i++) size *= shape[i]!
  return size
}

export const formatShape = (shape: Shape): string => `[${shape.join(', ')}]`

export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Strides, in elements, of a row-major array without gaps. */
export function rowMajorStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let step = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step
    step *= shape[i]!
  }
  return strides
}

/** Strides of a view stretched to `shape` by broadcasting. */
export function stretchedStrides(
  view: { readonly shape: Shape; readonly strides: readonly number[] },
  shape: Shape,
): readonly number[] {
  const lead = shape.length - view.shape.length
  return shape.map((_, i) => (i < lead || view.shape[i - lead] === 1 ? 0 : view.strides[i - lead]!))
}

/** Whether strides walk the elements of `shape` in row-major order without gaps; always, where there are none. */
export function isRowMajor(shape: Shape, strides: readonly number[]): boolean {
  let step = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    const extent = shape[i]!
    if (extent === 0) return true
    if (extent !== 1 && strides[i] !== step) return shape.includes(0)
    step *= extent
  }
  return true
}

/** Whether `n` counts something: an integer of at least 0 that a double holds exactly. */
export const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0

/** @throws {OptionError} of `option`, unless `n` counts something. */
export function requireCount(option: string, n: number): void {
  if (!isCount(n)) throw new OptionError(option, `must be an integer of at least 0, got ${n}`)
}

/** @throws {ShapeError} unless `shape` holds integers of at least 0 and its elements can be counted, up to 2⁵³ − 1. */
export function assertShape(op: string, shape: Shape): void {
  let size = 1
  for (let i = 0; i < shape.length; i++) {
    const extent = shape[i]!
    if (!isCount(extent))
      throw new ShapeError(op, `a shape holds integers of at least 0, got ${formatShape(shape)}`)
    if (extent > 1) size *= extent
  }
  if (size > Number.MAX_SAFE_INTEGER)
    throw new ShapeError(op, `${formatShape(shape)} has more elements than 2^53 − 1`)
}

/** The shape two operands broadcast to, by NumPy's rule: aligned at the right, 1 stretches. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a
  const rank = Math.max(a.length, b.length)
  const out = new Array<number>(rank)
  for (let i = 0; i < rank; i++) {
    const p = a[a.length - rank + i] ?? 1
    const q = b[b.length - rank + i] ?? 1
    if (p !== q && p !== 1 && q !== 1) {
      throw new ShapeError(
        op,
        `axis ${i - rank} is ${p} in one operand and ${q} in the other; equal or 1 fits`,
        [a, b],
      )
    }
    out[i] = p === 1 ? q : p
  }
  return out
}

/** An axis in 0 … rank−1; negative ones count from the end. */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(axis) || at < 0 || at >= rank) {
    throw new ShapeError(op, `axis ${axis} is outside a tensor of rank ${rank}; ${-rank} … ${rank - 1} fits`)
  }
  return at
}

/** Sorted distinct axes; `undefined` means all. */
export function normalizeAxes(
  op: string,
  axes: number | readonly number[] | undefined,
  rank: number,
): number[] {
  if (axes === undefined) return times(rank, (i) => i)
  const list = typeof axes === 'number' ? [axes] : axes
  const out = [...new Set(list.map((axis) => normalizeAxis(op, axis, rank)))].sort((a, b) => a - b)
  if (out.length !== list.length) throw new ShapeError(op, `axes [${list.join(', ')}] name one axis twice`)
  return out
}

/** Shape after reducing `axes`; they stay as 1 where `keepDims` is set. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  const out: number[] = []
  for (let i = 0; i < shape.length; i++) {
    if (!axes.includes(i)) out.push(shape[i]!)
    else if (keepDims) out.push(1)
  }
  return out
}
