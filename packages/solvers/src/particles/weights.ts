import { TweedieError } from '@tweedie/tensor'

/** Why log-weights say nothing: NaN among them, +∞ among them, or all of them −∞. */
export type WeightFault = 'nan' | 'infinite' | 'vanished'

const faults: Record<WeightFault, string> = {
  nan: 'a log-weight is NaN: the potential of a particle is not defined',
  infinite: 'a log-weight is +∞: the potential of a particle has no bound',
  vanished: 'all weights are 0: no particle explains the measurement; take more particles, or a wider noise',
}

/** Log-weights that cannot be normalised. */
export class DegenerateWeightsError extends TweedieError {
  override readonly name = 'DegenerateWeightsError'
  readonly fault: WeightFault
  /** The sample of the batch whose particles they are; absent where there is no batch. */
  readonly sample: number | undefined
  constructor(fault: WeightFault, sample?: number) {
    super(`weights${sample === undefined ? '' : ` of sample ${sample}`}: ${faults[fault]}`)
    this.fault = fault
    this.sample = sample
  }
}

/** What the log-weights ℓ_k of K particles come to. */
export interface NormalisedWeights {
  /** W_k = e^{ℓ_k}/Σ_j e^{ℓ_j}, [K]. */
  readonly weights: Float64Array
  /** log Σ_k e^{ℓ_k}. */
  readonly logSum: number
  /** log (1/K)·Σ_k e^{ℓ_k}, of which the exponential estimates a ratio of evidences without bias. */
  readonly logMean: number
  /** The effective sample size 1/Σ_k W_k², from 1 (one particle has it all) to K (all alike). */
  readonly ess: number
}

/**
 * Normalises log-weights. All is done relative to the largest, so a common shift changes `logSum` and `logMean`
 * alone, and nothing overflows; −∞ is a weight of 0. The effective sample size is that of Kong, Liu & Wong (1994).
 *
 * @param logWeights - ℓ_k of K ≥ 1 particles, in any order.
 * @param sample - The sample of a batch to name in errors.
 * @throws {DegenerateWeightsError} where one is NaN or +∞, or all are −∞ (as where there are none).
 * @example
 * ```ts
 * import { normaliseWeights } from '@tweedie/solvers'
 * const { weights, logMean, ess } = normaliseWeights([10000, 10000 + Math.log(3)])
 * weights // ≈ [0.25, 0.75]
 * ess // ≈ 1.6
 * logMean - 10000 // ≈ 0.693147
 * ```
 */
export function normaliseWeights(logWeights: ArrayLike<number>, sample?: number): NormalisedWeights {
  const K = logWeights.length
  let top = -Infinity
  for (let k = 0; k < K; k++) {
    const value = logWeights[k]!
    if (Number.isNaN(value)) throw new DegenerateWeightsError('nan', sample)
    top = Math.max(top, value)
  }
  if (top === Infinity) throw new DegenerateWeightsError('infinite', sample)
  if (top === -Infinity) throw new DegenerateWeightsError('vanished', sample)
  const weights = new Float64Array(K)
  let total = 0
  for (let k = 0; k < K; k++) total += weights[k] = Math.exp(logWeights[k]! - top)
  let squares = 0
  for (let k = 0; k < K; k++) squares += (weights[k]! /= total) ** 2
  const logTotal = Math.log(total)
  return {
    weights,
    logSum: top + logTotal,
    logMean: top + (logTotal - Math.log(K)),
    ess: Math.min(K, 1 / squares),
  }
}

/**
 * log Σ_k W_k·e^{δ_k}: what increments δ to the log-weights ℓ add to the log-evidence, W the normalised weights
 * before. Summed over the steps between two resamplings it is the log of the mean weight at their end.
 *
 * @throws {DegenerateWeightsError} where the weights before or after cannot be normalised.
 * @example
 * ```ts
 * import { evidenceIncrement } from '@tweedie/solvers'
 * evidenceIncrement([0, 0], [Math.log(2), Math.log(4)]) // ≈ 1.0986123
 * ```
 */
export function evidenceIncrement(before: ArrayLike<number>, increments: ArrayLike<number>): number {
  const after = Float64Array.from(before, (value, k) => value + (increments[k] ?? Number.NaN))
  return normaliseWeights(after).logSum - normaliseWeights(before).logSum
}
