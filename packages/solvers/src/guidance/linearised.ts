import { linearize } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import type { Operator } from '../types.ts'
import { isLinear } from '../types.ts'

/** A at a point x, with A′ = ∂A/∂x there; of a linear operator, A itself. */
export interface LinearisedOperator {
  /** A(x). */
  readonly clean: Tensor
  /** v ↦ A′v, any number of times. */
  forward(v: Tensor): Tensor
  /** u ↦ A′ᵀu, any number of times. */
  adjoint(u: Tensor): Tensor
  /** Frees what the two maps hold. */
  dispose(): void
}

/**
 * An operator as a linear one near x, as moment matching and Kalman updates need it (arXiv 2310.06721 §3).
 *
 * @param x - [N, …inShape].
 * @example
 * ```ts
 * import { linearisedAt } from '@tweedie/solvers'
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * const square = { name: 'square', inShape: [2], outShape: [2], forward: (x: Tensor) => x.square() }
 * const at = linearisedAt(square, tensor([[1, 3]]))
 * at.clean.dataSync() // => [1, 9]
 * at.forward(tensor([[1, 1]])).dataSync() // => [2, 6]
 * at.dispose()
 * ```
 */
export function linearisedAt(operator: Operator, x: Tensor): LinearisedOperator {
  if (isLinear(operator)) {
    return {
      clean: operator.forward(x),
      forward: (v) => operator.forward(v),
      adjoint: (u) => operator.adjoint(u),
      dispose: () => undefined,
    }
  }
  const line = linearize((x0: Tensor) => operator.forward(x0), [x], { argnums: 0 })
  return {
    clean: line.value,
    forward: (v) => line.pushforward(v),
    adjoint: (u) => line.pullback(u),
    dispose: () => line.dispose(),
  }
}
