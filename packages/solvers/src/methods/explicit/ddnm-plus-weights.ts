import type { ReverseStep } from '../../samplers/steps.ts'
import { forwardTransition } from '../../samplers/steps.ts'

/** One coordinate of DDNM+'s step: α_s·(θ + λ(ȳ − θ)) + fresh·z + kept·ε. */
export interface DdnmPlusWeights {
  /** λ, how far x̂₀ goes to the measurement. */
  readonly lambda: number
  /** λ/s, which meets (Uᵀy)_i = s·ȳ_i and stays finite as s → 0. */
  readonly gain: number
  /** Φ, the standard deviation of the new noise. */
  readonly fresh: number
  /** The weight of the noise ε of the look. */
  readonly kept: number
}

/**
 * DDNM+ for singular value s (arXiv 2212.00490, appendix I): with a = α_s and σ = σ_s of the time that is gone to, the
 * noise of ȳ_i adds λ²a²σ_y²/s² to the variance of the step, and Φ² is what is left of σ².
 */
export function ddnmPlusWeights(
  s: number,
  { a, sigma, sigmaY, eta }: Record<'a' | 'sigma' | 'sigmaY' | 'eta', number>,
): DdnmPlusWeights {
  const rest = sigma * Math.sqrt(1 - eta ** 2)
  if (s === 0) return { lambda: 0, gain: 0, fresh: eta * sigma, kept: rest }
  const noise = (a * sigmaY) / s
  if (sigma < noise) return { lambda: rest / noise, gain: rest / (a * sigmaY), fresh: eta * sigma, kept: 0 }
  return { lambda: 1, gain: 1 / s, fresh: Math.sqrt(sigma ** 2 - noise ** 2), kept: 0 }
}

/**
 * The simplified DDNM+ (eq. 11 and 17–19 there), which takes A†'s noise for σ_y·N(0, I): the ancestral step
 * x_s = a·x̂₀' + b·x_t + √γ·z whose variance σ² is shared, γ = σ² − (aλσ_y)².
 */
export function simplifiedWeights(
  step: ReverseStep,
  sigmaY: number,
): Record<'a' | 'b' | 'lambda' | 'fresh', number> {
  const { schedule, t, s } = step
  const { ratio, variance } = forwardTransition(step)
  const share = schedule.sigma(s) / schedule.sigma(t)
  const a = (schedule.alpha(s) * variance) / schedule.sigma(t) ** 2
  const sigma = Math.sqrt(variance) * share
  const all = sigma >= a * sigmaY
  const fresh = all ? Math.sqrt(sigma ** 2 - (a * sigmaY) ** 2) : 0
  return { a, b: ratio * share ** 2, lambda: all ? 1 : sigma / (a * sigmaY), fresh }
}
