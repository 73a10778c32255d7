import { ShapeError } from '@tweedie/tensor'
import { choice } from '../../options/index.ts'
import { imageExtents } from '../checks.ts'
import { defineLinear } from '../define.ts'
import { keepOnly } from './keep.ts'

/** The channel of a letter of a pattern. */
const channelOf = 'RGB'

/**
 * Demosaicing: behind a Bayer filter each pixel is measured in one colour, y [N, 1, H, W]. The pattern names the colours
 * of the top left 2×2 pixels, row by row, and repeats; sides may be odd. `display(y)` is the picture in the colours
 * of the filter, with 0 where a colour was not measured. All non-zero singular values are 1; A⁺ = Aᵀ.
 *
 * @throws {ShapeError} unless there are three channels.
 * @example
 * ```ts
 * import { demosaic } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const [red, green, blue] = [[[1, 1], [1, 1]], [[2, 2], [2, 2]], [[3, 3], [3, 3]]]
 * demosaic([3, 2, 2], { pattern: 'GRBG' }).forward(tensor([[red, green, blue]])).dataSync() // => [2, 1, 3, 2]
 * ```
 */
export const demosaic = defineLinear({
  name: 'demosaic',
  summary: 'demosaicing: one colour a pixel, behind a Bayer filter',
  example: 'demosaic:RGGB',
  positional: 'pattern',
  options: {
    pattern: choice('colours of the top left 2×2 pixels, row by row', ['RGGB', 'BGGR', 'GRBG', 'GBRG']),
  },
  build: (shape, { pattern }) => {
    const extents = imageExtents('demosaic', shape)
    const [channels, height, width] = extents
    if (channels !== 3) throw new ShapeError('demosaic', 'needs 3 channels: red, green and blue', [shape])
    const indices = Int32Array.from({ length: height * width }, (_, pixel) => {
      const [row, column] = [Math.floor(pixel / width), pixel % width]
      const letter = pattern.charAt(2 * (row % 2) + (column % 2))
      return channelOf.indexOf(letter) * height * width + pixel
    })
    return keepOnly(extents, { indices, shared: false }, [1, height, width])
  },
})
