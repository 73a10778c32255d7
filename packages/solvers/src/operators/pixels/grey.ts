import type { Tensor } from '@tweedie/tensor'
import { matmul, OptionError, ShapeError } from '@tweedie/tensor'
import { constant } from '../../linalg/constant.ts'
import { transposed } from '../../linalg/host-matrix.ts'
import { completeBasis } from '../../linalg/matrix-svd.ts'
import type { Settled } from '../../options/index.ts'
import { choice } from '../../options/index.ts'
import { imageExtents } from '../checks.ts'
import { defineLinear } from '../define.ts'

/** Luma weights of red, green and blue by ITU-R BT.601. */
export const luma601: readonly number[] = [0.299, 0.587, 0.114]

const named = choice('all channels alike, or the luma of red, green and blue (BT.601)', ['mean', 'luma'])
type Weights = 'mean' | 'luma' | readonly number[]
const weights: Settled<Weights> = {
  ...named,
  range: `${named.range}, or an array of one finite number a channel`,
  accepts: (value): value is Weights =>
    named.accepts(value) || (Array.isArray(value) && value.every(Number.isFinite)),
}

/**
 * Colourisation: every pixel is measured by a weighted sum of its channels, y [N, 1, H, W]. The weights are 1/C
 * each (as DDRM, arXiv 2201.11793), the luma of {@link luma601}, or any; with a sum of 1, y stays in the data
 * range. All non-zero singular values are ‖weights‖.
 *
 * @throws {ShapeError} where there is one channel only, or not one weight per channel.
 * @throws {OptionError} where all weights are 0.
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
  options: { weights },
  build: (shape, { weights: given }) => {
    const [channels, height, width] = imageExtents('grey', shape)
    if (channels < 2) throw new ShapeError('grey', 'needs colour, at least 2 channels', [shape])
    const mean = Array.from({ length: channels }, () => 1 / channels)
    const row = Float64Array.from(given === 'mean' ? mean : given === 'luma' ? luma601 : given)
    if (row.length !== channels) {
      throw new ShapeError('grey', `${row.length} weights for ${channels} channels`, [shape])
    }
    const norm = Math.hypot(...row)
    if (norm === 0) throw new OptionError('weights', `must not all be 0, got ${row.join(', ')}`)
    const pixels = height * width
    const [a, at] = [constant(row, [1, channels]), constant(row, [channels, 1])]
    const mix = (matrix: Tensor, x: Tensor) =>
      matmul(matrix, x.reshape([x.shape[0]!, matrix.shape[1]!, pixels]))
    const spread = (y: Tensor) => mix(at(y), y).reshape([y.shape[0]!, ...shape])
    return {
      inShape: shape,
      outShape: [1, height, width],
      forward: (x) => mix(a(x), x).reshape([x.shape[0]!, 1, height, width]),
      adjoint: spread,
      pinv: (y) => spread(y.div(norm ** 2)),
      spectrum: () => {
        const basis = completeBasis({ rows: channels, columns: 1, data: row.map((weight) => weight / norm) })
        const v = constant(basis.data, [channels, channels])
        const vt = constant(transposed(basis).data, [channels, channels])
        return {
          values: new Float64Array(pixels).fill(norm),
          places: Int32Array.from({ length: pixels }, (_, i) => i),
          analysis: (x) => mix(vt(x), x),
          synthesis: (c) => mix(v(c), c),
        }
      },
    }
  },
})
