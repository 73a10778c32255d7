import type { Points } from '../points.ts'
import { defineSampleMetric } from './define.ts'
import { requireSameSpace } from './directions.ts'
import { meanOf, momentsOf, squaredDistance } from './moments.ts'

/** Moments that are compared: the mean and the central ones up to the fifth. */
const order = 5

/** The mean, then the central moments 2 … 5, coordinate by coordinate. */
function moments(points: Points): Float64Array[] {
  const { values, count, dimension } = points
  const mean = meanOf(points)
  const central = Array.from({ length: order - 1 }, () => new Float64Array(dimension))
  for (let i = 0, at = 0; i < count; i++)
    for (let j = 0; j < dimension; j++) {
      const off = values[at++]! - mean[j]!
      let power = off
      for (const moment of central) moment[j]! += (power *= off) / count
    }
  return [mean, ...central]
}

/**
 * Central moment discrepancy, Σ_{k=1}^{5} ‖c_k(samples) − c_k(draws)‖₂/b^k with c₁ the mean, c_k the k-th central moments of
 * the coordinates and b four times the greatest standard deviation of the posterior.
 * @example
 * ```ts
 * import { centralMoments, trial } from '@tweedie/calibration'
 * const { samples, judged } = trial({ problem: 'gaussian', samples: 200, seed: 1 })
 * centralMoments.of(samples, judged) // ≈ [0.0679]
 * ```
 */
export const centralMoments = defineSampleMetric({
  name: 'cmd',
  title: 'central moment discrepancy to as many exact draws, 5 moments',
  unit: '',
  better: 'lower',
  source: 'arXiv 1702.08811 eq. 7; scale as in arXiv 2503.03007: 4·greatest standard deviation',
  of: (samples, { posed, draws }) => {
    requireSameSpace('cmd', samples, draws)
    const { variances } = momentsOf(posed.posterior)
    const scale = 4 * Math.sqrt(variances.reduce((a, b) => Math.max(a, b)))
    const exact = moments(draws)
    return moments(samples).reduce(
      (sum, moment, k) => sum + Math.sqrt(squaredDistance(moment, exact[k] ?? moment)) / scale ** (k + 1),
      0,
    )
  },
})
