import type { Tensor } from '@tweedie/tensor'
import { abs, maximum } from '@tweedie/tensor'
import { sampleAxes, unitOf } from '../run/residual.ts'

/** A 255th of the range: one count where the peak is 255. Less light than that is taken for it. */
const least = 1 / 255

/**
 * What takes the place of r/‖r‖ in −∇‖r‖ for measured counts, with the norm of DPS for Poisson noise (arXiv 2209.14687
 * §3.3, Algorithm 2): ‖r‖_Λ² = Σ Λ_ii·ρ_i², Λ_ii = 1/(2ȳ_i), of intensities in [0, 1], ȳ = (y + 1)/2 and ρ = r/2. In the
 * normal approximation of Poisson noise its square is −log p(y | x₀) over the peak. −∇‖r‖_Λ is the way back of (r/(8ȳ))/‖r‖_Λ.
 */
export const shotWeighted =
  (y: Tensor) =>
  (r: Tensor): Tensor => {
    const weight = maximum(y.add(1).div(2), least).mul(8)
    const pulled = r.div(weight)
    const norm = pulled.mul(r).sum(sampleAxes(r), true).sqrt()
    return unitOf(pulled, norm)
  }

/**
 * The same as the authors' code has it: the gradient of the mean of ‖r‖/|y_i| over the measured numbers, of y in [−1, 1]:
 * that of ‖r‖ times the mean of 1/|y_i|, a constant of the sample.
 */
export const shotRelative =
  (y: Tensor) =>
  (r: Tensor): Tensor =>
    unitOf(r).mul(maximum(abs(y), least).pow(-1).mean(sampleAxes(y), true))
