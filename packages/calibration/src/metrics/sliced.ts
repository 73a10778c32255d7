import { normal, randomKey } from '@tweedie/tensor'
import type { Points } from '../points.ts'
import { pointAt } from '../points.ts'
import { defineSampleMetric } from './define.ts'

/** Directions over which sliced distances are taken, the same for all samples of a dimension. */
const directions = 500

/** `count` unit vectors of ℝᵈ, one after the other. */
function unitVectors(count: number, dimension: number): Points {
  using drawn = normal(randomKey(0).fold('directions'), [count, dimension], {
    dtype: 'float64',
    device: 'reference',
  })
  const points = { values: Float64Array.from(drawn.dataSync(), Number), count, dimension }
  for (let i = 0; i < count; i++) {
    const direction = pointAt(points, i)
    const length = Math.hypot(...direction)
    direction.forEach((value, j) => {
      direction[j] = value / length
    })
  }
  return points
}

/** ⟨x_i, u⟩ in ascending order. */
function projected(x: Points, u: Float64Array): Float64Array {
  const out = new Float64Array(x.count)
  for (let i = 0; i < x.count; i++) {
    let sum = 0
    for (let j = 0; j < x.dimension; j++) sum += (x.values[i * x.dimension + j] ?? 0) * (u[j] ?? 0)
    out[i] = sum
  }
  return out.sort()
}

/** W₁ of two sets of as many points on a line, both ascending. */
const onLine = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] ?? 0)), 0) / a.length

/** Sliced W₁ of the samples to as many exact draws, a mean over directions. */
export const slicedWasserstein = defineSampleMetric({
  name: 'sw',
  title: 'sliced Wasserstein distance W₁ to as many exact draws, mean of 500 directions',
  unit: '',
  better: 'lower',
  source: 'arXiv 2308.07983 §4; directions fixed',
  of: (samples, { draws }) => {
    const along = unitVectors(directions, samples.dimension)
    let total = 0
    for (let i = 0; i < directions; i++) {
      const u = pointAt(along, i)
      total += onLine(projected(samples, u), projected(draws, u))
    }
    return total / directions
  },
})
