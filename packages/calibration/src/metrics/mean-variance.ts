import { defineSampleMetric } from './define.ts'
import { meanOf, momentsOf, squaredDistance, total, variancesOf } from './moments.ts'

const distance = (a: Float64Array, b: Float64Array): number => Math.sqrt(squaredDistance(a, b))
const norm = (a: Float64Array): number => Math.sqrt(a.reduce((sum, v) => sum + v * v, 0))

/**
 * ‖x̄ − E[x | y]‖₂. Of N exact draws its square is tr Σ/N on average; against the mean of a second set of N draws, as
 * arXiv 2503.03007 has it, twice that.
 * @example
 * ```ts
 * import { meanError, trial } from '@tweedie/calibration'
 * const { samples, judged } = trial({ problem: 'gaussian', samples: 200, seed: 1 })
 * meanError.of(samples, judged) // ≈ [0.1287]
 * ```
 */
export const meanError = defineSampleMetric({
  name: 'mean-error',
  title: 'distance of the samples’ mean to the posterior’s, ‖x̄ − E[x|y]‖',
  unit: '',
  better: 'lower',
  source: 'arXiv 2503.03007; here to the exact mean, there to that of a second set of draws',
  of: (samples, { posed }) => distance(meanOf(samples), momentsOf(posed.posterior).mean),
})

/** ‖x̄ − E[x | y]‖₂/√tr Σ: √(1/N) for exact draws, at any scale and dimension. */
export const relativeMeanError = defineSampleMetric({
  name: 'mean-error-relative',
  title: 'distance of the means in units of the posterior’s spread, ‖x̄ − E[x|y]‖/√tr Σ',
  unit: '',
  better: 'lower',
  source: 'mean-error, over the root of the total variance',
  of: (samples, { posed }) => {
    const { mean, variances } = momentsOf(posed.posterior)
    return distance(meanOf(samples), mean) / Math.sqrt(total(variances))
  },
})

/** ‖s² − diag Σ‖₂, variances coordinate by coordinate. */
export const varianceError = defineSampleMetric({
  name: 'variance-error',
  title: 'distance of the samples’ pointwise variances to the posterior’s, ‖s² − diag Σ‖',
  unit: '',
  better: 'lower',
  source: 'arXiv 2503.03007; here to the exact variances, there to those of a second set of draws',
  of: (samples, { posed }) => distance(variancesOf(samples), momentsOf(posed.posterior).variances),
})

/** ‖s² − diag Σ‖₂/‖diag Σ‖₂: 1 for samples that are all the same. */
export const relativeVarianceError = defineSampleMetric({
  name: 'variance-error-relative',
  title: 'relative distance of the pointwise variances, ‖s² − diag Σ‖/‖diag Σ‖',
  unit: '',
  better: 'lower',
  source: 'variance-error, over the norm of the exact variances',
  of: (samples, { posed }) => {
    const { variances } = momentsOf(posed.posterior)
    return distance(variancesOf(samples), variances) / norm(variances)
  },
})
