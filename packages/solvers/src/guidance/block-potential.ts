import type { Tensor } from '@tweedie/tensor'
import { lookAt } from '../run/look.ts'
import { residualAt } from '../run/residual.ts'
import { bridge, bridgeLaw } from '../samplers/bridge.ts'
import type { Prior, Problem, Time } from '../types.ts'
import { likelihoodOf } from './likelihood.ts'

/** Gradients of batches, one evaluation of the prior each. */
export interface BlockPotential {
  /** ∇_{x_t} log g_ℓ(x_ℓ), z ~ N(0, I) that of x_ℓ; at t = ℓ without the prior. */
  gradient(x: Tensor, t: Time, end: Time, z: Tensor): Tensor
  /** ∇ log p_t(x_t) + ∇_{x_t} log g_ℓ(E[x_ℓ]), t above ℓ. */
  tilted(x: Tensor, t: Time, end: Time): Tensor
}

/**
 * The potentials of DCPS (arXiv 2403.11407 §3): at the end ℓ of a block g_ℓ(x_ℓ) = p(α_ℓ·y | A x_ℓ), and at a time t above it that of
 * where a step of DDIM from x_t would come to, x_ℓ = a·x̂₀(x_t) + c·x_t + σ̃·z:
 *
 *     ∇ log g = c·G + a·JᵀG,     G = ∇_{x_ℓ} log p(α_ℓ·y | A x_ℓ).
 *
 * @throws {OptionError} where the noise has no likelihood.
 */
export function blockPotential({ operator, noise, y }: Problem, prior: Prior, eta: number): BlockPotential {
  const likelihood = likelihoodOf(noise)
  const { schedule } = prior
  const atEnd = (x: Tensor, end: Time) => {
    const { clean, back } = residualAt(operator, y, x)
    return back(likelihood.score(y.mul(schedule.alpha(end)), clean))
  }
  const above = (x: Tensor, t: Time, end: Time, z?: Tensor) => {
    const { x0hat, alpha, sigma, pullback } = lookAt(prior, x, t, true)
    const step = { schedule, t, s: end, end: schedule.clean, eta }
    const { mean, deviation } = bridgeLaw(step, x0hat, x)
    const { ofEnd, ofX } = bridge(step)
    const G = atEnd(z === undefined ? mean : mean.add(z.mul(deviation)), end)
    return {
      g: G.mul(ofX).add(pullback(G.mul(ofEnd))),
      score: x0hat
        .mul(alpha)
        .sub(x)
        .div(sigma ** 2),
    }
  }
  return {
    gradient: (x, t, end, z) => (t === end ? atEnd(x, end) : above(x, t, end, z).g),
    tilted: (x, t, end) => {
      const { g, score } = above(x, t, end)
      return score.add(g)
    },
  }
}
