import { sampleMetrics } from '../metrics/catalog.ts'
import type { Points } from '../points.ts'
import { pointAt, pointsOf } from '../points.ts'
import { drawKeys } from '../rows/references.ts'
import type { Case, Posterior, SampleMetricInfo } from '../types.ts'
import type { ExactPosterior } from './exact.ts'
import type { OwnProblem } from './problem.ts'

/** Mean and standard deviation of each coordinate. */
export interface Moments {
  readonly mean: Float64Array
  readonly std: Float64Array
}

/** A number of samples that tells how far they are from exact draws, and that of other exact draws, as many. */
export interface Distance {
  readonly metric: SampleMetricInfo
  readonly value: number
  /** The mean over sets of exact draws, the least and the largest of them. */
  readonly floor: { readonly mean: number; readonly low: number; readonly high: number }
}

/** Share of the samples in each mode, beside its probability. */
export interface Occupancy {
  readonly share: number
  readonly weight: number
}

/** What samples are like, and where the posterior is known, how far from it. */
export interface SampleSummary {
  readonly samples: Moments
  readonly exact?: Moments
  readonly modes?: readonly Occupancy[]
  readonly distances: readonly Distance[]
  /** How many samples the distances and the shares were taken of. */
  readonly judged: number
}

/** Metrics of the samples of one measurement, whose truth is not known. */
const withoutTruth = [
  ...['sw', 'max-sw', 'energy', 'mmd', 'ksd', 'mean-error', 'weights-error'],
  ...['variance-ratio', 'whitened', 'whitened-measured'],
]

/** Distances take time as the square of their number: more samples than these are not looked at. */
const mostJudged = 2000

/** Those that evaluate the density of the posterior, or its score, at every sample. */
const byDensity = ['ksd', 'weights-error']

/** Multiplications that evaluating densities may take, some seconds: K·d² a sample. */
const mostWork = 2 ** 32

/** Sets of exact draws that tell the floor. */
const floors = 5

/**
 * Mean and standard deviation (over N − 1) of each coordinate; 0 for one sample.
 * @example
 * ```ts
 * import { momentsOf, pointsOf } from '@tweedie/calibration'
 * const { mean, std } = momentsOf(pointsOf(Float64Array.of(0, 10, 2, 10), 2))
 * mean // => [1, 10]
 * std // ≈ [1.41421, 0]
 * ```
 */
export function momentsOf(points: Points): Moments {
  const { count, dimension } = points
  const [mean, squares] = [new Float64Array(dimension), new Float64Array(dimension)]
  for (let i = 0; i < count; i++)
    pointAt(points, i).forEach((x, j) => {
      const off = x - (mean[j] ?? 0)
      mean[j] = (mean[j] ?? 0) + off / (i + 1) // as Welford
      squares[j] = (squares[j] ?? 0) + off * (x - (mean[j] ?? 0))
    })
  return { mean, std: squares.map((sum) => Math.sqrt(sum / Math.max(1, count - 1))) }
}

/** Shares of modes; nothing where there is one only, or no density: with a covariance that is singular, regions are none. */
function occupancy(points: Points, { modes, logDensity }: Posterior): readonly Occupancy[] | undefined {
  if (modes === undefined || modes.weights.length === 1) return undefined
  if (!Number.isFinite(logDensity?.(pointAt(points, 0)))) return undefined
  const counts = new Float64Array(modes.weights.length)
  for (let i = 0; i < points.count; i++) {
    const k = modes.of(pointAt(points, i))
    counts[k] = (counts[k] ?? 0) + 1
  }
  return Array.from(modes.weights, (weight, k) => ({ share: (counts[k] ?? 0) / points.count, weight }))
}

/** The distances of samples, each beside its floor. */
function distancesOf(
  samples: Points,
  posed: Case,
  seed: number,
  leftOut: readonly string[],
): readonly Distance[] {
  const draws = (purpose: string) => posed.posterior.sample(drawKeys(seed, purpose, samples.count))
  const others = Array.from({ length: floors }, (_, i) => draws(`floor ${i}`))
  const judged = { posed, draws: draws('distance') }
  return sampleMetrics.flatMap((metric) => {
    const { name } = metric.info
    if (!withoutTruth.includes(name) || leftOut.includes(name) || metric.lacks(posed) !== undefined) return []
    const of = (points: Points) => metric.over([metric.of(points, judged)]).value
    const exact = others.map(of)
    const mean = exact.reduce((sum, value) => sum + value, 0) / floors
    const floor = { mean, low: Math.min(...exact), high: Math.max(...exact) }
    const value = of(samples)
    return [value, mean].every(Number.isFinite) ? [{ metric: metric.info, value, floor }] : []
  })
}

/** What samples are like. @param seed - Of the exact draws that they are compared with. */
export function summariseSamples(
  samples: Points,
  own: OwnProblem,
  known: ExactPosterior | undefined,
  seed: number,
): SampleSummary {
  const judged = Math.min(samples.count, mostJudged)
  const moments = momentsOf(samples)
  if (known === undefined) return { samples: moments, distances: [], judged: 0 }
  const { posterior, matrix } = known
  const covariance = posterior.covariance()
  const some = pointsOf(samples.values.slice(0, judged * samples.dimension), samples.dimension)
  const work = (posterior.modes?.weights.length ?? 1) * posterior.dimension ** 2 * judged * (floors + 2)
  const isQuick = work <= mostWork
  const modes = isQuick ? occupancy(some, posterior) : undefined
  // No metric that is taken looks at the truth.
  const posed: Case = { ...own, posterior, matrix, truth: posterior.mean() }
  return {
    samples: moments,
    exact: { mean: posterior.mean(), std: Float64Array.from(covariance.diag(), Math.sqrt) },
    ...(modes && { modes }),
    distances: judged < 2 ? [] : distancesOf(some, posed, seed, isQuick ? [] : byDensity),
    judged,
  }
}
