import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { maximum } from '@tweedie/tensor'
import type { Blind, Operator } from '../types.ts'

/** The axes of one sample in a batch: all but the first. */
export const sampleAxes = (x: Tensor): number[] => x.shape.slice(1).map((_, i) => i + 1)

/** ‖x‖₂ of each sample, [N, 1, …] so that it broadcasts against x. */
export const sampleNorms = (x: Tensor): Tensor => x.square().sum(sampleAxes(x), true).sqrt()

/** v/‖v‖₂ of each sample, 0 where it is 0; or v over another norm of it, [N, 1, …]. */
export const unitOf = (v: Tensor, norm: Tensor = sampleNorms(v)): Tensor => v.div(maximum(norm, 1e-30))

/** What a measurement leaves over at x. */
export interface Residual {
  /** A(x), like y. */
  readonly clean: Tensor
  /** y − A(x), like y. */
  readonly r: Tensor
  /** ‖r‖₂ of each sample, [N, 1, …] so that it broadcasts against y. */
  readonly norm: Tensor
  /** v ↦ (∂A/∂x)ᵀv, from the shape of y to that of x. A second call needs `retain` in the first. */
  back(v: Tensor, options?: { retain?: boolean }): Tensor
}

/**
 * The residual of x with the way back through the operator: −∇½‖r‖² is `back(r)`. What the way back needs is kept until
 * it is taken: where it is not, {@link residualNorm} or `sampleNorms(y.sub(operator.forward(x)))` will do.
 *
 * @param y - The measurement [N, …outShape].
 * @param x - [N, …inShape].
 * @example
 * ```ts
 * import { matrixOperator, residualAt } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const { r, norm, back } = residualAt(matrixOperator(tensor([[3, 4]])), tensor([[2]]), tensor([[1, 1]]))
 * norm.dataSync() // => [5]
 * back(r).dataSync() // => [-15, -20]
 * ```
 */
export function residualAt(operator: Operator, y: Tensor, x: Tensor): Residual {
  const [clean, pullback] = vjp((x0: Tensor) => operator.forward(x0), x)
  const r = y.sub(clean)
  return { clean, r, norm: sampleNorms(r), back: (v, options) => pullback(v, options)[0] }
}

/** ‖y − A(x)‖₂ of each sample, [N, 1, …]: {@link residualAt} without the way back. */
export const residualNorm = (operator: Operator, y: Tensor, x: Tensor): Tensor =>
  sampleNorms(y.sub(operator.forward(x)))

/** What a measurement leaves over at x and a value of its unknown. */
export interface BlindResidual extends Pick<Residual, 'clean' | 'r' | 'norm'> {
  /** v ↦ (∂A/∂x)ᵀv and (∂A/∂φ)ᵀv; −∇½‖r‖² in both is `back(r)`. For one use. */
  back(v: Tensor): readonly [x: Tensor, phi: Tensor]
}

/**
 * {@link residualAt} for a measurement with something unknown, y − A_φ(x).
 * @param phi - [N, …blind.shape].
 */
export function blindResidualAt({ apply }: Blind, y: Tensor, x: Tensor, phi: Tensor): BlindResidual {
  const [clean, pullback] = vjp(apply, x, phi)
  const left = y.sub(clean)
  return { clean, r: left, norm: sampleNorms(left), back: (v) => pullback(v) }
}
