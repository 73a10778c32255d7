import type { DdrmWeights } from './ddrm-weights.ts'
import { ddrmWeights } from './ddrm-weights.ts'

/** GibbsDDRM's η. */
export interface GibbsEtas {
  /** Weight of the direction ε̂ in the second case. */
  readonly etaA: number
  /** Weight of y in the third case. */
  readonly etaB: number
  /** Weight of the direction (Uᵀy − s·θ̄)/σ_y in the second case. */
  readonly etaC: number
  /** Fresh noise where y says nothing. */
  readonly etaD: number
}

/**
 * The three cases of GibbsDDRM's update (Murata et al., arXiv 2301.12686 eq. 9) for singular value s from noise level
 * `from` to `to`. Two are DDRM's ({@link ddrmWeights}) with η_D and η_B; that of y noisier than x_s goes
 *
 *     x̄_s = θ̄ + η_A·σ_s·ε̄ + η_C·σ_s·(Uᵀy − s·θ̄)/σ_y + σ_s·√(1 − η_A² − η_C² − 2η_Aη_Cρ)·z,   ε̄ = (x̄_t − θ̄)/σ_t
 *
 * with ρ the correlation of the two directions. DDRM's own is η_A = 0, η_C = √(1 − η²).
 */
export function gibbsWeights(
  s: number,
  sigmaY: number,
  from: number,
  to: number,
  { etaA, etaB, etaC, etaD }: GibbsEtas,
  rho: number,
): DdrmWeights {
  if (s === 0 || to >= sigmaY / s) return ddrmWeights(s, sigmaY, from, to, { eta: etaD, etaB })
  const [along, toward] = [etaA * to, etaC * to]
  return {
    theta: 1 - toward / (sigmaY / s) - along / from,
    xbar: along / from,
    uty: toward / sigmaY,
    z: Math.sqrt(Math.max(0, 1 - etaA ** 2 - etaC ** 2 - 2 * etaA * etaC * rho)) * to,
  }
}
