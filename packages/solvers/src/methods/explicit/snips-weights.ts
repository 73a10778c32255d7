/** x̄ ← theta·θ̄ + xbar·x̄ + uty·(Uᵀy) + z·z of one coordinate. */
export interface SnipsWeights {
  readonly theta: number
  readonly xbar: number
  readonly uty: number
  readonly z: number
}

/**
 * A Langevin step of SNIPS (arXiv 2105.14951, Algorithm 1) for singular value s at noise level σ: x̄ + a·g + √(2a)·z, with
 * the score (θ̄ − x̄)/σ² of the prior, τ = σ_y/s and
 *
 *     s = 0:    g = (θ̄ − x̄)/σ²                                    a = c·σ²
 *     σ < τ:    g = (θ̄ − x̄)/σ² + s(Uᵀy − s·x̄)/(σ_y² − s²σ²)       a = c·σ²(1 − σ²/τ²)
 *     σ > τ:    g = s(Uᵀy − s·x̄)/(s²σ² − σ_y²)                      a = c·(σ² − τ²)
 *
 * Multiplied out, so that nothing is divided by 0 at σ = τ, where the second and the third agree, or at σ_y = 0.
 */
export function snipsWeights(s: number, sigmaY: number, sigma: number, c: number): SnipsWeights {
  const xbar = 1 - c
  if (s * sigma >= sigmaY && s > 0)
    return { theta: 0, xbar, uty: c / s, z: Math.sqrt(2 * c * (sigma ** 2 - (sigmaY / s) ** 2)) }
  const share = s === 0 ? 0 : ((s * sigma) / sigmaY) ** 2 // σ²/τ²
  const uty = s === 0 ? 0 : (c * s * sigma ** 2) / sigmaY ** 2
  return { theta: c * (1 - share), xbar, uty, z: Math.sqrt(2 * c * (1 - share)) * sigma }
}
