import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import { sampleNorms } from '../run/residual.ts'
import type { Problem } from '../types.ts'
import { isLinear } from '../types.ts'
import type { Solving } from './inverse.ts'
import { regularisedInverse } from './inverse.ts'
import type { Likelihood } from './likelihood.ts'

/** Options of {@link pseudoInverseLikelihood}. */
export interface PseudoInverseOptions extends Solving {
  /** s², the variance of a coordinate of x₀ that r_t² stands on; 1 as in the paper where left out. */
  readonly variance?: number | undefined
}

/** r_t² = s²σ_t²/(α_t²s² + σ_t²), the variance of x₀ ~ N(μ, s²I) given x_t; 1 − ᾱ_t for VP and s = 1. */
export const pseudoInverseSpread = (variance: number, alpha: number, sigma: number): number =>
  (variance * sigma ** 2) / (alpha ** 2 * variance + sigma ** 2)

/** Why a problem is none for pseudo-inverse guidance, in words; undefined where it is one. */
export function lacksInverse({ operator, noise }: Problem): string | undefined {
  if (isLinear(operator)) {
    if (noise.sigma !== undefined) return undefined
    return `needs the noise level σ_y (in units of [−1, 1]); '${noise.name}' has no sigma`
  }
  if (operator.pinv === undefined)
    return `needs an adjoint or a pseudo-inverse; '${operator.name}' has neither adjoint() nor pinv()`
  if (noise.sigma === 0) return undefined
  const has = noise.sigma === undefined ? 'has no sigma' : `has σ_y = ${noise.sigma}`
  return `takes '${operator.name}', which is not linear, only without noise (σ_y = 0); '${noise.name}' ${has}`
}

/**
 * Pseudo-inverse guidance (ΠGDM; Song et al., ICLR 2023): p(x₀ | x_t) ≈ N(x̂₀, r_t²I), so that
 *
 *     g = Jᵀ Aᵀ(r_t²AAᵀ + σ_y²I)⁻¹(y − A x̂₀),     r_t² = s²σ_t²/(α_t²s² + σ_t²),
 *
 * J = ∂x̂₀/∂x_t. Exact for x₀ ~ N(μ, s²I) and any linear A. The update of the paper weighs it by r_t², not by the
 * σ_t²/α_t of the conditional Tweedie formula. Without noise (σ_y = 0) it is Jᵀ A⁺(y − A x̂₀)/r_t². Of an operator that
 * is not linear, nor perhaps differentiable, such as JPEG's, its pseudo-inverse A† is enough, without noise:
 * Jᵀ(A†(y) − A†(A(x̂₀)))/r_t².
 *
 * By the singular value decomposition, or by conjugate gradients; no m×m matrix.
 *
 * @throws {OptionError} where the variance is not above 0, or the problem is none of these ({@link lacksInverse}).
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, lookAt, matrixOperator, pseudoInverseLikelihood } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: 1 })
 * const [x, y] = [tensor([[0, 0]], { dtype: 'float64' }), tensor([[1]], { dtype: 'float64' })]
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0), y }
 * const t = prior.schedule.timeOfNoiseLevel(1) // α_t² = σ_t² = ½: J = I/√2, r_t² = ½
 * const { g } = pseudoInverseLikelihood(problem).score(lookAt(prior, x, t, true))
 * g.dataSync() // ≈ [1.414214, 0]
 * ```
 */
export function pseudoInverseLikelihood(problem: Problem, options: PseudoInverseOptions = {}): Likelihood {
  const { variance = 1 } = options
  const { operator, noise, y } = problem
  if (!(variance > 0 && variance < Infinity))
    throw new OptionError('variance', `must be above 0 and finite, got ${variance}`)
  const lack = lacksInverse(problem)
  if (lack !== undefined) throw new OptionError('problem', `pseudo-inverse guidance ${lack}`)
  const { sigma: sigmaY = 0 } = noise
  const solve = isLinear(operator) ? regularisedInverse(operator, options) : undefined
  const undo = (v: Tensor): Tensor => operator.pinv?.(v) ?? v // A†, which lacksInverse has seen
  /** r_t²Aᵀ(r_t²AAᵀ + σ_y²I)⁻¹r, or what stands for it. */
  const correction = (clean: Tensor, spread: number): Tensor =>
    solve === undefined ? undo(y).sub(undo(clean)) : solve(y.sub(clean), sigmaY ** 2 / spread)
  return {
    through: true,
    score: ({ x0hat, alpha, sigma, pullback }) => {
      const spread = pseudoInverseSpread(variance, alpha, sigma)
      const clean = operator.forward(x0hat)
      const g = pullback(correction(clean, spread)).div(spread)
      return { g, residual: sampleNorms(y.sub(clean)) }
    },
  }
}
