import type { Tensor } from '@tweedie/tensor'
import { isTensor, OptionError, randomKey, randomPermutation, ShapeError, sameShape } from '@tweedie/tensor'
import type { Pair } from '../../options/index.ts'
import type { ImageExtents } from '../checks.ts'
import type { Kept } from './keep.ts'

/** Which elements are observed (non-zero or true): H·W, shared by the channels, or C·H·W of them. */
export type Mask = Tensor | ArrayLike<number> | ArrayLike<boolean>

/**
 * The pixels outside a rectangle.
 * @param box - Its height and width, or its side; half of each side of the image where left out.
 * @param at - Row and column of its top left pixel; centred where left out (rounded to the top left).
 * @throws {OptionError} where the box leaves the image or hides all of it.
 */
export function outsideBox(
  [, height, width]: ImageExtents,
  box: number | Pair = [Math.ceil(height / 2), Math.ceil(width / 2)],
  at?: Pair,
): Kept {
  const [h, w] = typeof box === 'number' ? [box, box] : box
  const size = `a box of ${h}×${w}`
  if (h > height || w > width) {
    throw new OptionError(
      'box',
      `${size} does not fit into ${height}×${width}; 1×1 … ${height}×${width} does`,
    )
  }
  if (h === height && w === width) {
    throw new OptionError('box', `${size} hides the whole image; make one side smaller`)
  }
  const [top, left] = at ?? [(height - h) >> 1, (width - w) >> 1]
  if (top > height - h || left > width - w) {
    throw new OptionError(
      'at',
      `${size} at row ${top}, column ${left} leaves the image of ${height}×${width}; ` +
        `rows 0 … ${height - h} and columns 0 … ${width - w} fit`,
    )
  }
  const pixels = Array.from({ length: height * width }, (_, i) => i)
  const kept = pixels.filter((i) => {
    const [row, column] = [Math.floor(i / width), i % width]
    return row < top || row >= top + h || column < left || column >= left + w
  })
  return { indices: Int32Array.from(kept), shared: true }
}

/**
 * All pixels but exactly round(fraction·H·W), drawn without replacement; a function of seed, H, W and fraction.
 * @throws {OptionError} where none remains.
 */
export function randomPixels([, height, width]: ImageExtents, fraction: number, seed: number): Kept {
  const pixels = height * width
  const hidden = Math.round(fraction * pixels)
  if (hidden === pixels) {
    throw new OptionError('random', `${fraction} hides all ${pixels} pixels; at least one must remain`)
  }
  const order = randomPermutation(randomKey(seed).fold('randomInpainting'), pixels)
  return { indices: order.slice(hidden).sort(), shared: true }
}

/**
 * What a mask observes.
 * @throws {ShapeError} where the mask does not fit. @throws {OptionError} where it observes nothing.
 */
export function observedBy(shape: ImageExtents, mask: Mask): Kept {
  const [channels, height, width] = shape
  const plane = height * width
  const fitting = [[height, width], [1, height, width], shape]
  if (isTensor(mask) && !fitting.some((fit) => sameShape(fit, mask.shape))) {
    throw new ShapeError('inpaint', 'the mask must be [H, W] or [C, H, W] of the shape', [mask.shape, shape])
  }
  const flags = isTensor(mask) ? mask.dataSync() : mask
  if (flags.length !== plane && flags.length !== channels * plane) {
    const fit = `${plane} (for all channels) or ${channels * plane} fit`
    throw new ShapeError('inpaint', `the mask has ${flags.length} elements; ${fit}`, [shape])
  }
  const kept = Array.from({ length: flags.length }, (_, i) => i).filter((i) => flags[i])
  if (kept.length === 0) throw new OptionError('mask', 'must observe at least one element')
  return { indices: Int32Array.from(kept), shared: flags.length === plane }
}
