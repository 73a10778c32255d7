import type { Tensor } from '@tweedie/tensor'
import { sampleSize } from '../linalg/per-sample.ts'
import { lookAt } from '../run/look.ts'
import { residualAt, sampleAxes } from '../run/residual.ts'
import { combine, predictedNoise } from '../samplers/steps.ts'
import type { Prior, Problem, Time } from '../types.ts'

/** How the prior term is weighted over time, k = σ_t/α_t being the inverse square root of the SNR. */
export const redDiffWeightings = {
  linear: (k: number) => k,
  sqrt: (k: number) => Math.sqrt(k),
  square: (k: number) => k ** 2,
  log: (k: number) => Math.log1p(k),
  clip: (k: number) => Math.min(k, 1),
  const: () => 1,
} as const satisfies Record<string, (k: number) => number>

/** What {@link redDiffGradient} weighs, and how. */
export interface RedDiffWeights {
  readonly lambda: number
  readonly dataWeight: number
  readonly weighting: keyof typeof redDiffWeightings
  readonly reduction: 'mean' | 'sum'
  readonly sigmaX0: number
}

/** What a {@link redDiffGradient} is at beside μ; tensors like μ. */
export interface RedDiffDraw {
  /** ε ~ N(0, I). */
  readonly epsilon: Tensor
  /** ε₀ ~ N(0, I); needed where σ₀ > 0. */
  readonly epsilon0?: Tensor | undefined
  /** Taken off ε_θ − ε, as a function of x_t. */
  readonly repulsion?: ((xt: Tensor) => Tensor) | undefined
}

/**
 * One stochastic gradient of RED-diff (arXiv 2305.04391) at μ: x_t = α_t(μ + σ₀·ε₀) + σ_t·ε, ε_θ from
 * x̂₀ = E[x₀ | x_t], and
 *
 *     ∇ = −v·(∂A/∂μ)ᵀ(y − A(μ))/m + w_t·(ε_θ − ε)/n,      w_t = λ·weighting(σ_t/α_t)
 *
 * (without /m and /n for 'sum'). ε_θ is a constant: nothing is differentiated through the prior.
 *
 * @param mu - μ [N, …shape].
 * @returns The gradient, x̂₀, and of each sample ‖y − A(μ)‖₂, v·½·‖y − A(μ)‖² (over m for 'mean') and
 *   w_t·⟨ε_θ − ε, μ⟩ (over n): a handle for the gradient, not a distance.
 */
export function redDiffGradient(
  { operator, y }: Pick<Problem, 'operator' | 'y'>,
  prior: Prior,
  mu: Tensor,
  t: Time,
  { epsilon, epsilon0, repulsion }: RedDiffDraw,
  { lambda, dataWeight, weighting, reduction, sigmaX0 }: RedDiffWeights,
) {
  const elements = (x: Tensor) => (reduction === 'mean' ? sampleSize(x) : 1)
  const [n, m] = [elements(mu), elements(y)]
  const [alpha, sigma] = [prior.schedule.alpha(t), prior.schedule.sigma(t)]
  const xt = combine([alpha, mu], [alpha * sigmaX0, epsilon0], [sigma, epsilon])
  const { x0hat } = lookAt(prior, xt, t, false)
  const distilled = predictedNoise(xt, x0hat, prior.schedule, t).sub(epsilon)
  const difference = repulsion === undefined ? distilled : distilled.sub(repulsion(xt))
  const w = (lambda * redDiffWeightings[weighting](sigma / alpha)) / n

  const { r, norm, back } = residualAt(operator, y, mu)
  return {
    gradient: combine([1, back(r.mul(-dataWeight / m))], [w, difference]),
    x0hat,
    residual: norm,
    lossData: norm.square().mul(dataWeight / (2 * m)),
    lossPrior: difference.mul(mu).sum(sampleAxes(mu)).mul(w),
  }
}
