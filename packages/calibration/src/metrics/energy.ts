import type { Points } from '../points.ts'
import { defineSampleMetric } from './define.ts'
import { requireSameSpace } from './directions.ts'
import { meanBetween, meanWithin, thinned } from './pairs.ts'

/** A number of a set of points, worked out once. */
function once(f: (points: Points) => number): (points: Points) => number {
  const known = new WeakMap<Points, number>()
  return (points) => {
    const value = known.get(points) ?? f(points)
    known.set(points, value)
    return value
  }
}

/** The mean distance of two points of a set. */
export const meanDistance = once((points) => meanWithin(thinned(points), Math.sqrt))

/** Five kernels of a squared distance, of widths b/4 … 4b. */
const kernels =
  (b: number) =>
  (squared: number): number => {
    const k4 = Math.exp(-squared / (4 * b))
    const k2 = k4 * k4
    const k1 = k2 * k2
    const half = k1 * k1
    return k4 + k2 + k1 + half + half * half
  }

/** The mean of the kernels over pairs of draws, of the width that they have by themselves. */
const kernelsOfDraws = once((draws) => meanWithin(thinned(draws), kernels(meanDistance(draws))))

/**
 * Energy distance 2E‖x − x'‖ − E‖x − x̃‖ − E‖x' − x̃'‖ of samples x and exact draws x', pairs of a point with itself left out:
 * unbiased, so that exact draws have 0 on average at every N, and single values may be negative. Over 2,000 points of each set
 * at most, O(N²d).
 * @example
 * ```ts
 * import { energyDistance, pointsOf, trial } from '@tweedie/calibration'
 * const { judged } = trial({ problem: 'gaussian', samples: 2, seed: 1 })
 * const draws = pointsOf(Float64Array.of(0, 2), 1)
 * energyDistance.of(pointsOf(Float64Array.of(10, 12), 1), { ...judged, draws }) // => [16]
 * ```
 */
export const energyDistance = defineSampleMetric({
  name: 'energy',
  title: 'energy distance to as many exact draws, unbiased: exact draws have 0 on average',
  unit: '',
  better: 'lower',
  source: 'Székely & Rizzo, J. Stat. Plan. Inference 143 (2013) eq. 2; without pairs of a point with itself',
  of: (samples, { draws }) => {
    requireSameSpace('energy', samples, draws)
    const between = meanBetween(thinned(samples), thinned(draws), Math.sqrt)
    return 2 * between - meanDistance(samples) - meanDistance(draws)
  },
})

/**
 * MMD² with the sum of five kernels exp(−‖x − x'‖²/(b·2^k)), k = −2 … 2, where b is the mean distance (not its square) of two
 * exact draws; unbiased. The published figures keep pairs of a point with itself and are (10 − 2·E k)/N higher: about 0.001 at
 * N = 10,000. Over 2,000 points of each set at most, O(N²d).
 * @example
 * ```ts
 * import { maximumMeanDiscrepancy, trial } from '@tweedie/calibration'
 * const { samples, judged } = trial({ problem: 'gaussian', samples: 200, seed: 1 })
 * maximumMeanDiscrepancy.of(samples, judged) // ≈ [-0.0083]
 * ```
 */
export const maximumMeanDiscrepancy = defineSampleMetric({
  name: 'mmd',
  title: 'squared maximum mean discrepancy to as many exact draws, 5 Gaussian kernels, unbiased',
  unit: '',
  better: 'lower',
  source:
    'arXiv 2503.03007, its repository: eval_metrics.py; unbiased form: Gretton et al., JMLR 13 (2012) eq. 3',
  of: (samples, { draws }) => {
    requireSameSpace('mmd', samples, draws)
    const k = kernels(meanDistance(draws))
    const x = thinned(samples)
    return meanWithin(x, k) + kernelsOfDraws(draws) - 2 * meanBetween(x, thinned(draws), k)
  },
})
