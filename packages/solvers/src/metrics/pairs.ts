import type { Tensor } from '@tweedie/tensor'
import { ShapeError, sameShape } from '@tweedie/tensor'

/** From the data range [−1, 1], clipped, to [0, 1]. */
export const toUnit = (value: number): number => Math.min(Math.max((value + 1) / 2, 0), 1)

/** Two batches of one shape on the host. */
export async function hostPair(
  op: string,
  x: Tensor,
  reference: Tensor,
): Promise<[ArrayLike<number>, ArrayLike<number>]> {
  if (!sameShape(x.shape, reference.shape) || x.shape.length === 0) {
    throw new ShapeError(op, 'needs two batches of one shape', [x.shape, reference.shape])
  }
  return Promise.all([x.data(), reference.data()])
}
