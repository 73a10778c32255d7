import type { Points } from '../points.ts'
import { pointAt, pointsOf } from '../points.ts'
import { defineSampleMetric } from './define.ts'
import { thinned } from './pairs.ts'

/**
 * (1/N)·√(Σ_ij u(x_i, x_j)/d) of the Stein kernel of k(x, x') = (c² + ‖x − x'‖²)^{−½}.
 * @param scores - ∇ log p at each point.
 */
function discrepancy(x: Points, scores: Points, c: number): number {
  const { values, count, dimension: d } = x
  const s = scores.values
  let sum = 0
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let [squared, product, pull] = [0, 0, 0]
      for (let k = 0, at = i * d, to = j * d; k < d; k++, at++, to++) {
        const off = values[at]! - values[to]!
        squared += off * off
        product += s[at]! * s[to]!
        pull += (s[to]! - s[at]!) * off
      }
      const q = c * c + squared
      const kernel = 1 / Math.sqrt(q)
      const slope = kernel / q
      // s·s'k + (s' − s)·∇k + tr ∇∇'k, where ∇k = −slope·(x − x').
      const u = product * kernel - pull * slope + d * slope - (3 * squared * slope) / q
      sum += i === j ? u : 2 * u
    }
  }
  return Math.sqrt(sum / d) / count
}

/**
 * Score-KSD: kernel Stein discrepancy of the samples to the posterior by its score, with the inverse multiquadric kernel,
 * (1/N)√(Σ_ij u(x_i, x_j)/d), pairs of a point with itself kept: exact draws have a floor that goes as N^{−½}. Needs no draws.
 * c is the case's `ksdScale`, 1 where it has none. Over 2,000 points at most, O(N²d).
 * @example
 * ```ts
 * import { kernelStein, trial } from '@tweedie/calibration'
 * const { samples, judged } = trial({ problem: 'gaussian', samples: 200, seed: 1 })
 * kernelStein.of(samples, judged) // ≈ [0.137]
 * kernelStein.of(samples, { ...judged, posed: { ...judged.posed, ksdScale: 0.7 } }) // ≈ [0.2]
 * ```
 */
export const kernelStein = defineSampleMetric({
  name: 'ksd',
  title: 'kernel Stein discrepancy by the exact score, inverse multiquadric kernel',
  unit: '',
  better: 'lower',
  source: 'arXiv 2602.04189; Gorham & Mackey, arXiv 1703.01717',
  needs: ['score'],
  of: (samples, { posed: { posterior, ksdScale = 1 } }) => {
    const x = thinned(samples)
    const scores = pointsOf(new Float64Array(x.values.length), x.dimension)
    for (let i = 0; i < x.count; i++) {
      const score = posterior.score?.(pointAt(x, i))
      if (score) scores.values.set(score, i * x.dimension)
    }
    return discrepancy(x, scores, ksdScale)
  },
})
