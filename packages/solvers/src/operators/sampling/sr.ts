import type { Tensor } from '@tweedie/tensor'
import { broadcastTo, matmul, OptionError } from '@tweedie/tensor'
import { constant } from '../../linalg/constant.ts'
import { buildMatrix, transposed } from '../../linalg/host-matrix.ts'
import { integer } from '../../options/index.ts'
import { imageExtents } from '../checks.ts'
import { defineLinear } from '../define.ts'

/** The orthonormal DCT-II matrix of n rows; row 0 is the constant 1/√n. */
const dct = (n: number) =>
  buildMatrix(n, n, (k, i) => Math.sqrt((k === 0 ? 1 : 2) / n) * Math.cos((Math.PI * k * (i + 0.5)) / n))

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
    const [channels, height, width] = imageExtents('sr', shape)
    const divides = (k: number) => height % k === 0 && width % k === 0
    if (!divides(f)) {
      const fitting = Array.from({ length: Math.min(height, width) }, (_, i) => i + 1).filter(divides)
      throw new OptionError('factor', `${f} does not divide ${height}×${width}; ${fitting.join(', ')} fit`)
    }
    const [h, w] = [height / f, width / f]
    const m = channels * h * w
    const repeat = (y: Tensor) => {
      const tall = y.reshape([y.shape[0]!, channels, h, 1, w, 1])
      return broadcastTo(tall, [y.shape[0]!, channels, h, f, w, f]).reshape([y.shape[0]!, ...shape])
    }
    return {
      inShape: shape,
      outShape: [channels, h, w],
      forward: (x) => x.reshape([x.shape[0]!, channels, h, f, w, f]).mean([3, 5]),
      adjoint: (y) => repeat(y.div(f ** 2)),
      pinv: repeat,
      spectrum: () => {
        const [m1, m2] = [constant(dct(f).data, [f, f]), constant(transposed(dct(f)).data, [f, f])]
        // M·B·Mᵀ of every block B: coordinates stay in their block, the mean's one at its top left.
        const blocks = (x: Tensor, matrix: Tensor, transpose: Tensor) => {
          const rows = matmul(matrix, x.reshape([x.shape[0]! * channels * h, f, width]))
          return matmul(rows.reshape([x.shape[0]! * channels * height * w, f]), transpose).reshape([
            x.shape[0]!,
            channels * height * width,
          ])
        }
        return {
          values: new Float64Array(m).fill(1 / f),
          places: Int32Array.from({ length: m }, (_, k) => Math.floor(k / w) * f * width + (k % w) * f),
          analysis: (x) => blocks(x, m1(x), m2(x)),
          synthesis: (c) => blocks(c, m2(c), m1(c)),
        }
      },
    }
  },
})
