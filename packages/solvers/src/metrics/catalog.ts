import type { Tensor } from '@tweedie/tensor'
import type { Catalog } from '../options/index.ts'
import { catalog } from '../options/index.ts'
import type { Metric, Reference } from './define.ts'
import { misfit } from './misfit.ts'
import { psnr } from './psnr.ts'
import { residual, unseen } from './residual.ts'
import { ssim } from './ssim.ts'

/** The scores that go by a name; a table is a loop over them. `metrics.with(mine)` has one more. */
export const metrics: Catalog<Metric> = catalog<Metric>('metric', [psnr, ssim, misfit, residual, unseen])

/**
 * All scores that can be had: of each metric that lacks nothing, the values of all samples, by its name.
 * @example
 * ```ts
 * import { scoreAll } from '@tweedie/solvers'
 * import { full } from '@tweedie/tensor'
 * const scores = await scoreAll(full([1, 4], 0.2), { truth: full([1, 4], 0) })
 * Object.keys(scores) // => ['psnr']
 * scores['psnr'] // ≈ [20]
 * ```
 */
export async function scoreAll(
  x: Tensor,
  reference: Reference,
  chosen: Iterable<Metric> = metrics,
): Promise<Readonly<Record<string, Float64Array>>> {
  const scores: Record<string, Float64Array> = {}
  for (const metric of chosen) {
    if (metric.lacks(x, reference) === undefined) scores[metric.info.name] = await metric.of(x, reference)
  }
  return scores
}
