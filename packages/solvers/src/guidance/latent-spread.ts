import type { Tensor } from '@tweedie/tensor'
import { sumPerSample } from '../linalg/per-sample.ts'
import type { Look } from '../run/look.ts'
import { lookAt } from '../run/look.ts'
import type { Prior } from '../types.ts'

/**
 * An estimate of tr Cov[x₀ | x_t] of each sample by one probe ε ~ N(0, I) (Hutchinson), and its gradient in x_t:
 *
 *     tr Cov[x₀ | x_t] = (σ_t²/α_t)·tr ∂x̂₀/∂x_t ≈ (σ_t²/(α_t δ))·εᵀ(x̂₀(x_t + δε) − x̂₀(x_t)),
 *
 * Tweedie's formula of second order. It is n·σ_t²/α_t² + (σ_t⁴/α_t²)·tr ∇²log p_t(x_t), so that making the one small makes the
 * other. Unbiased where the denoiser is affine, else as δ → 0. One more evaluation, recorded.
 *
 * @param look - Taken through the denoiser; its pullback stays good for one more use.
 * @param probe - ε, like x_t.
 */
export function spreadAt(
  prior: Prior,
  { x, t, alpha, sigma, x0hat, pullback }: Look,
  probe: Tensor,
  delta: number,
): { readonly trace: Tensor; readonly gradient: Tensor } {
  const there = lookAt(prior, x.add(probe.mul(delta)), t, true)
  const factor = sigma ** 2 / (alpha * delta)
  return {
    trace: sumPerSample(probe.mul(there.x0hat.sub(x0hat))).mul(factor),
    gradient: there
      .pullback(probe)
      .sub(pullback(probe, { retain: true }))
      .mul(factor),
  }
}
