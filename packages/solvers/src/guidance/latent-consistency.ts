import type { Tensor } from '@tweedie/tensor'
import { dampedInverse } from '../inner/proximal.ts'
import type { LatentPrior, LinearOperator } from '../types.ts'

/**
 * The latent of the picture that agrees with y and is near x = D(ẑ₀), the data step of P2L, TReg and DreamSampler:
 * E(argmin_x′ ‖y − A x′‖² + λ‖x′ − x‖²) = E(x + (AᵀA + λI)⁻¹Aᵀ(y − A x)), with the picture.
 *
 * @param iterations - Of conjugate gradients from x; left out, exact.
 */
export function agreeingLatent(
  { operator, y }: { readonly operator: LinearOperator; readonly y: Tensor },
  { autoencoder }: LatentPrior,
  x: Tensor,
  lambda: number,
  iterations?: number,
): { readonly picture: Tensor; readonly latent: Tensor } {
  const limits = iterations === undefined ? {} : ({ solver: 'cg', iterations } as const)
  const solve = dampedInverse(operator, lambda, limits)
  const picture = x.add(solve(y.sub(operator.forward(x))))
  return { picture, latent: autoencoder.encode(picture) }
}
