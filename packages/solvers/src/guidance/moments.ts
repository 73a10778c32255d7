import type { Tensor } from '@tweedie/tensor'
import { equal, maximum, OptionError, onesLike, sign, where } from '@tweedie/tensor'
import { conjugateGradient } from '../linalg/conjugate-gradient.ts'
import { denseSolve } from '../linalg/dense-solve.ts'
import { sampleNorms } from '../run/residual.ts'
import type { Fitted } from '../types.ts'
import type { AtStep } from './guided.ts'
import { needStep } from './guided.ts'
import type { Likelihood } from './likelihood.ts'
import { linearisedAt } from './linearised.ts'

/** Options of {@link momentLikelihood}. */
export interface MomentOptions {
  /**
   * How A C_t Aᵀ is met, each product with it a backward pass through the denoiser.
   *
   * - `full` (default): by conjugate gradients, one for each iteration (MMPS);
   * - `dense`: as an m×m matrix, by m of them, for small m;
   * - `rows`: its row sums on a diagonal, by one (TMPD), right where rows of A do not share what is correlated, as in a
   *   mask of independent pixels;
   * - `diagonal`: its diagonal by Hutchinson's estimator, by `probes` of them.
   *
   * What the last two put on the diagonal counts as 0 where it is negative, as C_t of a trained denoiser may have it.
   */
  covariance?: 'full' | 'dense' | 'rows' | 'diagonal' | undefined
  /** Rademacher probes of `diagonal`; default 1. The step must draw for it. */
  probes?: number | undefined
  /** Number of iterations of conjugate gradients, converged or not. Left out: until `tolerance` is met. */
  iterations?: number | undefined
  /** Relative residual at which conjugate gradients end; default that of `conjugateGradient`. */
  tolerance?: number | undefined
}

/** v ↦ A C_t Aᵀv. */
type Spread = (v: Tensor) => Tensor
/** (A C_t Aᵀ + σ_y²I)⁻¹r, or what stands for it. */
type Weigh = (spread: Spread, r: Tensor, variance: number, options: MomentOptions, step?: AtStep) => Tensor

const weighings: Readonly<Record<NonNullable<MomentOptions['covariance']>, Weigh>> = {
  full: (spread, r, variance, { iterations, tolerance }) =>
    conjugateGradient((v: Tensor) => spread(v).add(v.mul(variance)), r, {
      onBreakdown: 'keep',
      ...(iterations === undefined ? {} : { maxIterations: iterations }),
      ...(tolerance === undefined ? {} : { tolerance }),
    }).x,
  dense: (spread, r, variance) => denseSolve((v) => spread(v).add(v.mul(variance)), r),
  rows: (spread, r, variance) => r.div(maximum(spread(onesLike(r)), 0).add(variance)),
  diagonal: (spread, r, variance, { probes = 1 }, step) => {
    const z = needStep('momentLikelihood', step).z('probes', [probes, ...r.shape.slice(1)])
    const signs = where(equal(z, 0), 1, sign(z))
    const each = Array.from({ length: probes }, (_, j) => {
      const v = signs.slice(null, j)
      return spread(v).mul(v)
    })
    const diagonal = each.reduce((sum, v) => sum.add(v)).div(probes)
    return r.div(maximum(diagonal, 0).add(variance))
  },
}

/**
 * Moment matching: p(x₀ | x_t) ≈ N(x̂₀, C_t) with Tweedie's second moment C_t = (σ_t²/α_t)·J, J = ∂x̂₀/∂x_t, so that
 *
 *     g = Jᵀ Aᵀ(A C_t Aᵀ + σ_y²I)⁻¹(y − A x̂₀)
 *
 * (TMPD, arXiv 2310.06721; by conjugate gradients MMPS, arXiv 2405.13712). Exact for every Gaussian prior and linear A.
 * An operator that is not linear is taken as what it is to first order at x̂₀: A x̂₀ is A(x̂₀), and else A is ∂A/∂x there.
 *
 * For J its transpose is taken, which is the same for a true denoiser; a trained one's is symmetric only about, so that
 * conjugate gradients may break down: the solution is then what it was before (`iterations: 3` is usual).
 *
 * @throws {OptionError} where σ_y = 0, for an operator without gradient, or for an unknown `covariance`.
 */
export function momentLikelihood(
  { operator, noise, y }: Fitted<'sigma'>,
  options: MomentOptions = {},
): Likelihood {
  const { covariance = 'full', probes = 1 } = options
  if (!(noise.sigma > 0)) throw new OptionError('noise', `σ_y must be above 0, got ${noise.sigma}`)
  if (operator.differentiable === false)
    throw new OptionError('operator', `'${operator.name}' has no gradient that says anything`)
  if (!Object.hasOwn(weighings, covariance))
    throw new OptionError(
      'covariance',
      `must be ${Object.keys(weighings).join(' | ')}, got ${String(covariance)}`,
    )
  if (!(Number.isInteger(probes) && probes > 0))
    throw new OptionError('probes', `must be a positive integer, got ${probes}`)
  return {
    through: true,
    score: ({ x0hat, alpha, sigma, pullback }, step) => {
      const at = linearisedAt(operator, x0hat)
      const r = y.sub(at.clean)
      const spread = (v: Tensor) =>
        at.forward(pullback(at.adjoint(v), { retain: true })).mul(sigma ** 2 / alpha)
      const weighed = weighings[covariance](spread, r, noise.sigma ** 2, options, step)
      const g = pullback(at.adjoint(weighed))
      at.dispose()
      return { g, residual: sampleNorms(r) }
    },
  }
}
