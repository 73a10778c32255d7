import { dispatch } from '../dispatch.ts'
import { normalizeAxis } from '../shape.ts'
import type { Tensor } from '../tensor.ts'
import { div, exp, sub } from './elementwise.ts'
import { max, sum } from './reduce.ts'
import { transpose } from './shape-ops.ts'

/**
 * Softmax along `axis`, of the shape of x, stable for any finite input. A slice that holds NaN or +∞, or is −∞
 * throughout, gives NaN; an empty one stays empty.
 * @throws {ShapeError} for a scalar or an axis that is not there; {DTypeError} for other than floats.
 * @example
 * ```ts
 * import { softmax, tensor } from '@tweedie/tensor'
 * const x = softmax(tensor([0, Math.log(3)]))
 * Array.from(x.dataSync()) // ≈ [0.25, 0.75]
 * ```
 */
export function softmax(x: Tensor, axis = -1): Tensor {
  const rank = x.shape.length
  const at = rank === 0 ? 0 : normalizeAxis('softmax', axis, rank)
  if (rank === 0 || at === rank - 1) return dispatch('softmax', [x], {})
  const swapped = x.shape.map((_, i) => (i === at ? rank - 1 : i === rank - 1 ? at : i))
  return transpose(dispatch('softmax', [transpose(x, swapped)], {}), swapped)
}

/** Softmax along the last axis out of elementary primitives: the meaning of the fused one. */
export function softmaxComposed(x: Tensor): Tensor {
  if (x.shape.at(-1) === 0) return exp(x)
  const e = exp(sub(x, max(x, -1, true).detach()))
  return div(e, sum(e, -1, true))
}
