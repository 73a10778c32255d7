import type { Tensor } from '@tweedie/tensor'
import { OptionError, softmax, zeros } from '@tweedie/tensor'
import { residualAt, residualNorm } from '../run/residual.ts'
import type { Problem } from '../types.ts'
import { needStep } from './guided.ts'
import type { Likelihood } from './likelihood.ts'
import { likelihoodOf } from './likelihood.ts'
import { pseudoInverseSpread } from './pseudo-inverse.ts'

/** Options of {@link lossGuidedLikelihood}. */
export interface LossGuidedOptions {
  /** n, the points drawn around x̂₀; default 10. */
  readonly samples?: number | undefined
  /** Factor of r_t; 0 leaves x̂₀ alone. Default 1. */
  readonly spread?: number | undefined
  /** s², the variance of a coordinate of x₀ that r_t stands on; default 1. */
  readonly variance?: number | undefined
}

/**
 * Loss-guided diffusion by Monte Carlo (LGD-MC; Song et al., ICML 2023, eq. 8): p(x₀ | x_t) ≈ N(x̂₀, r_t²I), of which n
 * points x₀ⁱ = x̂₀ + r_t·z_i are drawn, so that p(y | x_t) ≈ (1/n)·Σ p(y | x₀ⁱ) and
 *
 *     g = Jᵀ Σ_i w_i·(∂A/∂x)ᵀ∇log p(y | x₀ⁱ),     w = softmax_i log p(y | x₀ⁱ),     r_t² = s²σ_t²/(α_t²s² + σ_t²),
 *
 * J = ∂x̂₀/∂x_t: the gradient of a log-mean-exp, by one pass back through the denoiser. With r_t = 0 it is
 * {@link dpsLikelihood}; for linear A and Gaussian noise it tends to {@link pseudoInverseLikelihood} of the same s² as n
 * grows. (The plain mean of the gradients, which some code takes, is DPS's in expectation for linear A.)
 *
 * Of 10 points in many dimensions one has nearly all the weight, so that g is that of a single random point.
 *
 * @throws {OptionError} where the noise has no likelihood, or an option is out of range.
 */
export function lossGuidedLikelihood(
  { operator, noise, y }: Problem,
  { samples: n = 10, spread = 1, variance = 1 }: LossGuidedOptions = {},
): Likelihood {
  const likelihood = likelihoodOf(noise)
  if (!(Number.isInteger(n) && n > 0))
    throw new OptionError('samples', `must be a positive integer, got ${n}`)
  if (!(spread >= 0 && variance > 0))
    throw new OptionError('spread', `must be at least 0, with a variance above 0, got ${spread}, ${variance}`)
  return {
    through: true,
    score: ({ x0hat, alpha, sigma, pullback }, step) => {
      const [count = 0, ...shape] = x0hat.shape
      /** [N or 1, …] as [N·n, …], sample by sample. */
      const spreadOut = (v: Tensor, around?: Tensor): Tensor => {
        const [, ...rest] = v.shape
        const room = around ?? zeros([count, n, ...rest], { dtype: v.dtype, device: v.device })
        return v
          .reshape([v.shape[0] ?? 0, 1, ...rest])
          .add(room)
          .reshape([count * n, ...rest])
      }
      const r = spread * Math.sqrt(pseudoInverseSpread(variance, alpha, sigma))
      const around =
        r === 0
          ? undefined
          : needStep('LGD-MC', step)
              .z('points', [n, ...shape])
              .mul(r)
      const measured = spreadOut(y)
      const { clean, back } = residualAt(operator, measured, spreadOut(x0hat, around))
      const weights = softmax(likelihood.log(measured, clean).reshape([count, n]))
      const each = back(likelihood.score(measured, clean)).reshape([count, n, ...shape])
      const mean = each.mul(weights.reshape([count, n, ...shape.map(() => 1)])).sum(1)
      return { g: pullback(mean), residual: residualNorm(operator, y, x0hat) }
    },
  }
}
