import { randomKey, uniform } from '@tweedie/tensor'
import type { Points } from '../points.ts'
import { pointAt } from '../points.ts'

/** Points a centre that are looked at; all where there are fewer. */
const pointsPerCentre = 200
const rounds = 10

/** Clusters of a set of points. */
export interface Clusters {
  /** The points that were looked at: every so-manieth. */
  readonly subset: Points
  readonly centres: readonly Float64Array[]
  /** Places in the subset, by centre. */
  readonly members: readonly (readonly number[])[]
}

/**
 * K-means of at most 200 points a centre: centres by k-means++ (Arthur and Vassilvitskii 2007), then ten rounds of
 * Lloyd's algorithm.
 */
export function kMeans(points: Points, count: number, seed: number): Clusters {
  const subset = every(points, Math.max(1, Math.floor(points.count / (pointsPerCentre * count))))
  using draws = uniform(randomKey(seed).fold('k-means'), [count], { dtype: 'float64', device: 'reference' })
  const picks = Array.from(draws.dataSync(), Number)
  const nearest = new Float64Array(subset.count).fill(1)
  let centres: Float64Array[] = picks.map((u, k) => {
    const centre = Float64Array.from(pointAt(subset, at(nearest, u)))
    for (let p = 0; p < subset.count; p++) {
      const away = distance(pointAt(subset, p), centre)
      nearest[p] = k === 0 ? away : Math.min(nearest[p] ?? 0, away)
    }
    return centre
  })
  let members = assigned(subset, centres)
  for (let i = 0; i < rounds; i++) {
    centres = members.map((of, k) =>
      of.length > 0 ? meanOf(subset, of) : (centres[k] ?? new Float64Array()),
    )
    members = assigned(subset, centres)
  }
  return { subset, centres, members }
}

function every({ values, count, dimension }: Points, stride: number): Points {
  const kept = Math.floor(count / stride)
  const out = new Float64Array(kept * dimension)
  for (let p = 0; p < kept; p++)
    out.set(values.subarray(p * stride * dimension, (p * stride + 1) * dimension), p * dimension)
  return { values: out, count: kept, dimension }
}

/** The place at which the running sum of weights passes a share u of all. */
function at(weights: Float64Array, u: number): number {
  let left = u * weights.reduce((a, b) => a + b, 0)
  const place = weights.findIndex((weight) => (left -= weight) < 0)
  return place < 0 ? weights.length - 1 : place
}

const distance = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2
  return sum
}

function assigned(points: Points, centres: readonly Float64Array[]): number[][] {
  const members: number[][] = centres.map(() => [])
  for (let p = 0; p < points.count; p++) {
    const x = pointAt(points, p)
    const away = centres.map((centre) => distance(x, centre))
    members[away.indexOf(Math.min(...away))]?.push(p)
  }
  return members
}

function meanOf(points: Points, of: readonly number[]): Float64Array {
  const mean = new Float64Array(points.dimension)
  for (const p of of) pointAt(points, p).forEach((value, i) => (mean[i] = (mean[i] ?? 0) + value / of.length))
  return mean
}
