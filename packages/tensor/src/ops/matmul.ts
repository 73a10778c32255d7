import { dispatch } from '../dispatch.ts'
import { ShapeError } from '../errors.ts'
import type { Activation } from '../primitives.ts'
import { broadcastShapes } from '../shape.ts'
import type { Tensor } from '../tensor.ts'
import { broadcastTo, reshape } from './shape-ops.ts'

/** What {@link matmul} adds and applies to the product, in this order. */
export interface MatmulOptions {
  /** One value per column, [n], or per row, [m, 1]. */
  bias?: Tensor
  /** Of the result's shape. */
  residual?: Tensor
  /** Default 'none'. */
  activation?: Activation
}

/** Along which axis of the product a bias lies. */
function biasAxis(bias: Tensor, rows: number, columns: number): 'row' | 'column' {
  const [first, second] = bias.shape
  if (bias.rank === 1 && first === columns) return 'column'
  if (bias.rank === 2 && first === rows && second === 1) return 'row'
  throw new ShapeError('matmul', `the bias must be [${columns}], or [${rows}, 1] for one value per row`, [
    bias.shape,
  ])
}

/**
 * activation(a·b + bias + residual): matrix product over the last two axes, a [… , m, k] times b [… , k, n];
 * leading axes broadcast. What follows the product is optional and takes no pass of its own over the result.
 * The gradient through an activation computes the product once more rather than keep it.
 * @throws {ShapeError} where the inner extents differ, an operand has fewer than two axes, or the bias or
 * the residual does not fit the result.
 * @example
 * ```ts
 * import { matmul, tensor } from '@tweedie/tensor'
 * const [a, b] = [tensor([[1, 2], [3, 4]]), tensor([[1], [1]])]
 * Array.from(matmul(a, b).dataSync()) // => [3, 7]
 * Array.from(matmul(a, b, { bias: tensor([10]) }).dataSync()) // => [13, 17]
 * Array.from(matmul(a, b, { bias: tensor([[10], [20]]) }).dataSync()) // => [13, 27]
 * ```
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  if (a.shape.length < 2 || b.shape.length < 2) {
    throw new ShapeError('matmul', 'both operands need two axes; reshape a vector to [n, 1] or [1, n]', [
      a.shape,
      b.shape,
    ])
  }
  const batch = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2))
  const left = broadcastTo(a, [...batch, ...a.shape.slice(-2)])
  const right = broadcastTo(b, [...batch, ...b.shape.slice(-2)])
  const { bias, residual, activation = 'none' } = options
  if (bias === undefined && residual === undefined && activation === 'none') {
    return dispatch('matmul', [left, right], {})
  }
  const vector = bias && reshape(bias, [-1])
  return dispatch(
    'fusedMatmul',
    [left, right, vector, residual].filter((input) => input !== undefined),
    {
      bias: bias === undefined ? 'none' : biasAxis(bias, a.shape.at(-2)!, b.shape.at(-1)!),
      residual: residual !== undefined,
      activation,
    },
  )
}
