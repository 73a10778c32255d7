import { firstEstimates } from '../linalg/first-estimate.ts'
import { choice, number } from '../options/index.ts'

const unit = { min: 0, max: 1 }

/** Options of RED-diff and of what is made of it. */
export const redDiffOptions = {
  learningRate: number("Adam's learning rate", { default: 0.1, min: 0 }),
  beta1: number("Adam's β₁", { default: 0.9, ...unit }),
  beta2: number("Adam's β₂", { default: 0.99, ...unit }),
  lambda: number('λ, weight of the prior term', { default: 0.25, min: 0 }),
  dataWeight: number('v, weight of the data term', { default: 1, min: 0 }),
  weighting: choice('w_t/λ as a function of σ_t/α_t', ['linear', 'sqrt', 'square', 'log', 'clip', 'const']),
  reduction: choice('mean over the m measurements and the n elements; sum', ['mean', 'sum']),
  sigmaX0: number('σ₀ of the variational Gaussian around μ', { default: 0, min: 0 }),
  init: choice('μ₀: (AᵀA + σ_y²I)⁻¹Aᵀy, A⁺y, Aᵀy, 0; auto: what A has first', ['auto', ...firstEstimates]),
  rankTolerance: number('share of the largest s_i that counts as 0 in μ₀', { default: 0, ...unit }),
}
