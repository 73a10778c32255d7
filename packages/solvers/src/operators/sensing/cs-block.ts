import type { Tensor } from '@tweedie/tensor'
import { matmul, OptionError, randomKey } from '@tweedie/tensor'
import { constant } from '../../linalg/constant.ts'
import type { HostMatrix } from '../../linalg/host-matrix.ts'
import { transposed } from '../../linalg/host-matrix.ts'
import { batchOf } from '../../linalg/per-sample.ts'
import { integer } from '../../options/index.ts'
import type { ImageExtents } from '../checks.ts'
import { imageExtents } from '../checks.ts'
import { defineLinear } from '../define.ts'
import type { TensorMap } from '../spectrum.ts'
import { orthonormalRows } from './random-rows.ts'
import { measuredOf, sensingOptions } from './ratio.ts'

/** Sides of the square blocks that an image divides into. */
const dividing = ([, height, width]: ImageExtents): number[] =>
  Array.from({ length: Math.min(height, width) }, (_, i) => i + 1).filter(
    (side) => height % side === 0 && width % side === 0,
  )

/** What `make` makes, when first asked for. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}

/** x·M for every row x, with a matrix that is worked out at its first use. */
function product(make: () => HostMatrix): TensorMap {
  const m = once(() => {
    const { rows, columns, data } = make()
    return constant(data, [rows, columns])
  })
  return (x) => matmul(x, m()(x))
}

/** The blocks of images as rows of side² pixels, [N·C·blocks, side²], and back. */
function blocksOf([channels, height, width]: ImageExtents, side: number) {
  const [down, across] = [height / side, width / side]
  return {
    apart: (x: Tensor) =>
      x
        .reshape([-1, down, side, across, side])
        .transpose([0, 1, 3, 2, 4])
        .reshape([-1, side * side]),
    together: (rows: Tensor) =>
      rows
        .reshape([-1, down, across, side, side])
        .transpose([0, 1, 3, 2, 4])
        .reshape([-1, channels, height, width]),
  }
}

/**
 * Block-wise compressed sensing (DDNM, arXiv 2212.00490): every block of 32×32 pixels of every channel is measured by
 * the same k = round(ratio·32²) rows of one random orthogonal matrix, y [N, C, blocks·k]. All non-zero singular values
 * are 1, and A⁺ = Aᵀ. The rows are worked out at the first use; all of the matrix, for the singular vectors, when those
 * are asked for (seconds for blocks of 32×32).
 *
 * @throws {OptionError} where the block does not divide H and W, naming those that do, or nothing would be measured.
 * @example
 * ```ts
 * import { csBlock } from '@tweedie/solvers'
 * csBlock([3, 64, 96], { ratio: 0.25 }).outShape // => [3, 1536]
 * ```
 */
export const csBlock = defineLinear({
  name: 'cs-block',
  summary: 'compressed sensing: random orthonormal sums of each block of pixels',
  example: 'cs-block:0.25',
  positional: 'ratio',
  options: {
    ...sensingOptions,
    block: integer('side of the blocks; divides height and width', {
      min: 1,
      max: 64,
      otherwise: 'the largest that divides, up to 32',
    }),
  },
  build: (shape, { ratio, seed, block }) => {
    const extents = imageExtents('cs-block', shape)
    const [channels, height, width] = extents
    const fitting = dividing(extents)
    const side = block ?? Math.max(...fitting.filter((each) => each <= 32))
    if (!fitting.includes(side))
      throw new OptionError('block', `${side} does not divide ${height}×${width}; ${fitting.join(', ')} fit`)
    const pixels = side * side
    const count = measuredOf(ratio, pixels, 'pixels of a block')
    const blocks = (height * width) / pixels
    const key = randomKey(seed).fold('csBlock')
    const rows = once(() => orthonormalRows(key, count, pixels))
    const [measure, spread] = [product(() => transposed(rows())), product(rows)]
    const { apart, together } = blocksOf(extents, side)
    const back = (y: Tensor) => together(spread(y.reshape([-1, count])))
    return {
      inShape: shape,
      outShape: [channels, blocks * count],
      forward: (x) => measure(apart(x)).reshape([batchOf(x), channels, blocks * count]),
      adjoint: back,
      pinv: back,
      display: back,
      spectrum: () => {
        const basis = once(() => orthonormalRows(key, pixels, pixels))
        const [analyse, synthesise] = [product(() => transposed(basis())), product(basis)]
        return {
          values: new Float64Array(channels * blocks * count).fill(1),
          places: Int32Array.from(
            { length: channels * blocks * count },
            (_, k) => Math.floor(k / count) * pixels + (k % count),
          ),
          analysis: (x) => analyse(apart(x)),
          synthesis: (c) => together(synthesise(c.reshape([-1, pixels]))),
        }
      },
    }
  },
})
