/** x̄_s = theta·θ̄ + xbar·x̄_t + uty·(Uᵀy) + z·z of one coordinate. */
export interface DdrmWeights {
  readonly theta: number
  readonly xbar: number
  readonly uty: number
  readonly z: number
}

/**
 * The three cases of DDRM's update (arXiv 2201.11793 eq. 7 and 8) for singular value s from noise level `from` to
 * `to`. They are put in terms of (Uᵀy)_i = s·ȳ_i, which stays finite as s → 0.
 */
export function ddrmWeights(
  s: number,
  sigmaY: number,
  from: number,
  to: number,
  { eta, etaB }: { eta: number; etaB: number },
): DdrmWeights {
  const kept = Math.sqrt(1 - eta ** 2) * to
  if (s === 0) return { theta: 1 - kept / from, xbar: kept / from, uty: 0, z: eta * to }
  const tau = sigmaY / s
  if (to < tau) return { theta: 1 - kept / tau, xbar: 0, uty: kept / sigmaY, z: eta * to }
  return { theta: 1 - etaB, xbar: 0, uty: etaB / s, z: Math.sqrt(to ** 2 - (etaB * tau) ** 2) }
}
