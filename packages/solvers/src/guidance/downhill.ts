import type { Tensor } from '@tweedie/tensor'
import { residualAt, unitOf } from '../run/residual.ts'
import type { Operator } from '../types.ts'

/**
 * −∇_x ‖y − A(x)‖₂ of each sample, 0 where nothing is left over, with the norm: the direction of DPS, DSG and MPGD.
 *
 * @param y - [N or 1, …outShape].
 * @param x - [N, …inShape], x̂₀.
 * @param weigh - What stands for r/‖r‖ in it; that where left out.
 */
export function downhillOf(
  operator: Operator,
  y: Tensor,
  x: Tensor,
  weigh: (r: Tensor, norm: Tensor) => Tensor = unitOf,
): { readonly downhill: Tensor; readonly norm: Tensor } {
  const { r, norm, back } = residualAt(operator, y, x)
  return { downhill: back(weigh(r, norm)), norm }
}
