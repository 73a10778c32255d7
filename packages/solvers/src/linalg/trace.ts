import type { Key, Tensor } from '@tweedie/tensor'
import { fromData, scope, zeros } from '@tweedie/tensor'
import { hutchinsonTrace } from './hutchinson.ts'
import { batchOf, sampleSize, sumPerSample } from './per-sample.ts'
import { inFloat64 } from './precise.ts'

/** How a trace is found: by all n unit vectors, or by Hutchinson's probes, each sample's by its key. */
export type TraceBy = 'exact' | { readonly keys: readonly Key[]; readonly probes: number }

/**
 * tr(A) of each sample, [N], in float64: exactly, by n applications of A, or by {@link hutchinsonTrace}.
 *
 * @param A - v ↦ A·v on batches [N, …shape], linear, samples apart. @param like - Any tensor of that shape, type and device.
 * @throws {OptionError} for `probes` that is no positive integer; {ShapeError} where A·v is not shaped like v.
 * @example
 * ```ts
 * import { traceOf } from '@tweedie/solvers'
 * import { tensor, zeros } from '@tweedie/tensor'
 * traceOf((v) => v.mul(tensor([1, 2, 3])), zeros([2, 3]), 'exact').dataSync() // => [6, 6]
 * ```
 */
export function traceOf(A: (v: Tensor) => Tensor, like: Tensor, by: TraceBy): Tensor {
  const { dtype, device, shape } = like
  if (by !== 'exact')
    return inFloat64(hutchinsonTrace(A, { ...by, shape: shape.slice(1), dtype, device }).trace)
  const [count, n] = [batchOf(like), sampleSize(like)]
  return scope(() => {
    let total = inFloat64(zeros([count], { device }))
    for (let j = 0; j < n; j++)
      total = scope(() => {
        const row = Float64Array.from({ length: n }, (_, k) => Number(k === j))
        const unit = fromData(row, [1, ...shape.slice(1)], { dtype, device }).broadcastTo(shape)
        return total.add(sumPerSample(inFloat64(unit.mul(A(unit)))))
      })
    return total
  })
}
