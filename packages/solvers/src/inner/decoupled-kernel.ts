import type { ReverseStep } from '../samplers/steps.ts'
import { forwardTransition } from '../samplers/steps.ts'

/** N(ofX0·x̂₀ + ofX·x_t, variance·I). */
export interface DecoupledKernel {
  readonly ofX0: number
  readonly ofX: number
  readonly variance: number
}

/**
 * The reverse step of a coupling η between x_t and x_s (arXiv 2502.06379): what x_s is told by x̂₀, and by x_t as a part η,
 *
 *     N(x_s; α_s·x̂₀, σ_s²I)·N(x_t; (α_t/α_s)·x_s, b·I)^η,     b = σ_t² − (α_t/α_s)²σ_s².
 *
 * At η = 0 x_t is forgotten; at η = 1 it is DDPM's step.
 *
 * @example
 * ```ts
 * import { decoupledKernel, ve } from '@tweedie/solvers'
 * decoupledKernel({ schedule: ve(), t: 5, s: 3 }, 0) // => { ofX0: 1, ofX: 0, variance: 9 }
 * ```
 */
export function decoupledKernel(step: ReverseStep, eta: number): DecoupledKernel {
  const { schedule, s } = step
  const { ratio, variance: b } = forwardTransition(step)
  const own = schedule.sigma(s) ** 2
  const whole = b + eta * ratio ** 2 * own
  return {
    ofX0: (schedule.alpha(s) * b) / whole,
    ofX: (eta * ratio * own) / whole,
    variance: (b * own) / whole,
  }
}

/** The most of the variance of a step that x₀ may account for; the rest is noise that no measurement takes away. */
const mostOfX0 = 0.75

/**
 * The same step where x₀ ~ N(x̂₀, ρ²I) was measured: of `width`, ofX0²·ρ² comes from x₀, and is less where coordinates are seen.
 *
 * @param width - The variance of the step without a measurement, above 0.
 * @param spread - ρ².
 * @param noise - Of each coordinate the variance that x₀ is seen with, ∞ where it is not.
 * @returns ρ², cut where it would account for more than ¾ of the width, and the variance of each coordinate.
 */
export function decoupledProposal(
  ofX0: number,
  width: number,
  spread: number,
  noise: Float64Array,
): { readonly spread: number; readonly variance: Float64Array } {
  const part = Math.min(spread, (mostOfX0 * width) / ofX0 ** 2)
  return {
    spread: part,
    // ρ² − M⁻¹ = ρ⁴/(ρ² + noise) is what the measurement takes away.
    variance: noise.map((v) => width - (ofX0 * part) ** 2 / (part + v)),
  }
}
