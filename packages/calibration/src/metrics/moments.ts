import type { Points } from '../points.ts'
import type { Posterior } from '../types.ts'

/** The mean of points. */
export function meanOf({ values, count, dimension }: Points): Float64Array {
  const mean = new Float64Array(dimension)
  for (let i = 0, at = 0; i < count; i++) for (let j = 0; j < dimension; j++) mean[j]! += values[at++]!
  return mean.map((sum) => sum / count)
}

/** Variances of the coordinates, over N − 1. */
export function variancesOf(points: Points): Float64Array {
  const { values, count, dimension } = points
  const mean = meanOf(points)
  const out = new Float64Array(dimension)
  for (let i = 0, at = 0; i < count; i++)
    for (let j = 0; j < dimension; j++) out[j]! += (values[at++]! - mean[j]!) ** 2
  return out.map((sum) => sum / (count - 1))
}

/** ‖a − b‖². */
export function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let j = 0; j < a.length; j++) sum += (a[j]! - b[j]!) ** 2
  return sum
}

/** Mean and variances of a posterior. */
export interface Moments {
  readonly mean: Float64Array
  readonly variances: Float64Array
}

const known = new WeakMap<Posterior, Moments>()

/** Mean and variances of a posterior, worked out once. */
export function momentsOf(posterior: Posterior): Moments {
  const kept = known.get(posterior)
  if (kept) return kept
  const moments = {
    mean: posterior.mean(),
    variances: Float64Array.from(posterior.covariance().diagonal()),
  }
  known.set(posterior, moments)
  return moments
}

/** Σ v_j. */
export const total = (v: Float64Array): number => v.reduce((sum, value) => sum + value, 0)
