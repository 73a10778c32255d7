import type { Metric, Problem } from '@tweedie/solvers'
import { metrics, scoreAll } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { scope } from '@tweedie/tensor'
import type { Score } from '../record/record.ts'

/** A metric as tables show it. */
export interface ShownMetric {
  readonly metric: Metric
  readonly title: string
  readonly digits: number
}

/** The metrics that tables show, in their order. The first tells whether a restoration is better than its input. */
export const shownMetrics: readonly ShownMetric[] = [
  { metric: metrics.find('psnr'), title: 'PSNR', digits: 2 },
  { metric: metrics.find('ssim'), title: 'SSIM', digits: 3 },
  { metric: metrics.find('misfit'), title: 'misfit', digits: 2 },
]

/** The metrics that a record keeps: those that are shown, and what a verdict needs besides. */
export const recordedMetrics: readonly Metric[] = [
  ...shownMetrics.map(({ metric }) => metric),
  metrics.find('unseen'),
]

/**
 * The scores of each sample of a batch, as far as they can be had.
 * @param truth - [N, …operator.inShape], where it is known.
 * @param chosen - The metrics, {@link recordedMetrics} where they are left out.
 * @example
 * ```ts
 * import { scoresOf } from '@tweedie/runs'
 * import { denoise, gaussianNoise } from '@tweedie/solvers'
 * import { full } from '@tweedie/tensor'
 * const problem = { operator: denoise([4]), noise: gaussianNoise(0.5), y: full([1, 4], 1) }
 * await scoresOf(problem, full([1, 4], 0), undefined) // => [{ misfit: 2 }]
 * ```
 */
export async function scoresOf(
  problem: Problem,
  x: Tensor,
  truth: Tensor | undefined,
  chosen: readonly Metric[] = recordedMetrics,
): Promise<Score[]> {
  const found = Object.entries(await scoreAll(x, { problem, truth }, chosen))
  return Array.from({ length: x.shape[0] ?? 0 }, (_, n) =>
    Object.fromEntries(
      found.flatMap(([name, values]) => {
        const value = values[n]
        return value === undefined || Number.isNaN(value) ? [] : [[name, value]]
      }),
    ),
  )
}

/** The scores of the mean of a batch whose samples all restore one measurement. */
export async function scoresOfMean(problem: Problem, x: Tensor, truth: Tensor | undefined): Promise<Score> {
  const first = scope(() => ({
    mean: x.mean(0, true),
    y: problem.y.slice([0, 1]),
    truth: truth?.slice([0, 1]),
  }))
  try {
    const [score = {}] = await scoresOf({ ...problem, y: first.y }, first.mean, first.truth)
    return score
  } finally {
    for (const tensor of Object.values(first)) tensor?.dispose()
  }
}
