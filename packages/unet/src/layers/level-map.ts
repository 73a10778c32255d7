import type { Tensor } from '@tweedie/tensor'
import { broadcastTo, concat, fromData, reshape } from '@tweedie/tensor'

/** A noise level t, one for all or one per picture [N], as a vector [1] or [N] of x's element type and device. */
export const levelsOf = (x: Tensor, t: number | Tensor): Tensor =>
  typeof t === 'number' ? fromData([t], [1], { dtype: x.dtype, device: x.device }) : t.cast(x.dtype)

/**
 * Pictures x [N, C, H, W] with their noise level t as one more channel, the same at every pixel: [N, C + 1, H, W].
 * @example
 * ```ts
 * import { zeros } from '@tweedie/tensor'
 * import { layers } from '@tweedie/unet'
 * const x = layers.withLevelMap(zeros([1, 1, 1, 2]), 3)
 * Array.from(x.dataSync()) // => [0, 0, 3, 3]
 * ```
 */
export function withLevelMap(x: Tensor, t: number | Tensor): Tensor {
  const [n = 0, , height = 0, width = 0] = x.shape
  return concat([x, broadcastTo(reshape(levelsOf(x, t), [-1, 1, 1, 1]), [n, 1, height, width])], 1)
}
