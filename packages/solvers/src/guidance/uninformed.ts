import type { Tensor } from '@tweedie/tensor'
import { residualNorm } from '../run/residual.ts'
import type { Fitted } from '../types.ts'
import type { Solving } from './inverse.ts'
import { regularisedInverse } from './inverse.ts'
import type { Likelihood } from './likelihood.ts'

/**
 * The noise-perturbed pseudo-likelihood score of DMPS (Meng & Kabashima, arXiv 2211.12343, eq. 12), at any x, α and σ.
 * Of a prior that says nothing, x₀ given x_t is N(x_t/α_t, (σ_t/α_t)²I), so that
 *
 *     g(x) = (1/α_t)·Aᵀ(σ_y²I + (σ_t²/α_t²)·AAᵀ)⁻¹(y − A x/α_t).
 *
 * Without the denoiser, and finite where α_t = 0.
 */
export function uninformedScore(
  { operator, noise, y }: Fitted<'linear' | 'sigma'>,
  solving: Solving = {},
): (x: Tensor, alpha: number, sigma: number) => Tensor {
  const solve = regularisedInverse(operator, solving)
  return (x, alpha, sigma) =>
    solve(y.mul(alpha).sub(operator.forward(x)), ((alpha * noise.sigma) / sigma) ** 2).div(sigma ** 2)
}

/**
 * {@link uninformedScore} at x_t as a likelihood. It is exact in the limit of a flat prior only: for x₀ ~ N(μ, s²I), A = I
 * and noise level k = σ_t/α_t it is (1 + k²/s²)·(s²k²/(s² + k²) + σ_y²)/(k² + σ_y²) times the exact score where μ = u = 0,
 * and another point where they are not: y is compared with A x_t/α_t instead of A x̂₀.
 */
export function uninformedLikelihood(problem: Fitted<'linear' | 'sigma'>, solving: Solving = {}): Likelihood {
  const score = uninformedScore(problem, solving)
  return {
    through: false,
    score: ({ x, alpha, sigma, x0hat }) => ({
      g: score(x, alpha, sigma),
      residual: residualNorm(problem.operator, problem.y, x0hat),
    }),
  }
}
