import type { Shape, Tensor } from '@tweedie/tensor'
import { broadcastTo, matmul, OptionError, pad } from '@tweedie/tensor'
import { constant } from '../linalg/constant.ts'
import { buildMatrix, transposed } from '../linalg/host-matrix.ts'
import type { ImageOperator } from './spectral-operator.ts'
import { imageExtents, imageOperator } from './spectral-operator.ts'

/** The orthonormal DCT-II matrix of n rows; row 0 is the constant 1/√n. */
const dct = (n: number) =>
  buildMatrix(n, n, (k, i) => Math.sqrt((k === 0 ? 1 : 2) / n) * Math.cos((Math.PI * k * (i + 0.5)) / n))

/**
 * Super-resolution: every block of factor×factor pixels is measured by its mean (`sr2`, `sr4` … of DDRM,
 * arXiv 2201.11793). y is [N, C, H/factor, W/factor]. A⁺ repeats each value over its block; the adjoint does so
 * divided by factor². The H·W/factor² non-zero singular values per channel are all 1/factor, and the DCT of each
 * block gives V.
 *
 * @param options.shape - [C, H, W].
 * @param options.factor - Divides H and W.
 * @throws {OptionError} where it does not, naming the factors that do.
 * @example
 * ```ts
 * import { averagePooling } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const operator = averagePooling({ shape: [1, 2, 2], factor: 2 })
 * const y = operator.forward(tensor([[[[1, 0], [0, 1]]]]))
 * y.dataSync() // => [0.5]
 * operator.pinv(y).dataSync() // => [0.5, 0.5, 0.5, 0.5]
 * ```
 */
export function averagePooling(options: { shape: Shape; factor: number }): ImageOperator {
  const { shape, factor: f } = options
  const [channels, height, width] = imageExtents('averagePooling', shape)
  const divides = (k: number) => height % k === 0 && width % k === 0
  if (!(Number.isInteger(f) && f >= 1 && divides(f))) {
    const fitting = Array.from({ length: Math.min(height, width) }, (_, i) => i + 1).filter(divides)
    throw new OptionError('factor', `${f} does not divide ${height}×${width}; ${fitting.join(', ')} fit`)
  }
  const [h, w] = [height / f, width / f]
  const n = channels * height * width
  const outShape = [channels, h, w]
  const images = (x: Tensor) => x.reshape([x.shape[0]!, ...shape])
  const repeat = (y: Tensor) =>
    images(broadcastTo(y.reshape([y.shape[0]!, channels, h, 1, w, 1]), [y.shape[0]!, channels, h, f, w, f]))
  return imageOperator({
    name: 'averagePooling',
    inShape: shape,
    outShape,
    forward: (x) => x.reshape([x.shape[0]!, channels, h, f, w, f]).mean([3, 5]),
    adjoint: (y) => repeat(y.div(f ** 2)),
    pinv: repeat,
    svd: () => {
      const analysis = constant(dct(f).data, [f, f])
      const synthesis = constant(transposed(dct(f)).data, [f, f])
      // M·B·Mᵀ of every block B: coordinates stay in their block, the mean's one at its top left.
      const blocks = (x: Tensor, m: Tensor, mt: Tensor) => {
        const rows = matmul(m, x.reshape([x.shape[0]! * channels * h, f, width]))
        return matmul(rows.reshape([x.shape[0]! * channels * height * w, f]), mt).reshape([x.shape[0]!, n])
      }
      return {
        singularValues: Float64Array.from({ length: n }, (_, i) =>
          (i % width) % f === 0 && Math.floor(i / width) % f === 0 ? 1 / f : 0,
        ),
        vt: (x) => blocks(x, analysis(x), synthesis(x)),
        v: (c) => images(blocks(c, synthesis(c), analysis(c))),
        ut: (y) =>
          pad(y.reshape([y.shape[0]!, channels, h, 1, w, 1]), [
            [0, 0],
            [0, 0],
            [0, 0],
            [0, f - 1],
            [0, 0],
            [0, f - 1],
          ]).reshape([y.shape[0]!, n]),
        u: (c) => c.reshape([c.shape[0]!, channels, h, f, w, f]).slice(null, null, null, 0, null, 0),
      }
    },
  })
}
