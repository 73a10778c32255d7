import type { Tensor } from '@tweedie/tensor'
import { matmul, ShapeError } from '@tweedie/tensor'
import { constant } from '../../linalg/constant.ts'
import { transposed } from '../../linalg/host-matrix.ts'
import { completeBasis } from '../../linalg/matrix-svd.ts'
import { batchOf } from '../../linalg/per-sample.ts'
import { imageExtents } from '../checks.ts'
import { defineLinear } from '../define.ts'
import { channelWeights, weightsOf } from './channel-weights.ts'

/**
 * Colourisation: every pixel is measured by a weighted sum of its channels, y [N, 1, H, W]. The weights are 1/C
 * each (as DDRM, arXiv 2201.11793), the luma of {@link luma601}, or any; with a sum of 1, y stays in the data
 * range. All non-zero singular values are ‖weights‖.
 *
 * @throws {ShapeError} where there is one channel only.
 * @throws {OptionError} where there is not one weight per channel, or all are 0.
 * @example
 * ```ts
 * import { grey } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * grey([3, 1, 1]).forward(tensor([[[[0.9]], [[0.3]], [[0]]]])).dataSync() // ≈ [0.4]
 * ```
 */
export const grey = defineLinear({
  name: 'grey',
  summary: 'colourisation: one weighted sum of the channels',
  example: 'grey',
  options: { weights: channelWeights },
  build: (shape, { weights: given }) => {
    const [channels, height, width] = imageExtents('grey', shape)
    if (channels < 2) throw new ShapeError('grey', 'needs colour, at least 2 channels', [shape])
    const row = weightsOf(given, channels)
    const norm = Math.hypot(...row)
    const pixels = height * width
    /** The channels of every pixel times a matrix. */
    const mix = (rows: number, columns: number, matrix: Float64Array) => {
      const m = constant(matrix, [rows, columns])
      return (x: Tensor) => matmul(m(x), x.reshape([batchOf(x), columns, pixels]))
    }
    const sum = mix(1, channels, row)
    const back = mix(channels, 1, row)
    const spread = (y: Tensor) => back(y).reshape([batchOf(y), ...shape])
    return {
      inShape: shape,
      outShape: [1, height, width],
      forward: (x) => sum(x).reshape([batchOf(x), 1, height, width]),
      adjoint: spread,
      pinv: (y) => spread(y.div(norm ** 2)),
      spectrum: () => {
        const basis = completeBasis({ rows: channels, columns: 1, data: row.map((weight) => weight / norm) })
        return {
          values: new Float64Array(pixels).fill(norm),
          places: Int32Array.from({ length: pixels }, (_, i) => i),
          analysis: mix(channels, channels, transposed(basis).data),
          synthesis: mix(channels, channels, basis.data),
        }
      },
    }
  },
})
