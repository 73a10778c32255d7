import type { Shape, Tensor } from '@tweedie/tensor'
import { gather, scatterAdd } from '@tweedie/tensor'
import { constant } from '../../linalg/constant.ts'
import { batchOf } from '../../linalg/per-sample.ts'
import type { ImageExtents } from '../checks.ts'
import type { LinearParts } from '../parts.ts'

/** The elements of an image that a mask keeps. */
export interface Kept {
  /**
   * In the order of y: into the H·W pixels of every channel where `shared`, into the C·H·W elements otherwise; no two
   * alike.
   */
  readonly indices: Int32Array
  /** Whether the channels share the mask; then y is [N, C, m/C], else [N, m]. */
  readonly shared: boolean
}

/** The pixels of which something holds, in all channels. */
export function pixelsWhere(
  [, height, width]: ImageExtents,
  kept: (row: number, column: number) => boolean,
): Kept {
  const pixels = Array.from({ length: height * width }, (_, i) => i)
  return {
    indices: Int32Array.from(pixels.filter((i) => kept(Math.floor(i / width), i % width))),
    shared: true,
  }
}

/**
 * The parts of an operator that keeps some elements and nothing else.
 *
 * The measurement is compact: its m numbers are the kept ones. So the rows of A are orthonormal, A⁺ = Aᵀ, noise falls
 * on what was kept only, and ‖y − Ax‖ compares with σ_y·√m. The masked image itself is `display(y)` (or `pinv(y)`):
 * kept values in their places, 0 elsewhere.
 *
 * @param shown - The shape of y; as {@link Kept} says where left out.
 */
export function keepOnly(shape: ImageExtents, { indices, shared }: Kept, shown?: Shape) {
  const [channels, height, width] = shape
  const [planes, per] = shared ? [channels, height * width] : [1, channels * height * width]
  const count = indices.length
  const index = constant(indices, [count])
  const outShape = shown ?? (shared ? [channels, count] : [count])
  const place = (y: Tensor) =>
    scatterAdd(y.reshape([batchOf(y), planes, count]), index(y), per, 2).reshape([batchOf(y), ...shape])
  const same = (x: Tensor) => x.reshape(x.shape)
  return {
    inShape: shape,
    outShape,
    forward: (x) =>
      gather(x.reshape([batchOf(x), planes, per]), index(x), 2).reshape([batchOf(x), ...outShape]),
    adjoint: place,
    pinv: place,
    display: place,
    spectrum: () => ({
      values: new Float64Array(planes * count).fill(1),
      places: Int32Array.from(
        { length: planes * count },
        (_, k) => Math.floor(k / count) * per + indices[k % count]!,
      ),
      analysis: same,
      synthesis: same,
    }),
  } satisfies LinearParts
}
