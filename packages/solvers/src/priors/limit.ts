import { stopGradient } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { clamp, fromData, OptionError, scope } from '@tweedie/tensor'
import type { Limit } from '../types.ts'

/**
 * x̂₀ [N, …shape] kept to a range; itself without a limit. The gradient is 0 where a value was cut; the quantile of a
 * dynamic limit counts as a constant.
 *
 * @throws {OptionError} for a limit that is none.
 * @example
 * ```ts
 * import { limited } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const x0 = tensor([[3, -1, 0.5, 2]])
 * limited(x0, { kind: 'clip', range: 1 }).dataSync() // => [1, -1, 0.5, 1]
 * limited(x0, { kind: 'dynamic', ratio: 0.5, most: 4 }).dataSync() // ≈ [1, -0.66667, 0.33333, 1]
 * ```
 */
export function limited(x0: Tensor, limit: Limit | undefined): Tensor {
  if (limit === undefined) return x0
  if (limit.kind === 'clip') return clamp(x0, -requireAbove(limit.range, 'range'), limit.range)
  const { ratio, most } = limit
  requireAbove(most, 'most')
  if (!(ratio > 0 && ratio <= 1)) throw new OptionError('ratio', `must lie in (0, 1], got ${ratio}`)
  return scope(() => {
    const [count = 1, ...shape] = x0.shape
    const values = stopGradient(x0).dataSync()
    const size = values.length / count
    const scales = Array.from({ length: count }, (_, i) => {
      const sample = Float64Array.from(values.subarray(i * size, (i + 1) * size), Math.abs)
      return Math.min(Math.max(quantile(sample, ratio), 1), most)
    })
    const { dtype, device } = x0
    const s = fromData(scales, [count, ...shape.map(() => 1)], { dtype, device })
    return clamp(x0.div(s), -1, 1)
  })
}

/** The quantile at `ratio` of some values, which are sorted in place; linear between two of them, as torch.quantile. */
function quantile(values: Float64Array, ratio: number): number {
  values.sort()
  const at = ratio * (values.length - 1)
  const low = Math.floor(at)
  const [below = 0, above = below] = values.subarray(low, low + 2)
  return below + (at - low) * (above - below)
}

function requireAbove(value: number, what: string): number {
  if (value > 0 && value < Infinity) return value
  throw new OptionError(what, `must be above 0 and finite, got ${value}`)
}
