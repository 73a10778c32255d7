import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import type { NoiseLikelihood, Operator } from '../types.ts'
import { isLinear } from '../types.ts'

/**
 * x ↦ ∇_x log p(y | A(x)) of each sample, from the score of the noise: by Aᵀ where A is linear, a chain of hundreds of steps
 * being long for a tape in each.
 *
 * @param y - [N, …outShape].
 * @param score - ∇_clean log p(y | clean).
 */
export const measuredScore = (
  operator: Operator,
  y: Tensor,
  score: NoiseLikelihood['score'],
): ((x: Tensor) => Tensor) =>
  isLinear(operator)
    ? (x) => operator.adjoint(score(y, operator.forward(x)))
    : (x) => {
        const [clean, back] = vjp((at: Tensor) => operator.forward(at), x)
        return back(score(y, clean))[0]
      }

/**
 * ∇U of a law that is coupled to a centre x̂, p(x) ∝ exp(l(x) − ‖x − x̂‖²/(2ρ²)), for chains: the likelihood step of split
 * Gibbs samplers (PnP-DM, arXiv 2405.18782), the data step of DAPS (arXiv 2407.01521).
 *
 * @param score - ∇l, such as {@link measuredScore}.
 * @param centre - x̂, [N, …].
 */
export const coupledGradient =
  (score: (x: Tensor) => Tensor, centre: Tensor, rho: number): ((x: Tensor) => Tensor) =>
  (x) =>
    x
      .sub(centre)
      .div(rho ** 2)
      .sub(score(x))
