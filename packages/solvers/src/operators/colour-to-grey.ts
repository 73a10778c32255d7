import type { Shape, Tensor } from '@tweedie/tensor'
import { matmul, OptionError, pad, ShapeError } from '@tweedie/tensor'
import { constant } from '../linalg/constant.ts'
import { transposed } from '../linalg/host-matrix.ts'
import { completeBasis } from '../linalg/matrix-svd.ts'
import type { ImageOperator } from './spectral-operator.ts'
import { imageExtents, imageOperator } from './spectral-operator.ts'

/** Luma weights of red, green and blue by ITU-R BT.601. */
export const luma601: readonly number[] = [0.299, 0.587, 0.114]

/**
 * Colourisation: every pixel is measured by a weighted sum of its channels, y [N, 1, H, W]. All non-zero singular
 * values are ‖weights‖.
 *
 * @param options.shape - [C, H, W] with C ≥ 2, as a rule [3, H, W].
 * @param options.weights - One per channel, 1/C each where left out (as DDRM, arXiv 2201.11793); {@link luma601}
 *   is the other usual choice. With a sum of 1, y stays in the data range.
 * @throws {ShapeError} where there is one channel only, or not one weight per channel.
 * @throws {OptionError} where a weight is not finite, or all are 0.
 * @example
 * ```ts
 * import { colourToGrey } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const operator = colourToGrey({ shape: [3, 1, 1] })
 * operator.forward(tensor([[[[0.9]], [[0.3]], [[0]]]])).dataSync() // ≈ [0.4]
 * ```
 */
export function colourToGrey(options: { shape: Shape; weights?: readonly number[] }): ImageOperator {
  const { shape } = options
  const [channels, height, width] = imageExtents('colourToGrey', shape)
  if (channels < 2) throw new ShapeError('colourToGrey', 'needs colour, at least 2 channels', [shape])
  const { weights = new Array<number>(channels).fill(1 / channels) } = options
  if (weights.length !== channels) {
    throw new ShapeError('colourToGrey', `${weights.length} weights for ${channels} channels`, [shape])
  }
  const norm = Math.hypot(...weights)
  if (!(norm > 0 && norm < Infinity)) {
    throw new OptionError('weights', `must be finite and not all 0, got ${weights.join(', ')}`)
  }
  const pixels = height * width
  const n = channels * pixels
  const row = Float64Array.from(weights)
  const [a, at] = [constant(row, [1, channels]), constant(row, [channels, 1])]
  const grey = (y: Tensor) => y.reshape([y.shape[0]!, 1, height, width])
  const mix = (matrix: Tensor, x: Tensor) =>
    matmul(matrix, x.reshape([x.shape[0]!, matrix.shape[1]!, pixels]))
  const spread = (y: Tensor) => mix(at(y), y).reshape([y.shape[0]!, ...shape])
  return imageOperator({
    name: 'colourToGrey',
    inShape: shape,
    outShape: [1, height, width],
    forward: (x) => grey(mix(a(x), x)),
    adjoint: spread,
    pinv: (y) => spread(y.div(norm ** 2)),
    svd: () => {
      const basis = completeBasis({ rows: channels, columns: 1, data: row.map((weight) => weight / norm) })
      const v = constant(basis.data, [channels, channels])
      const vt = constant(transposed(basis).data, [channels, channels])
      return {
        singularValues: Float64Array.from({ length: n }, (_, i) => (i < pixels ? norm : 0)),
        vt: (x) => mix(vt(x), x).reshape([x.shape[0]!, n]),
        v: (c) => mix(v(c), c).reshape([c.shape[0]!, ...shape]),
        ut: (y) =>
          pad(y.reshape([y.shape[0]!, pixels]), [
            [0, 0],
            [0, n - pixels],
          ]),
        u: (c) => grey(c.slice(null, [0, pixels])),
      }
    },
  })
}
