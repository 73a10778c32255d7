import type { Tensor } from '@tweedie/tensor'
import { sampleNorms } from '../run/residual.ts'
import type { Fitted } from '../types.ts'
import { isLinear } from '../types.ts'

/**
 * A point whose range-space part is the measurement's and whose null-space part is its own (Wang et al., arXiv
 * 2212.00490, eq. 10):
 *
 *     x' = x + λ·(A†y − A†(A x)).
 *
 * For λ = 1 and a linear A with A A† A = A it is the solution of A x' = A A†y nearest to x along A†. For another it is the same with
 * the operator's own A†, such as the decoder of a JPEG (Kawar et al., arXiv 2209.11888, eq. 10).
 *
 * @param x - [N, …inShape].
 * @param lambda - λ, how far it goes: 0 stays at x.
 * @returns x', like x, and ‖y − A(x)‖₂ of each sample, [N, 1, …].
 * @example
 * ```ts
 * import { matrixOperator, gaussianNoise, nullSpace } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const problem = { operator: matrixOperator(tensor([[1, 1]])), noise: gaussianNoise(0), y: tensor([[4]]) }
 * nullSpace(problem, tensor([[1, 0]])).x0.dataSync() // ≈ [2.5, 1.5]
 * ```
 */
export function nullSpace(
  { operator, y }: Fitted<'pinv'>,
  x: Tensor,
  lambda = 1,
): { readonly x0: Tensor; readonly residual: Tensor } {
  const clean = operator.forward(x)
  const r = y.sub(clean)
  // One A† of the difference where A† is linear; of the two apart where it is not.
  const back = isLinear(operator) ? operator.pinv(r) : operator.pinv(y).sub(operator.pinv(clean))
  return { x0: x.add(back.mul(lambda)), residual: sampleNorms(r) }
}
