import type { Key, Tensor } from '@tweedie/tensor'
import { fromData, maximum, normal, OptionError, scope } from '@tweedie/tensor'
import { conjugateGradient } from '../linalg/conjugate-gradient.ts'
import type { Look } from '../run/look.ts'
import { sampleNorms } from '../run/residual.ts'
import type { ReverseStep } from '../samplers/steps.ts'
import { forwardTransition } from '../samplers/steps.ts'
import type { Fitted, Prior } from '../types.ts'
import { regularisedInverse } from './inverse.ts'
import type { Likelihood } from './likelihood.ts'
import { pseudoInverseSpread } from './pseudo-inverse.ts'

/** Options of {@link optimalCovarianceLikelihood}. */
export interface OptimalCovarianceOptions {
  /** V_t, the variances of x₀ given x_t: one number, or one of each coordinate, [1 or N, …shape]; above 0. */
  readonly variance: (look: Look) => number | Tensor
  /** `I` (default) goes back through the denoiser, `II` does not. */
  readonly type?: 'I' | 'II' | undefined
  /** The noise level σ_t/α_t from which on ΠGDM's r_t² stands in for V_t; 0.2 as the authors have it. */
  readonly below?: number | undefined
}

/**
 * Guidance by the optimal diagonal covariance (Peng et al., arXiv 2402.02149): p(x₀ | x_t) ≈ N(x̂₀, diag V_t), where V_t is
 * as the prior was learned or measured ({@link convertedVariance}, {@link analyticVariance}). With
 * w = (A·diag(V_t)·Aᵀ + σ_y²I)⁻¹(y − A x̂₀),
 *
 *     type I:  g = Jᵀ Aᵀw,                    type II:  g = (α_t/σ_t²)·V_t ⊙ Aᵀw,
 *
 * so that by the conditional Tweedie formula type II puts x̂₀ + V_t ⊙ Aᵀw in the place of x̂₀, without a gradient. The two
 * are one where J is diagonal with V_t = (σ_t²/α_t)·diag J, and then exact, as for a Gaussian of independent coordinates.
 *
 * @throws {OptionError} for an unknown type; from `score` where a variance is not above 0.
 */
export function optimalCovarianceLikelihood(
  { operator, noise, y }: Fitted<'linear' | 'sigma'>,
  { variance, type = 'I', below = 0.2 }: OptimalCovarianceOptions,
): Likelihood {
  if (type !== 'I' && type !== 'II') throw new OptionError('type', `must be I | II, got ${String(type)}`)
  const solve = regularisedInverse(operator)
  /** Aᵀ(A·diag(V)·Aᵀ + σ_y²I)⁻¹r. */
  const back = (V: number | Tensor, r: Tensor): Tensor => {
    if (typeof V === 'number') return solve(r, noise.sigma ** 2 / V).div(V)
    const spread = (v: Tensor) => operator.forward(operator.adjoint(v).mul(V)).add(v.mul(noise.sigma ** 2))
    return operator.adjoint(conjugateGradient(spread, r).x)
  }
  return {
    through: type === 'I',
    score: (look) => {
      const { x0hat, alpha, sigma, pullback } = look
      const V = sigma / alpha < below ? variance(look) : pseudoInverseSpread(1, alpha, sigma)
      if (typeof V === 'number' && !(V > 0)) throw new OptionError('variance', `must be above 0, got ${V}`)
      const r = y.sub(operator.forward(x0hat))
      const toward = back(V, r)
      const g = type === 'I' ? pullback(toward) : toward.mul(V).mul(alpha / sigma ** 2)
      return { g, residual: sampleNorms(r) }
    },
  }
}

/**
 * V_t of a variance that a network has learned for its reverse step (arXiv 2402.02149 eq. 19, "convert"). Since
 * Var[x_s | x_t] = b·σ_s²/σ_t² + (α_s·b/σ_t²)²·Var[x₀ | x_t], b = σ_t² − (α_tσ_s/α_s)²,
 *
 *     V_t = (learned − b·σ_s²/σ_t²)/(α_s·b/σ_t²)²,
 *
 * and `least` where that is below it.
 *
 * @param learned - Var[x_s | x_t] of each coordinate.
 */
export function convertedVariance(learned: Tensor, step: ReverseStep, least = 1e-8): Tensor {
  const { schedule, t, s } = step
  const { variance: b } = forwardTransition(step)
  const [varianceT, varianceS] = [schedule.sigma(t) ** 2, schedule.sigma(s) ** 2]
  const known = (b * varianceS) / varianceT
  return maximum(learned.sub(known).div(((schedule.alpha(s) * b) / varianceT) ** 2), least)
}

/**
 * V_t as the mean squared error of a prior's denoiser on data (arXiv 2402.02149 §4.1, "analytic"), at the given noise
 * levels; between them it is interpolated in the logarithm of the level, beyond them it is that of the last.
 *
 * @param x0 - Data [N, …shape].
 * @param options.levels - Noise levels σ/α above 0, rising.
 * @param options.each - One variance for each coordinate, [1, …shape]; else one number.
 * @param options.key - Of the noise.
 */
export function analyticVariance(
  prior: Prior,
  x0: Tensor,
  { levels, each = false, key }: { levels: readonly number[]; each?: boolean; key: Key },
): (look: Look) => number | Tensor {
  if (levels.length === 0 || !levels.every((level, i) => level > (levels[i - 1] ?? 0)))
    throw new OptionError('levels', 'must be above 0 and rising')
  const { schedule, shape } = prior
  const like = { dtype: x0.dtype, device: x0.device }
  const keys = Array.from({ length: x0.shape[0] ?? 0 }, (_, n) => key.fold(n))
  const table = levels.map((level, k) =>
    scope(() => {
      const t = schedule.timeOfNoiseLevel(level)
      const z = normal(
        keys.map((sample) => sample.fold(k)),
        shape,
        like,
      )
      const xt = x0.mul(schedule.alpha(t)).add(z.mul(schedule.sigma(t)))
      const squares = x0.sub(prior.denoise(xt, t)).square()
      return Array.from((each ? squares.mean(0) : squares.mean()).dataSync())
    }),
  )
  return ({ alpha, sigma }) => {
    const level = sigma / alpha
    const next = levels.findIndex((known) => known >= level)
    const [i, j] = next < 0 ? [levels.length - 1, levels.length - 1] : [Math.max(next - 1, 0), next]
    const [low, high] = [Math.log(levels[i] ?? level), Math.log(levels[j] ?? level)]
    const weight = high > low ? (Math.log(level) - low) / (high - low) : 0
    const mixed = (table[i] ?? []).map((v, n) => v + weight * ((table[j]?.[n] ?? v) - v))
    return each ? fromData(Float64Array.from(mixed), [1, ...shape], like) : (mixed[0] ?? Number.NaN)
  }
}
