import type { Tensor } from '@tweedie/tensor'
import { batchOf } from '../linalg/per-sample.ts'
import { defineMetric } from './define.ts'
import { hostPair, toUnit } from './pairs.ts'

async function ofPsnr(x: Tensor, reference: Tensor): Promise<Float64Array> {
  const [a, b] = await hostPair('psnr', x, reference)
  const batch = batchOf(x)
  const per = a.length / batch
  return Float64Array.from({ length: batch }, (_, sample) => {
    let total = 0
    for (let i = sample * per; i < (sample + 1) * per; i++) total += (toUnit(a[i]!) - toUnit(b[i]!)) ** 2
    return -10 * Math.log10(total / per)
  })
}

/**
 * Peak signal-to-noise ratio of each sample in dB: −10·log₁₀ of the mean squared error after both are clipped to
 * [−1, 1] and mapped to [0, 1] (peak 1). Infinity where they are equal.
 *
 * @param x - Restorations [N, …] in the data range [−1, 1].
 * @param reference - The truth, of the same shape.
 * @returns N numbers, worked out on the host in double precision.
 * @throws {ShapeError} where the shapes differ.
 * @example
 * ```ts
 * import { psnr } from '@tweedie/solvers'
 * import { full } from '@tweedie/tensor'
 * await psnr(full([1, 1, 4, 4], 0.2), full([1, 1, 4, 4], 0)) // ≈ [20]
 * ```
 */
export const psnr = defineMetric(
  {
    name: 'psnr',
    title: 'peak signal-to-noise ratio',
    unit: 'dB',
    better: 'higher',
    range: [0, Infinity],
    needs: ['truth'],
    of: (x, { truth }) => ofPsnr(x, truth),
  },
  ofPsnr,
)
