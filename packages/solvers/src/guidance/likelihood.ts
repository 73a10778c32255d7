import type { Tensor } from '@tweedie/tensor'
import { OptionError, sameShape, zerosLike } from '@tweedie/tensor'
import type { Look } from '../run/look.ts'
import { residualAt } from '../run/residual.ts'
import type { Noise, NoiseLikelihood, Problem } from '../types.ts'
import type { AtStep, Guidance } from './guided.ts'

/** An approximation of the likelihood score ∇_{x_t} log p(y | x_t) of one problem. */
export interface Likelihood {
  /** Whether it goes back through the denoiser ({@link Look.pullback}). */
  readonly through: boolean
  /** g ≈ ∇_{x_t} log p(y | x_t), like x_t, and ‖y − A(x̂₀)‖₂ of each sample, [N, 1, …]. */
  score(look: Look, step?: AtStep): { readonly g: Tensor; readonly residual: Tensor }
}

/**
 * Guidance by a score: the conditional Tweedie formula E[x₀ | x_t, y] = x̂₀ + (σ_t²/α_t)·g takes the place of x̂₀.
 * A step shows g as `guidance`.
 */
export const byScore = ({ through, score }: Likelihood): Guidance => ({
  through,
  at: (look, step) => {
    const { g, residual } = score(look, step)
    return { x0: look.x0hat.add(g.mul(look.sigma ** 2 / look.alpha)), guidance: g, residual }
  },
})

/** The score times a factor. */
export const scaled = ({ through, score }: Likelihood, factor: number): Likelihood => ({
  through,
  score: (look, step) => {
    const { g, residual } = score(look, step)
    return { g: g.mul(factor), residual }
  },
})

/** The density of a noise. @throws {OptionError} where it has none, as Gaussian noise of σ_y = 0. */
export function likelihoodOf({ name, likelihood }: Noise): NoiseLikelihood {
  if (likelihood !== undefined) return likelihood
  throw new OptionError('noise', `'${name}' has no likelihood; Gaussian noise takes σ_y above 0`)
}

/**
 * The likelihood at the point x̂₀: g = Jᵀ·(∂A/∂x)ᵀ·∇log p(y | x₀ = x̂₀), J = ∂x̂₀/∂x_t (Chung et al., arXiv
 * 2209.14687, eq. 16). For Gaussian noise Jᵀ Aᵀ(y − A x̂₀)/σ_y². It leaves out the spread C_t of x₀ given x_t: for
 * a Gaussian prior and linear A the exact score has (A C_t Aᵀ + σ_y²I)⁻¹ in place of σ_y⁻², so this one is too large
 * where σ_t is. Stiff, and meant for study.
 *
 * @throws {OptionError} where the noise has no likelihood, as Gaussian noise of σ_y = 0.
 */
export function dpsLikelihood({ operator, noise, y }: Problem): Likelihood {
  const likelihood = likelihoodOf(noise)
  return {
    through: true,
    score: ({ x0hat, pullback }) => {
      const { clean, norm, back } = residualAt(operator, y, x0hat)
      const each = sameShape(y.shape, clean.shape) ? y : y.add(zerosLike(clean)) // one y goes with any batch
      return { g: pullback(back(likelihood.score(each, clean))), residual: norm }
    },
  }
}
