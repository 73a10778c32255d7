import type { Tensor } from '@tweedie/tensor'
import { broadcastTo, isTensor, OptionError } from '@tweedie/tensor'
import { batchOf } from '../../linalg/per-sample.ts'
import { array, choice, integer } from '../../options/index.ts'
import { separableParts } from '../blur/separable.ts'
import type { ImageExtents } from '../checks.ts'
import { imageExtents } from '../checks.ts'
import { defineLinear } from '../define.ts'
import type { LinearParts } from '../parts.ts'
import { blockDct } from './block-dct.ts'
import { resizeKernels, resizeMatrix, tapsMatrix } from './resize.ts'

/** The mean of each block of f×f pixels. */
function blockMeans([channels, height, width]: ImageExtents, f: number) {
  const shape = [channels, height, width] as const
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
      ...blockDct(shape, f),
    }),
  } satisfies LinearParts
}

/** Numbers along one axis. */
const isTaps = (value: unknown): value is Tensor | readonly number[] =>
  isTensor(value)
    ? value.size > 0 && Math.max(...value.shape, 1) === value.size
    : Array.isArray(value) && value.length > 0 && value.every((tap) => Number.isFinite(tap))

/** @throws {OptionError} where their sum is 0. */
function tapsOf(given: Tensor | readonly number[]): readonly number[] {
  const taps = isTensor(given) ? Array.from(given.dataSync()) : given
  const total = taps.reduce((sum, tap) => sum + tap, 0)
  if (total !== 0 && Number.isFinite(total)) return taps
  throw new OptionError(
    'taps',
    `must have a finite sum other than 0, which is 1 of them after; theirs is ${total}`,
  )
}

/**
 * Super-resolution: y is a smaller image, [N, C, H/factor, W/factor].
 *
 * With the filter 'average' every block of factor×factor pixels is measured by its mean (`sr2`, `sr4` … of DDRM,
 * arXiv 2201.11793). A⁺ repeats each value over its block; the adjoint does so divided by factor². The
 * H·W/factor² non-zero singular values per channel are all 1/factor, and the DCT of each block gives V.
 *
 * The others resize with antialiasing as MATLAB's imresize does, and as the `Resizer` of DPS (arXiv 2209.14687,
 * super-resolution ×4 by 'bicubic') does after it: a kernel stretched by the factor, weights of sum 1, the image
 * mirrored about its edges. Pillow agrees inside the image, and drops the weights beyond its border. Rows and
 * columns are a matrix each, from whose SVDs that of the whole follows. The adjoint is the true one; the
 * `transpose` of DPS repeats pixels, which is no adjoint of its `Resizer`.
 *
 * `taps` are a filter of your own: the weights, along each axis, of the pixels around the middle of a pixel of the small image, in
 * the order of the pixels and put over their sum (DDRM's `SRConv` with its kernels is one). An even number of taps lies evenly about
 * the middle where the factor is even, an odd one where it is odd; else half a pixel to the top left.
 *
 * @throws {OptionError} where the factor does not divide H and W, naming those that do, and where taps have the sum 0.
 * @example
 * ```ts
 * import { sr } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const operator = sr([1, 2, 2], { factor: 2 })
 * const y = operator.forward(tensor([[[[1, 0], [0, 1]]]]))
 * y.dataSync() // => [0.5]
 * operator.pinv(y).dataSync() // => [0.5, 0.5, 0.5, 0.5]
 * sr([3, 64, 64], { filter: 'bicubic' }).outShape // => [3, 16, 16]
 * ```
 */
export const sr = defineLinear({
  name: 'sr',
  summary: 'super-resolution: fewer pixels, by means of blocks or an antialiased resize',
  example: 'sr:4',
  positional: 'factor',
  options: {
    factor: integer('side of a block; divides height and width', { default: 4, min: 1 }),
    filter: choice('what a pixel of the small image is', [
      'average',
      'bicubic',
      'bilinear',
      'lanczos3',
      'gaussian',
    ]),
    taps: array(
      'another filter: weights along each axis around the middle of a pixel',
      'numbers along one axis, of a sum other than 0',
      isTaps,
      'that of `filter`',
    ),
  },
  build: (shape, { factor: f, filter, taps }) => {
    const extents = imageExtents('sr', shape)
    const [channels, height, width] = extents
    const divides = (k: number) => height % k === 0 && width % k === 0
    if (!divides(f)) {
      const fitting = Array.from({ length: Math.min(height, width) }, (_, i) => i + 1).filter(divides)
      throw new OptionError('factor', `${f} does not divide ${height}×${width}; ${fitting.join(', ')} fit`)
    }
    if (taps !== undefined) {
      const own = tapsOf(taps)
      return separableParts(tapsMatrix(height, f, own), tapsMatrix(width, f, own), channels)
    }
    if (filter === 'average') return blockMeans(extents, f)
    const along = (extent: number) => resizeMatrix(extent, f, resizeKernels[filter])
    return separableParts(along(height), along(width), channels)
  },
})
