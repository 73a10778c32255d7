import type { Points } from '../points.ts'
import { pointAt } from '../points.ts'
import { average, defineSampleMetric } from './define.ts'
import { coordinate } from './directions.ts'
import { squaredDistance } from './moments.ts'
import { meanWithin, thinned } from './pairs.ts'

/**
 * mean|x_i − y| − ½·mean_{i≠j}|x_i − x_j|, the fair estimate of the CRPS of the law that numbers are drawn of. O(N log N).
 * @param sorted - Ascending, at least two.
 */
function fairCrps(sorted: Float64Array, y: number): number {
  const n = sorted.length
  let [off, apart] = [0, 0]
  for (let i = 0; i < n; i++) {
    off += Math.abs(sorted[i]! - y)
    // Σ_{i<j} (x_j − x_i): x_i is added i times and taken n − 1 − i times.
    apart += (2 * i - n + 1) * sorted[i]!
  }
  return off / n - apart / (n * (n - 1))
}

/**
 * Continuous ranked probability score of each coordinate at the truth, a mean over coordinates: E|x − x₀| − ½E|x − x'|, in its
 * fair form, whose mean over sets of exact draws does not depend on N. Least, on average over truths, for the posterior: tune
 * by it, not by the error of the mean.
 * @example
 * ```ts
 * import { crps, trial } from '@tweedie/calibration'
 * const { samples, judged } = trial({ problem: 'gaussian', samples: 200, seed: 1 })
 * crps.of(samples, judged) // ≈ [0.2591]
 * ```
 */
export const crps = defineSampleMetric({
  name: 'crps',
  title: 'continuous ranked probability score, mean over coordinates',
  unit: '',
  better: 'lower',
  source: 'Gneiting & Raftery, JASA 102 (2007) eq. 21; fair form: Ferro, Q. J. R. Meteorol. Soc. 140 (2014)',
  of: (samples, { posed: { truth } }) =>
    average(Array.from(truth, (value, j) => fairCrps(coordinate(samples, j).sort(), value))),
})

/** mean‖x_i − x₀‖. */
function meanDistanceTo(points: Points, x: Float64Array): number {
  let sum = 0
  for (let i = 0; i < points.count; i++) sum += Math.sqrt(squaredDistance(pointAt(points, i), x))
  return sum / points.count
}

/**
 * Energy score E‖x − x₀‖ − ½E‖x − x'‖ at the truth x₀, in its fair form: the CRPS of vectors. Pairs of 2,000 samples at most,
 * O(N²d).
 */
export const energyScore = defineSampleMetric({
  name: 'energy-score',
  title: 'energy score at the truth',
  unit: '',
  better: 'lower',
  source: 'Gneiting & Raftery, JASA 102 (2007) eq. 22, without pairs of a sample with itself',
  of: (samples, { posed: { truth } }) =>
    meanDistanceTo(samples, truth) - meanWithin(thinned(samples), Math.sqrt) / 2,
})
