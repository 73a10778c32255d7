import { OptionError } from '@tweedie/tensor'
import { spectralGain } from '../inner/spectral-gain.ts'
import { rankCut } from '../linalg/ridge.ts'
import { sampleNorms } from '../run/residual.ts'
import type { Fitted } from '../types.ts'
import type { Likelihood } from './likelihood.ts'

/**
 * Pseudo-inverse guidance (ΠGDM; Song et al., ICLR 2023): p(x₀ | x_t) ≈ N(x̂₀, r_t²I), so that
 *
 *     g = Jᵀ Aᵀ(r_t²AAᵀ + σ_y²I)⁻¹(y − A x̂₀),     r_t² = s²σ_t²/(α_t²s² + σ_t²),
 *
 * J = ∂x̂₀/∂x_t. Exact for x₀ ~ N(μ, s²I) and any linear A. The update of the paper weighs it by r_t², not by the
 * σ_t²/α_t of the conditional Tweedie formula. Without noise (σ_y = 0) it is Jᵀ A⁺(y − A x̂₀)/r_t².
 *
 * @param variance - s², the variance of a coordinate of x₀ that r_t² stands on; the paper's value is 1.
 * @param rankTolerance - Singular values up to this fraction of the largest count as 0.
 * @throws {OptionError} where the variance is not above 0.
 */
export function pseudoInverseLikelihood(
  { operator, noise, y }: Fitted<'svd' | 'sigma'>,
  { variance = 1, rankTolerance = 0 }: { variance?: number; rankTolerance?: number } = {},
): Likelihood {
  if (!(variance > 0 && variance < Infinity))
    throw new OptionError('variance', `must be above 0 and finite, got ${variance}`)
  const svd = operator.svd()
  const singularValues = rankCut(svd, rankTolerance)
  return {
    through: true,
    score: ({ x0hat, alpha, sigma, pullback }) => {
      const spread = (variance * sigma ** 2) / (alpha ** 2 * variance + sigma ** 2)
      const gain = spectralGain({ singularValues }, (s) =>
        s === 0 ? 0 : s / (spread * s ** 2 + noise.sigma ** 2),
      )
      const r = y.sub(operator.forward(x0hat))
      return { g: pullback(svd.v(gain(svd.ut(r)))), residual: sampleNorms(r) }
    },
  }
}
