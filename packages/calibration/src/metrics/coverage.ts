import type { Summary } from '../types.ts'
import { average, defineSampleMetric } from './define.ts'
import { coordinate } from './directions.ts'
import { logDensities, rankIn, within } from './ranks.ts'
import { wilson } from './statistics.ts'

const level = 0.9

/**
 * Whether a truth is in the part `part` of highest density, by the rank 0 … N of its log density among those of N samples: 1, 0,
 * or in part for the rank that the level cuts, so that the mean over uniform ranks is `part` at every N.
 * @example
 * ```ts
 * import { inHighest } from '@tweedie/calibration'
 * const each = Array.from({ length: 10 }, (_, rank) => inHighest(rank, 9, 0.75))
 * each // ≈ [0, 0, 0.5, 1, 1, 1, 1, 1, 1, 1]
 * ```
 */
export const inHighest = (rank: number, count: number, part: number): number =>
  1 - within(rank, count, 1 - part)

/**
 * Whether a number of the truth is in the central interval of the samples' that holds the part `part`, by its rank 0 … N among
 * them, as {@link inHighest}.
 * @example
 * ```ts
 * import { inCentral } from '@tweedie/calibration'
 * const each = Array.from({ length: 10 }, (_, rank) => inCentral(rank, 9, 0.5))
 * each // ≈ [0, 0, 0.5, 1, 1, 1, 1, 0.5, 0, 0]
 * ```
 */
export const inCentral = (rank: number, count: number, part: number): number =>
  1 - within(rank, count, (1 - part) / 2) - within(count - rank, count, (1 - part) / 2)

/** The rate over cases with Wilson's interval. */
const rateOver = (cases: readonly (readonly number[])[]): Summary =>
  wilson(average(cases.map(average)), cases.length)

/**
 * How often the truth lies in the 90 % region of highest posterior density of the samples: where fewer than a tenth of them
 * have a lower log p(x | y) than the truth, it lies outside. Samples count alike, as they follow the posterior already. Exact
 * draws have 0.9 at every N: the rank that the tenth cuts counts in part.
 * @example
 * ```ts
 * import { hpdCoverage, trial } from '@tweedie/calibration'
 * const cases = Array.from({ length: 40 }, (_, seed) => trial({ problem: 'gaussian', samples: 200, seed }))
 * hpdCoverage.over(cases.map(({ samples, judged }) => hpdCoverage.of(samples, judged))).value // ≈ 0.9
 * ```
 */
export const hpdCoverage = defineSampleMetric({
  name: 'hpd90',
  title: 'cases whose truth is in the 90 % region of highest density of the samples',
  unit: '',
  better: 'target',
  target: level,
  source: 'arXiv 2509.12821, with uniform weights; interval: Wilson 1927',
  needs: ['logDensity'],
  of: (samples, { posed: { posterior, truth } }) => {
    const rank = rankIn(logDensities(samples, posterior), posterior.logDensity?.(truth) ?? Number.NaN)
    return inHighest(rank, samples.count, level)
  },
  over: rateOver,
})

/**
 * The same with samples weighted by softmax(log p(x | y)), as a published script has it: samples that follow p already are
 * weighted twice, and exact draws score far below 0.9. For comparison with figures that were made so, and for nothing else.
 */
export const hpdCoverageSoftmax = defineSampleMetric({
  name: 'hpd90-softmax',
  title: 'the same with samples weighted by their density again, as in a published script',
  unit: '',
  better: 'target',
  source: 'github.com/zacmar/dps-benchmark d999e2a, postprocessing/coverage.py',
  needs: ['logDensity'],
  of: (samples, { posed: { posterior, truth } }) => {
    const descending = logDensities(samples, posterior).toSorted().reverse()
    const top = descending[0] ?? Number.NaN
    const weights = descending.map((value) => Math.exp(value - top))
    const goal = level * weights.reduce((sum, w) => sum + w, 0)
    let [mass, k] = [weights[0] ?? 0, 0]
    while (mass < goal && k < samples.count - 1) mass += weights[++k] ?? 0
    return (posterior.logDensity?.(truth) ?? Number.NaN) >= (descending[k] ?? Number.NaN) ? 1 : 0
  },
  over: rateOver,
})

/**
 * How often coordinates of the truth lie in the central 90 % interval of the samples' coordinates; the interval of the figure is
 * over cases, as the coordinates of one are dependent. Exact draws have 0.9 at every N.
 * @example
 * ```ts
 * import { marginalCoverage, trial } from '@tweedie/calibration'
 * const cases = Array.from({ length: 40 }, (_, seed) => trial({ problem: 'gaussian', samples: 200, seed }))
 * marginalCoverage.over(cases.map(({ samples, judged }) => marginalCoverage.of(samples, judged))).value // ≈ 0.9
 * ```
 */
export const marginalCoverage = defineSampleMetric({
  name: 'marginal90',
  title: 'coordinates of the truth in the central 90 % interval of the samples',
  unit: '',
  better: 'target',
  target: level,
  source: 'coverage of central intervals, coordinate by coordinate',
  of: (samples, { posed: { truth } }) => {
    const inside = Array.from(truth, (value, j) =>
      inCentral(rankIn(coordinate(samples, j), value), samples.count, level),
    )
    return average(inside)
  },
})
