import type { Tensor } from '@tweedie/tensor'
import { broadcastTo, OptionError } from '@tweedie/tensor'
import { batchOf } from '../../linalg/per-sample.ts'
import { integer } from '../../options/index.ts'
import { imageExtents } from '../checks.ts'
import { defineLinear } from '../define.ts'
import { blockDct } from './block-dct.ts'

/**
 * Super-resolution: every block of factor×factor pixels is measured by its mean (`sr2`, `sr4` … of DDRM,
 * arXiv 2201.11793). y is [N, C, H/factor, W/factor]. A⁺ repeats each value over its block; the adjoint does so
 * divided by factor². The H·W/factor² non-zero singular values per channel are all 1/factor, and the DCT of each
 * block gives V.
 *
 * @throws {OptionError} where the factor does not divide H and W, naming those that do.
 * @example
 * ```ts
 * import { sr } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const operator = sr([1, 2, 2], { factor: 2 })
 * const y = operator.forward(tensor([[[[1, 0], [0, 1]]]]))
 * y.dataSync() // => [0.5]
 * operator.pinv(y).dataSync() // => [0.5, 0.5, 0.5, 0.5]
 * ```
 */
export const sr = defineLinear({
  name: 'sr',
  summary: 'super-resolution: means of square blocks of pixels',
  example: 'sr:4',
  positional: 'factor',
  options: { factor: integer('side of a block; divides height and width', { default: 4, min: 1 }) },
  build: (shape, { factor: f }) => {
    const extents = imageExtents('sr', shape)
    const [channels, height, width] = extents
    const divides = (k: number) => height % k === 0 && width % k === 0
    if (!divides(f)) {
      const fitting = Array.from({ length: Math.min(height, width) }, (_, i) => i + 1).filter(divides)
      throw new OptionError('factor', `${f} does not divide ${height}×${width}; ${fitting.join(', ')} fit`)
    }
    const [h, w] = [height / f, width / f]
    const m = channels * h * w
    const repeat = (y: Tensor) => {
      const tall = y.reshape([batchOf(y), channels, h, 1, w, 1])
      return broadcastTo(tall, [batchOf(y), channels, h, f, w, f]).reshape([batchOf(y), ...shape])
    }
    return {
      inShape: shape,
      outShape: [channels, h, w],
      forward: (x) => x.reshape([batchOf(x), channels, h, f, w, f]).mean([3, 5]),
      adjoint: (y) => repeat(y.div(f ** 2)),
      pinv: repeat,
      spectrum: () => ({
        values: new Float64Array(m).fill(1 / f),
        places: Int32Array.from({ length: m }, (_, k) => Math.floor(k / w) * f * width + (k % w) * f),
        ...blockDct(extents, f),
      }),
    }
  },
})
