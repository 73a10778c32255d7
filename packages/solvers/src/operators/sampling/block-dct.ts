import type { Tensor } from '@tweedie/tensor'
import { matmul } from '@tweedie/tensor'
import { constant } from '../../linalg/constant.ts'
import type { HostMatrix } from '../../linalg/host-matrix.ts'
import { buildMatrix, transposed } from '../../linalg/host-matrix.ts'
import { batchOf } from '../../linalg/per-sample.ts'
import type { ImageExtents } from '../checks.ts'
import type { TensorMap } from '../spectrum.ts'

/** The orthonormal DCT-II matrix of n rows; row 0 is the constant 1/√n. */
const dct = (n: number): HostMatrix =>
  buildMatrix(n, n, (k, i) => Math.sqrt((k === 0 ? 1 : 2) / n) * Math.cos((Math.PI * k * (i + 0.5)) / n))

/** M·B·Mᵀ of every block B of images: coordinates stay in their block. */
function ofBlocks([channels, height, width]: ImageExtents, m: HostMatrix): TensorMap {
  const side = m.rows
  const left = constant(m.data, [side, side])
  const right = constant(transposed(m).data, [side, side])
  return (x: Tensor) => {
    const batch = batchOf(x)
    const rows = matmul(left(x), x.reshape([(batch * channels * height) / side, side, width]))
    const both = matmul(rows.reshape([(batch * channels * height * width) / side, side]), right(x))
    return both.reshape([batch, channels * height * width])
  }
}

/**
 * The DCT of each side×side block of images, [N, C, H, W] to [N, C·H·W], and its inverse, which is its transpose.
 * Coefficient (k, l) of a block lies where its pixel (k, l) did, its mean times the side at the top left.
 *
 * @param side - Divides H and W.
 */
export const blockDct = (shape: ImageExtents, side: number) => ({
  analysis: ofBlocks(shape, dct(side)),
  synthesis: ofBlocks(shape, transposed(dct(side))),
})
