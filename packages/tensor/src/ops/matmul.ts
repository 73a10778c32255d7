import { dispatch } from '../dispatch.ts'
import { ShapeError } from '../errors.ts'
import { broadcastShapes } from '../shape.ts'
import type { Tensor } from '../tensor.ts'
import { broadcastTo } from './shape-ops.ts'

/**
 * Matrix product over the last two axes, a [… , m, k] times b [… , k, n]; leading axes broadcast.
 * @throws {ShapeError} where the inner extents differ or an operand has fewer than two axes.
 * @example
 * ```ts
 * import { matmul, tensor } from '@tweedie/tensor'
 * Array.from(matmul(tensor([[1, 2], [3, 4]]), tensor([[1], [1]])).dataSync()) // => [3, 7]
 * ```
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  if (a.shape.length < 2 || b.shape.length < 2) {
    throw new ShapeError('matmul', 'both operands need two axes; reshape a vector to [n, 1] or [1, n]', [
      a.shape,
      b.shape,
    ])
  }
  const batch = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2))
  return dispatch(
    'matmul',
    [broadcastTo(a, [...batch, ...a.shape.slice(-2)]), broadcastTo(b, [...batch, ...b.shape.slice(-2)])],
    {},
  )
}
