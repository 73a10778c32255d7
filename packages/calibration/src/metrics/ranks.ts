import type { Points } from '../points.ts'
import { pointAt } from '../points.ts'
import type { Posterior } from '../types.ts'

/** How many of the numbers are below a value, those equal to it by half, rounded down: 0 … N. */
export function rankIn(values: Float64Array, value: number): number {
  let [below, equal] = [0, 0]
  for (const v of values) {
    if (v < value) below++
    else if (v === value) equal++
  }
  return below + Math.floor(equal / 2)
}

/**
 * Whether a rank of 0 … N is among the lowest part p of the N + 1: 1, 0, or in part for the rank that p cuts, so that the mean
 * over uniform ranks is p at every N.
 */
export const within = (rank: number, count: number, p: number): number =>
  Math.min(1, Math.max(0, p * (count + 1) - rank))

const known = new WeakMap<Points, { posterior: Posterior; values: Float64Array }>()

/** log p(x | y) of each sample, worked out once for all metrics; the posterior must have a density. */
export function logDensities(samples: Points, posterior: Posterior): Float64Array {
  const kept = known.get(samples)
  if (kept?.posterior === posterior) return kept.values
  const values = Float64Array.from(
    { length: samples.count },
    (_, i) => posterior.logDensity?.(pointAt(samples, i)) ?? Number.NaN,
  )
  known.set(samples, { posterior, values })
  return values
}
