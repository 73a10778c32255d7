import { randomKey, randomPermutation } from '@tweedie/tensor'
import { batchOf } from '../../linalg/per-sample.ts'
import { choice } from '../../options/index.ts'
import type { ImageExtents } from '../checks.ts'
import { imageExtents } from '../checks.ts'
import { defineLinear } from '../define.ts'
import { keepOnly } from '../pixels/keep.ts'
import { measuredOf, sensingOptions } from './ratio.ts'
import { sequencies, walshHadamard } from './walsh-hadamard.ts'

/** The places of the `count` coefficients of least sequency, rows and columns added; ties in row-major order. */
function lowest([, height, width]: ImageExtents, count: number): Int32Array {
  const [down, across] = [sequencies(height), sequencies(width)]
  const sum = Float64Array.from(
    { length: height * width },
    (_, i) => down[Math.floor(i / width)]! + across[i % width]!,
  )
  const order = Int32Array.from(sum.keys()).sort((a, b) => sum[a]! - sum[b]! || a - b)
  return order.slice(0, count)
}

/**
 * Compressed sensing in the Walsh–Hadamard basis (`cs_walshhadamard` of DDRM, arXiv 2201.11793; a single-pixel camera):
 * m = round(ratio·H·W) coefficients of each channel, the same in all, y [N, C, m]. They are drawn at random, the mean
 * among them only by chance, or those of lowest sequency. The transform is orthonormal: all non-zero singular values
 * are 1, and A⁺ = Aᵀ. Forward and adjoint take time as H·W·log(H·W). A side that is no power of two is transformed in
 * parts, 28 = 16 + 8 + 4.
 *
 * @throws {OptionError} where nothing would be measured.
 * @example
 * ```ts
 * import { csWalshHadamard } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const mean = csWalshHadamard([1, 2, 2], { order: 'sequency', ratio: 0.25 })
 * mean.forward(tensor([[[[1, 2], [3, 4]]]])).dataSync() // ≈ [5]
 * ```
 */
export const csWalshHadamard = defineLinear({
  name: 'cs-walsh-hadamard',
  summary: 'compressed sensing: some coefficients of a Walsh-Hadamard transform',
  example: 'cs-walsh-hadamard:0.25',
  positional: 'ratio',
  options: {
    ...sensingOptions,
    order: choice('which coefficients: some at random, or those of lowest sequency', ['random', 'sequency']),
  },
  build: (shape, { ratio, seed, order }) => {
    const extents = imageExtents('cs-walsh-hadamard', shape)
    const [channels, height, width] = extents
    const plane = height * width
    const count = measuredOf(ratio, plane, 'coefficients')
    const key = randomKey(seed).fold('csWalshHadamard')
    const indices =
      order === 'random' ? randomPermutation(key, plane).slice(0, count).sort() : lowest(extents, count)
    const transform = walshHadamard(extents)
    const kept = keepOnly(extents, { indices, shared: true })
    const back = (y: Parameters<typeof kept.adjoint>[0]) => transform(kept.adjoint(y))
    return {
      inShape: shape,
      outShape: kept.outShape,
      forward: (x) => kept.forward(transform(x)),
      adjoint: back,
      pinv: back,
      display: back,
      spectrum: () => ({
        ...kept.spectrum(),
        analysis: transform,
        synthesis: (c) => transform(c.reshape([batchOf(c), channels, height, width])),
      }),
    }
  },
})
