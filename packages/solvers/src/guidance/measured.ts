import type { Tensor } from '@tweedie/tensor'
import type { ReverseStep } from '../samplers/steps.ts'
import type { Operator } from '../types.ts'

/** What {@link measuredIn} needs to know of a measurement. */
export interface Measured {
  readonly operator: Pick<Operator, 'forward'>
  readonly y: Tensor
  /** A⁺, which is Aᵀ where the rows of A are orthonormal. */
  back(y: Tensor): Tensor
}

/**
 * x of some noise level with what A sees of it replaced by what was measured, noised to that level:
 *
 *     x + λ·A⁺(α·y + σ·A z − A x).
 *
 * With λ = 1 it is (I − A⁺A)x + A⁺(α·y + σ·A z), so that A of it is α·y + σ·A z for a y in the range of A. The noise is
 * drawn among images and seen through A, as that of x itself is: then the part that is put in has the law of
 * A⁺A x_t given y, for any A. The noise of y is not looked at.
 *
 * @param s - The time of x, whose α and σ these are.
 * @param z - N(0, I) like x; not asked for where σ = 0.
 * @param weight - λ: 1 replaces, less mixes.
 * @example
 * ```ts
 * import { matrixOperator, measuredIn, ve } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const operator = matrixOperator(tensor([[2, 0]]))
 * const measured = { operator, y: tensor([[6]]), back: operator.pinv }
 * measuredIn(measured, tensor([[1, 5]]), { schedule: ve(), s: 0 }, () => tensor([[1, 9]])).dataSync() // ≈ [3, 5]
 * measuredIn(measured, tensor([[1, 5]]), { schedule: ve(), s: 2 }, () => tensor([[1, 9]])).dataSync() // ≈ [5, 5]
 * ```
 */
export function measuredIn(
  { operator, y, back }: Measured,
  x: Tensor,
  { schedule, s }: Pick<ReverseStep, 'schedule' | 's'>,
  z: () => Tensor,
  weight = 1,
): Tensor {
  const sigma = schedule.sigma(s)
  const inside = sigma === 0 ? x.neg() : z().mul(sigma).sub(x)
  const moved = back(y.mul(schedule.alpha(s)).add(operator.forward(inside)))
  return x.add(weight === 1 ? moved : moved.mul(weight))
}
