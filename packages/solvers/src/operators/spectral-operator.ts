import type { Shape, Tensor } from '@tweedie/tensor'
import { DTypeError, formatShape, isFloat, ShapeError, sameShape, scope, sizeOf } from '@tweedie/tensor'
import type { LinearOperator, Svd } from '../types.ts'

/** A linear operator whose singular value decomposition and pseudo-inverse are known. */
export interface SpectralOperator extends LinearOperator {
  /** m: how many numbers are measured of each sample. */
  readonly observed: number
  /** A⁺y, the least-squares solution of least norm. */
  pinv(y: Tensor): Tensor
  /** Worked out when first asked for, then kept. */
  svd(): Svd
}

/** A linear operator on images that can show what it measured. */
export interface ImageOperator extends SpectralOperator {
  /** y as images [N, C, H, W] in the data range, of whatever size suits it; what was not measured is 0 (mid-grey). */
  display(y: Tensor): Tensor
}

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

/**
 * The three extents of an image shape.
 * @throws {ShapeError} unless there are three, each a positive integer.
 */
export function imageExtents(op: string, shape: Shape): readonly [number, number, number] {
  if (shape.length !== 3 || shape.some((extent) => !Number.isInteger(extent) || extent < 1)) {
    throw new ShapeError(op, `shape must be [C, H, W] of positive integers, got ${formatShape(shape)}`, [
      shape,
    ])
  }
  return shape as unknown as readonly [number, number, number]
}

type Map = (x: Tensor) => Tensor

/** What an operator is made of: its maps may leave intermediate tensors and trust their input's shape. */
export interface SpectralParts {
  readonly name: string
  readonly inShape: Shape
  readonly outShape: Shape
  readonly forward: Map
  readonly adjoint: Map
  readonly pinv: Map
  /** Called once. */
  readonly svd: () => Svd
}

/** An operator from its parts: each map checks its input and frees all it made but the result. */
export function spectralOperator(parts: SpectralParts): SpectralOperator {
  const { name, inShape, outShape } = parts
  const n = [sizeOf(inShape)]
  const checked = (what: string, shape: Shape, map: Map): Map => {
    const op = `${name}.${what}`
    return (x) => {
      checkBatch(op, x, shape)
      return scope(() => map(x))
    }
  }
  let svd: Svd | undefined
  return {
    name,
    inShape,
    outShape,
    observed: sizeOf(outShape),
    forward: checked('forward', inShape, parts.forward),
    adjoint: checked('adjoint', outShape, parts.adjoint),
    pinv: checked('pinv', outShape, parts.pinv),
    svd() {
      if (svd === undefined) {
        const raw = parts.svd()
        svd = {
          singularValues: raw.singularValues,
          vt: checked('svd.vt', inShape, raw.vt),
          v: checked('svd.v', n, raw.v),
          ut: checked('svd.ut', outShape, raw.ut),
          u: checked('svd.u', n, raw.u),
        }
      }
      return svd
    },
  }
}

/** As {@link spectralOperator}, with a way to show y: as it is where `display` is left out. */
export function imageOperator(parts: SpectralParts & { readonly display?: Map }): ImageOperator {
  const { display = (y: Tensor) => y.reshape(y.shape) } = parts
  return {
    ...spectralOperator(parts),
    display(y) {
      checkBatch(`${parts.name}.display`, y, parts.outShape)
      return scope(() => display(y))
    },
  }
}
