import type { Points } from '../points.ts'

/** Points of a set that metrics over all pairs take at most. */
export const pairedPoints = 2000

/** At most `limit` of the points, evenly spaced in their order. */
export function thinned(points: Points, limit = pairedPoints): Points {
  const { values, count, dimension } = points
  if (count <= limit) return points
  const out = new Float64Array(limit * dimension)
  for (let k = 0; k < limit; k++) {
    const i = Math.floor((k * count) / limit)
    out.set(values.subarray(i * dimension, (i + 1) * dimension), k * dimension)
  }
  return { values: out, count: limit, dimension }
}

function squared(a: Float64Array, at: number, b: Float64Array, bt: number, dimension: number): number {
  let sum = 0
  for (let k = 0; k < dimension; k++) {
    const off = a[at + k]! - b[bt + k]!
    sum += off * off
  }
  return sum
}

/** The mean of f(‖x_i − x_j‖²) over i ≠ j. */
export function meanWithin({ values, count, dimension }: Points, f: (squared: number) => number): number {
  let sum = 0
  for (let i = 0; i < count; i++)
    for (let j = 0; j < i; j++) sum += f(squared(values, i * dimension, values, j * dimension, dimension))
  return (2 * sum) / (count * (count - 1))
}

/** The mean of f(‖x_i − y_j‖²) over all i and j. */
export function meanBetween(x: Points, y: Points, f: (squared: number) => number): number {
  const { dimension } = x
  let sum = 0
  for (let i = 0; i < x.count; i++)
    for (let j = 0; j < y.count; j++)
      sum += f(squared(x.values, i * dimension, y.values, j * dimension, dimension))
  return sum / (x.count * y.count)
}
