import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import { batchOf } from '../linalg/per-sample.ts'
import type { Problem } from '../types.ts'
import { defineMetric } from './define.ts'
import { hostPair } from './pairs.ts'

async function ofMisfit(problem: Problem, x: Tensor): Promise<Float64Array> {
  const { operator, noise, y } = problem
  const { sigma } = noise
  if (sigma === undefined || !(sigma > 0)) {
    throw new OptionError(
      'sigma',
      `misfit needs noise of σ_y above 0, the ${noise.name} noise has ${sigma ?? 'none'}`,
    )
  }
  const clean = operator.forward(x)
  try {
    const [a, b] = await hostPair('misfit', clean, y)
    const batch = batchOf(y)
    const m = a.length / batch
    return Float64Array.from({ length: batch }, (_, sample) => {
      let total = 0
      for (let i = sample * m; i < (sample + 1) * m; i++) total += (a[i]! - b[i]!) ** 2
      return Math.sqrt(total / m) / sigma
    })
  } finally {
    clean.dispose()
  }
}

/**
 * ‖y − A(x)‖/(σ_y·√m) of each sample, m being the number of measured values: about 1 where x explains y as well as
 * the truth does, below where it fits the noise, above where it contradicts y.
 *
 * @param problem - Its noise must have a standard deviation above 0.
 * @param x - Restorations [N, …inShape].
 * @returns N numbers; the residual is summed on the host in double precision.
 * @throws {OptionError} where σ_y is missing or 0. @throws {ShapeError} where x or y does not fit the operator.
 * @example
 * ```ts
 * import { denoise, gaussianNoise, misfit } from '@tweedie/solvers'
 * import { full } from '@tweedie/tensor'
 * const problem = { operator: denoise([4]), noise: gaussianNoise(0.5), y: full([1, 4], 1) }
 * await misfit(problem, full([1, 4], 0)) // ≈ [2]
 * ```
 */
export const misfit = defineMetric(
  {
    name: 'misfit',
    title: '‖y − A(x)‖/(σ_y·√m)',
    unit: '',
    better: 'lower',
    target: 1,
    range: [0, Infinity],
    needs: ['problem', 'sigma'],
    of: (x, { problem }) => ofMisfit(problem, x),
  },
  ofMisfit,
)
