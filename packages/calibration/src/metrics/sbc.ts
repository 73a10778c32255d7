import type { Points } from '../points.ts'
import { pointAt } from '../points.ts'
import type { Case } from '../types.ts'
import { defineSampleMetric, meanOver } from './define.ts'
import { coordinate, projected, unitVectors } from './directions.ts'
import { logDensities, rankIn } from './ranks.ts'
import { chiSquareTail } from './statistics.ts'

/** Coordinates and projections that are ranked at most. */
const [coordinates, projections] = [8, 4]

/**
 * The ranks 0 … N of the truth among the samples: in up to 8 coordinates, evenly spaced, in 4 fixed random projections where
 * there is more than one coordinate, and in log p(x | y) where it is known.
 */
function ranksOf(samples: Points, { truth, posterior }: Case): number[] {
  const d = samples.dimension
  const some = Math.min(d, coordinates)
  const ranks = Array.from({ length: some }, (_, k) => {
    const j = Math.floor((k * d) / some)
    return rankIn(coordinate(samples, j), truth[j] ?? Number.NaN)
  })
  const alone = { values: truth, count: 1, dimension: d }
  if (d > 1)
    for (let k = 0; k < projections; k++) {
      const u = pointAt(unitVectors(d), k)
      ranks.push(rankIn(projected(samples, u), projected(alone, u)[0] ?? Number.NaN))
    }
  if (posterior.logDensity) ranks.push(rankIn(logDensities(samples, posterior), posterior.logDensity(truth)))
  return ranks
}

/** The number of samples, then the ranks. */
const countAndRanks = (samples: Points, posed: Case): number[] => [samples.count, ...ranksOf(samples, posed)]

/**
 * Polynomials of degree 1 … order in a rank of 0 … N, orthonormal under the uniform law, by their recurrence (Gram's, of a
 * discrete variable).
 */
export function rankPolynomials(rank: number, count: number, order: number): number[] {
  const n = count + 1
  const t = (2 * rank - count) / n
  // t p_k = a_{k+1} p_{k+1} + a_k p_{k−1} with a_k² = k²(1 − k²/n²)/(4k² − 1).
  const a = (k: number) => Math.sqrt((k * k * (1 - (k * k) / (n * n))) / (4 * k * k - 1))
  const all = [1]
  for (let k = 0; k < order; k++)
    all.push((t * (all[k] ?? 0) - (k > 0 ? a(k) * (all[k - 1] ?? 0) : 0)) / a(k + 1))
  return all.slice(1)
}

/**
 * The p-value of Neyman's smooth test of order 4 that ranks are uniform on 0 … N: Σ_k (Σ_i φ_k(r_i))²/n against χ²₄, φ₁ seeing a
 * shift, φ₂ a spread that is wrong. With N < 4 of order N. Close to its law from some 20 ranks on.
 * NaN without ranks.
 * @example
 * ```ts
 * import { uniformRanks } from '@tweedie/calibration'
 * uniformRanks([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 9) // ≈ 1
 * uniformRanks([4, 5, 4, 5, 4, 5, 4, 5, 4, 5], 9) < 0.01 // => true
 * ```
 */
export function uniformRanks(ranks: readonly number[], count: number): number {
  const order = Math.min(4, count)
  const sums = new Float64Array(order)
  for (const rank of ranks)
    rankPolynomials(rank, count, order).forEach((value, k) => {
      sums[k] = (sums[k] ?? 0) + value
    })
  return chiSquareTail(sums.reduce((sum, s) => sum + s * s, 0) / ranks.length, order)
}

/**
 * Simulation-based calibration: where truths are drawn of the prior and measurements of the truth, the rank of a number of the
 * truth among those of exact draws is uniform. p-value over cases: the least of the ranked numbers' p-values (Neyman's smooth
 * test), times how many they are (Bonferroni), as ranks of one case are dependent. Needs cases whose truth is a draw, and
 * independent samples. Close to uniform on 0 … 1 or above for exact draws.
 * @example
 * ```ts
 * import { rankCalibration, trial } from '@tweedie/calibration'
 * const cases = Array.from({ length: 10 }, (_, seed) => trial({ problem: 'gaussian', samples: 200, seed }))
 * rankCalibration.over(cases.map(({ samples, judged }) => rankCalibration.of(samples, judged))).value // ≈ 0.453
 * ```
 */
export const rankCalibration = defineSampleMetric({
  name: 'sbc',
  title: 'p-value of simulation-based calibration: ranks of the truth among samples are uniform',
  unit: 'p',
  better: 'higher',
  source: 'Talts et al., arXiv 1804.06788; smooth test: Neyman, Skand. Aktuarietidskr. 20 (1937)',
  of: (samples, { posed }) => countAndRanks(samples, posed),
  over: (cases) => {
    const [count = Number.NaN, ...first] = cases[0] ?? []
    const each = first.map((_, k) =>
      uniformRanks(
        cases.map((numbers) => numbers[k + 1] ?? Number.NaN),
        count,
      ),
    )
    const value = Math.min(1, each.length * Math.min(...each))
    return { value, low: value, high: value }
  },
})

/**
 * The spread of those ranks about the middle over that of uniform ones, Σ(r − N/2)²/(n·N(N + 2)/12), a mean over ranks and cases:
 * 1 for exact draws, above for samples too narrow (the truth is often at the ends), below for too wide.
 */
export const rankSpread = defineSampleMetric({
  name: 'rank-spread',
  title: 'variance of the ranks of the truth over that of uniform ranks; above 1: too narrow',
  unit: '',
  better: 'target',
  target: 1,
  source: 'arXiv 1804.06788 §4.2, as a number',
  of: (samples, { posed }) => countAndRanks(samples, posed),
  over: (cases) =>
    meanOver(
      cases.map(([count = Number.NaN, ...ranks]) =>
        ranks.map((rank) => (rank - count / 2) ** 2 / ((count * (count + 2)) / 12)),
      ),
    ),
})
