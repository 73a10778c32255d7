import type { Tensor } from '@tweedie/tensor'
import { OptionError, onesLike } from '@tweedie/tensor'
import { conjugateGradient } from '../linalg/conjugate-gradient.ts'
import { sampleNorms } from '../run/residual.ts'
import type { Fitted } from '../types.ts'
import type { Likelihood } from './likelihood.ts'

/** Options of {@link momentLikelihood}. */
export interface MomentOptions {
  /**
   * `full` (default): A C_t Aᵀ, by a backward pass through the denoiser for each iteration of conjugate gradients
   * (MMPS); `rows`: its row sums on a diagonal, by one backward pass in all (TMPD), right where rows of A do not share
   * what is correlated, as in a mask of independent pixels.
   */
  covariance?: 'full' | 'rows'
  /** Number of iterations of conjugate gradients, converged or not. Left out: until `tolerance` is met. */
  iterations?: number
  /** Relative residual at which conjugate gradients end; default that of `conjugateGradient`. */
  tolerance?: number
}

/**
 * Moment matching: p(x₀ | x_t) ≈ N(x̂₀, C_t) with Tweedie's second moment C_t = (σ_t²/α_t)·J, J = ∂x̂₀/∂x_t, so that
 *
 *     g = Jᵀ Aᵀ(A C_t Aᵀ + σ_y²I)⁻¹(y − A x̂₀)
 *
 * (TMPD, arXiv 2310.06721; by conjugate gradients MMPS, arXiv 2405.13712). Exact for every Gaussian prior and linear A.
 * For J its transpose is taken, which is the same for a true denoiser; a trained one's is symmetric only about, so that
 * conjugate gradients may break down: the solution is then what it was before (`iterations: 3` is usual).
 *
 * @throws {OptionError} where σ_y = 0, or for an unknown `covariance`.
 */
export function momentLikelihood(
  { operator, noise, y }: Fitted<'linear' | 'sigma'>,
  { covariance = 'full', iterations, tolerance }: MomentOptions = {},
): Likelihood {
  if (!(noise.sigma > 0)) throw new OptionError('noise', `σ_y must be above 0, got ${noise.sigma}`)
  if (covariance !== 'full' && covariance !== 'rows')
    throw new OptionError('covariance', `must be full | rows, got ${String(covariance)}`)
  const limits = {
    onBreakdown: 'keep',
    ...(iterations === undefined ? {} : { maxIterations: iterations }),
    ...(tolerance === undefined ? {} : { tolerance }),
  } as const
  return {
    through: true,
    score: ({ x0hat, alpha, sigma, pullback }) => {
      const r = y.sub(operator.forward(x0hat))
      const jacobian = (v: Tensor) => pullback(v, { retain: true })
      // A C_t Aᵀv + σ_y²v
      const spread = (v: Tensor) =>
        operator
          .forward(jacobian(operator.adjoint(v)))
          .mul(sigma ** 2 / alpha)
          .add(v.mul(noise.sigma ** 2))
      const weighed =
        covariance === 'rows' ? r.div(spread(onesLike(r))) : conjugateGradient(spread, r, limits).x
      return { g: pullback(operator.adjoint(weighed)), residual: sampleNorms(r) }
    },
  }
}
