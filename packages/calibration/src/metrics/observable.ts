import type { Points } from '../points.ts'
import { pointAt } from '../points.ts'
import { defineSampleMetric } from './define.ts'
import { onLine } from './sliced.ts'

/** What is observed of all points, ascending. */
const observed = (points: Points, of: (x: Float64Array) => Float64Array): Float64Array => {
  const all = Array.from({ length: points.count }, (_, i) => of(pointAt(points, i)))
  const found = new Float64Array(all.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const numbers of all) {
    found.set(numbers, at)
    at += numbers.length
  }
  return found.sort()
}

/**
 * W₁ of what the case observes of its samples, the numbers of all samples together, to that of exact draws: of particles their
 * distances, which neither a turn nor another order changes.
 * @example
 * ```ts
 * import { observableDistance, trial } from '@tweedie/calibration'
 * const { samples, judged } = trial({ problem: 'gaussian', samples: 200, seed: 1 })
 * const posed = { ...judged.posed, observed: (x: Float64Array) => x.map(Math.abs) }
 * observableDistance.of(samples, { ...judged, posed }) // ≈ [0.035]
 * ```
 */
export const observableDistance = defineSampleMetric({
  name: 'observed-w1',
  title: 'Wasserstein distance W₁ of what is observed of samples to that of as many exact draws',
  unit: '',
  better: 'lower',
  source: 'arXiv 2509.21655 §4.2: of particles their distances',
  needs: ['observed'],
  of: (samples, { draws, posed: { observed: of } }) =>
    of === undefined ? [] : onLine(observed(samples, of), observed(draws, of)),
})
