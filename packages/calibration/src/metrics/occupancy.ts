import type { Points } from '../points.ts'
import { pointAt } from '../points.ts'
import type { Case, Judged } from '../types.ts'
import { defineSampleMetric } from './define.ts'
import { chiSquareTail } from './statistics.ts'

/** Samples and exact draws in each mode. */
type Counts = readonly (readonly [samples: number, draws: number])[]

function countsOf(samples: Points, { posed, draws }: Judged): Counts {
  const count = (points: Points) => {
    const counts = Array.from(posed.posterior.modes?.weights ?? [], () => 0)
    for (let i = 0; i < points.count; i++) {
      const mode = modeOf(posed, pointAt(points, i))
      counts[mode] = (counts[mode] ?? 0) + 1
    }
    return counts
  }
  const exact = count(draws)
  return count(samples).map((n, k) => [n, exact[k] ?? 0])
}

const modeOf = ({ posterior: { modes } }: Case, x: Float64Array): number => modes?.of(x) ?? 0

const lacks = ({ posterior: { modes } }: Case): string | undefined =>
  modes && modes.weights.length < 2 ? 'more than one mode' : undefined

/** Cells of at least 10 points: the smallest are put together, and what is still too small joins the next. */
function pooled(counts: Counts): Counts {
  const cells = counts.toSorted(([a, b], [c, d]) => c + d - (a + b))
  while (cells.length > 1) {
    const [last = [0, 0], former = [0, 0]] = [cells.at(-1), cells.at(-2)]
    if (last[0] + last[1] >= 10) break
    cells.splice(-2, 2, [last[0] + former[0], last[1] + former[1]])
  }
  return cells
}

/**
 * Mode occupancy: the p-value of χ² = Σ_k (√(M/N)·a_k − √(N/M)·b_k)²/(a_k + b_k), of a_k of N samples and b_k of M exact draws
 * in mode k, summed over cases with their degrees of freedom. Two samples are compared, so that it holds whatever the regions
 * are; modes with fewer than 10 points of both are put together. Uniform on 0 … 1 for exact draws.
 * @example
 * ```ts
 * import { occupancy, trial } from '@tweedie/calibration'
 * const cases = Array.from({ length: 10 }, (_, seed) => trial({ problem: 'mixture', samples: 500, seed }))
 * occupancy.over(cases.map(({ samples, judged }) => occupancy.of(samples, judged))).value // ≈ 0.711
 * ```
 */
export const occupancy = defineSampleMetric({
  name: 'occupancy',
  title: 'p-value of χ²: as many samples as exact draws in each mode',
  unit: 'p',
  better: 'higher',
  source: 'χ² test of homogeneity',
  needs: ['modes'],
  lacks,
  of: (samples, judged) => {
    const cells = pooled(countsOf(samples, judged))
    const ratio = Math.sqrt(judged.draws.count / samples.count)
    const statistic = cells.reduce((sum, [a, b]) => sum + (ratio * a - b / ratio) ** 2 / (a + b), 0)
    return cells.length > 1 ? [statistic, cells.length - 1] : [0, 0]
  },
  over: (cases) => {
    const sum = (k: number) => cases.reduce((total, numbers) => total + (numbers[k] ?? 0), 0)
    const degrees = sum(1)
    const value = degrees === 0 ? 1 : chiSquareTail(sum(0), degrees)
    return { value, low: value, high: value }
  },
})

/**
 * Total variation of mode weights, ½Σ_k |a_k/N − b_k/M|, of samples and exact draws: 0 … 1.
 * @example
 * ```ts
 * import { trial, weightsError } from '@tweedie/calibration'
 * const { samples, judged } = trial({ problem: 'mixture', samples: 500, seed: 1 })
 * weightsError.of(samples, judged) // ≈ [0.044]
 * ```
 */
export const weightsError = defineSampleMetric({
  name: 'weights-error',
  title: 'total variation between mode weights of samples and of as many exact draws',
  unit: '',
  better: 'lower',
  source: '½Σ|a_k/N − b_k/M|',
  needs: ['modes'],
  lacks,
  of: (samples, judged) =>
    countsOf(samples, judged).reduce(
      (sum, [a, b]) => sum + Math.abs(a / samples.count - b / judged.draws.count) / 2,
      0,
    ),
})
