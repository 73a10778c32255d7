import type { Shape, Tensor } from '@tweedie/tensor'
import { DTypeError, formatShape, isFloat, ShapeError, sameShape } from '@tweedie/tensor'

/**
 * Checks a batch [N, …shape] of floats.
 * @throws {ShapeError} naming the shape that fits.
 * @throws {DTypeError} for integers and booleans.
 */
export function checkBatch(op: string, x: Tensor, shape: Shape): void {
  if (x.shape.length !== shape.length + 1 || !sameShape(x.shape.slice(1), shape)) {
    throw new ShapeError(op, `takes a batch [N${shape.map((n) => `, ${n}`).join('')}]`, [x.shape])
  }
  if (!isFloat(x.dtype)) throw new DTypeError(op, `takes float32 or float64, got ${x.dtype}`)
}

/** Number of channels, height and width. */
export type ImageExtents = readonly [channels: number, height: number, width: number]

const isImage = (shape: Shape): shape is ImageExtents =>
  shape.length === 3 && shape.every((extent) => Number.isInteger(extent) && extent >= 1)

/**
 * The three extents of an image shape.
 * @throws {ShapeError} unless there are three, each a positive integer.
 */
export function imageExtents(op: string, shape: Shape): ImageExtents {
  if (isImage(shape)) return shape
  throw new ShapeError(op, `shape must be [C, H, W] of positive integers, got ${formatShape(shape)}`, [shape])
}
