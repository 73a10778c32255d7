import type { Tensor } from '@tweedie/tensor'
import { concat, floor, ShapeError, sizeOf } from '@tweedie/tensor'
import { constant } from '../../linalg/constant.ts'
import { batchOf } from '../../linalg/per-sample.ts'
import { choice, integer } from '../../options/index.ts'
import type { ImageExtents } from '../checks.ts'
import { imageExtents } from '../checks.ts'
import { defineOperator } from '../define.ts'
import { blockDct } from '../sampling/block-dct.ts'
import { repeated, subsampled, toLumaChroma, toRgb } from './jpeg-colour.ts'
import { quantisationTables } from './jpeg-tables.ts'

/** 255 levels span the data range. */
const unit = 2 / 255
/** JPEG takes 128 from the levels 0 … 255, whose middle is 127.5. */
const shift = unit / 2

/** Planes of a size between pixels and their quantised coefficients [N, C·H·W], in units of the data range. */
function coder(extents: ImageExtents, table: readonly number[]) {
  const [channels, height, width] = extents
  const { analysis, synthesis } = blockDct(extents, 8)
  const steps = constant(
    Float64Array.from(table, (step) => step * unit),
    [8, 1, 8],
  )
  const count = sizeOf(extents)
  return {
    count,
    encode: (x: Tensor) => {
      const c = analysis(x).reshape([batchOf(x), (channels * height) / 8, 8, width / 8, 8])
      return floor(c.div(steps(x)).add(0.5))
        .mul(steps(x))
        .reshape([batchOf(x), count])
    },
    decode: (y: Tensor) => synthesis(y.reshape([batchOf(y), ...extents])).reshape([batchOf(y), ...extents]),
  }
}

/** @throws {ShapeError} unless there are one or three channels of whole blocks. */
function checkExtents(shape: ImageExtents, block: number): void {
  const [channels, height, width] = shape
  if (channels !== 1 && channels !== 3)
    throw new ShapeError('jpeg', 'needs 1 channel (grey) or 3 (red, green and blue)', [shape])
  if (height % block === 0 && width % block === 0) return
  const whole = (up: (n: number) => number) =>
    [height, width].map((extent) => block * Math.max(1, up(extent / block))).join('×')
  const fitting = [...new Set([whole(Math.floor), whole(Math.ceil)])]
  const fit = `${fitting.join(' and ')} ${fitting.length === 1 ? 'fits' : 'fit'}`
  throw new ShapeError('jpeg', `sides must be multiples of ${block}; ${fit}`, [shape])
}

/**
 * JPEG as it is encoded: luma and colour differences (BT.601, full range), these for 2×2 pixels at once, the DCT of blocks
 * of 8×8, each coefficient rounded to a multiple of its step. y [N, m] are the rounded coefficients of luma, then of the
 * differences, each where the pixel of its number lies, in units of the data range: a step of q is 2q/255. The DCT is
 * orthonormal, so distances of a grey picture and of its coefficients are the same. m is C·H·W, or 1.5·H·W for colour
 * with 4:2:0. A†y decodes, by repetition of the colour differences; neither clips nor rounds pixels, so that
 * A(A†(A(x))) = A(x), as the pair of DDRM-JPEG (arXiv 2209.11888), whose colour differences are those of the top left of
 * 2×2 pixels ('4:2:0-corner'). It rounds, so its gradient is 0 (`differentiable` is false).
 *
 * @throws {ShapeError} unless there are 1 or 3 channels with sides that are multiples of 8, for 4:2:0 in colour of 16:
 * where an encoder fills up a block, no decoder can undo it.
 * @example
 * ```ts
 * import { jpeg } from '@tweedie/solvers'
 * import { ones } from '@tweedie/tensor'
 * const operator = jpeg([3, 16, 16], { quality: 10 })
 * operator.outShape // => [384]
 * // White is the level 127 of −128 … 127: 8·127 = 1016 is 13 steps of 80, 13·80·2/255.
 * operator.forward(ones([1, 3, 16, 16])).dataSync()[0] // ≈ 8.156863
 * ```
 */
export const jpeg = defineOperator({
  name: 'jpeg',
  summary: 'JPEG: the coefficients of its blocks, rounded; sides are multiples of 16 (grey: of 8)',
  example: 'jpeg:10',
  positional: 'quality',
  options: {
    quality: integer('of the Independent JPEG Group: less rounds more', { default: 10, min: 1, max: 100 }),
    subsampling: choice('colour of 2×2 pixels at once, by their mean or the top left one, or of each', [
      '4:2:0',
      '4:2:0-corner',
      '4:4:4',
    ]),
  },
  build: (shape, { quality, subsampling }) => {
    const extents = imageExtents('jpeg', shape)
    const [channels, height, width] = extents
    const factor = channels === 1 || subsampling === '4:4:4' ? 1 : 2
    checkExtents(extents, 8 * factor)
    const tables = quantisationTables(quality)
    const grey = coder([1, height, width], tables.luma)
    if (channels === 1) {
      const decode = (y: Tensor) => grey.decode(y).add(shift)
      return {
        inShape: shape,
        outShape: [grey.count],
        differentiable: false,
        forward: (x) => grey.encode(x.sub(shift)),
        pinv: decode,
        display: decode,
      }
    }
    const colour = coder([2, height / factor, width / factor], tables.chroma)
    const count = grey.count + colour.count
    const decode = (y: Tensor) => {
      const luma = grey.decode(y.slice(null, [0, grey.count]))
      const chroma = colour.decode(y.slice(null, [grey.count, count]))
      return toRgb(luma, repeated(chroma, factor)).add(shift)
    }
    return {
      inShape: shape,
      outShape: [count],
      differentiable: false,
      forward: (x) => {
        const { luma, chroma } = toLumaChroma(x.sub(shift))
        return concat([grey.encode(luma), colour.encode(subsampled(chroma, subsampling))], 1)
      },
      pinv: decode,
      display: decode,
    }
  },
})
