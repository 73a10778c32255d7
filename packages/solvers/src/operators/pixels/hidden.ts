import type { Tensor } from '@tweedie/tensor'
import {
  isTensor,
  OptionError,
  randomIntegers,
  randomKey,
  randomPermutation,
  ShapeError,
  sameShape,
} from '@tweedie/tensor'
import type { Pair } from '../../options/index.ts'
import type { ImageExtents } from '../checks.ts'
import type { Kept } from './keep.ts'
import { pixelsWhere } from './keep.ts'

/**
 * Which elements are observed (true, or at least ½, as what is light in a picture of a mask): H·W, shared by the
 * channels, or C·H·W of them.
 */
export type Mask = Tensor | ArrayLike<number> | ArrayLike<boolean>

/** Height and width of a box: half of each side of the image where left out. */
function sidesOf([, height, width]: ImageExtents, box?: number | Pair): Pair {
  if (box === undefined) return [Math.ceil(height / 2), Math.ceil(width / 2)]
  return typeof box === 'number' ? [box, box] : box
}

/**
 * The pixels outside a rectangle.
 * @param box - Its height and width, or its side; half of each side of the image where left out.
 * @param at - Row and column of its top left pixel; centred where left out (rounded to the top left).
 * @throws {OptionError} where the box leaves the image or hides all of it.
 */
export function outsideBox(shape: ImageExtents, box?: number | Pair, at?: Pair): Kept {
  const [, height, width] = shape
  const [h, w] = sidesOf(shape, box)
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
  const inside = (row: number, column: number) =>
    row >= top && row < top + h && column >= left && column < left + w
  return pixelsWhere(shape, (row, column) => !inside(row, column))
}

/**
 * Where a box lies whose top left pixel is uniform over the places that are at least `margin` from the border; a function
 * of seed, extents, box and margin. DPS's own draw, with integers below a limit, leaves the lowest and rightmost place out.
 * @param margin - Above and below, left and right; one number for both.
 * @throws {OptionError} where there is no such place.
 */
export function randomPlace(
  shape: ImageExtents,
  box: number | Pair | undefined,
  margin: number | Pair,
  seed: number,
): Pair {
  const key = randomKey(seed).fold('randomBox')
  const [h, w] = sidesOf(shape, box)
  const [above, beside] = typeof margin === 'number' ? [margin, margin] : margin
  const along = (extent: number, side: number, from: number, axis: string): number => {
    const places = extent - side - 2 * from + 1
    if (places >= 1) return from + (randomIntegers(key.fold(axis), places, 1)[0] ?? 0)
    const most = Math.floor((extent - side) / 2)
    const fit = most < 0 ? 'the box itself does not fit' : `0 … ${most} fit`
    throw new OptionError('margin', `twice ${from} and a box of ${side} exceed ${extent} ${axis}; ${fit}`)
  }
  return [along(shape[1], h, above, 'rows'), along(shape[2], w, beside, 'columns')]
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
  const kept = Array.from({ length: flags.length }, (_, i) => i).filter((i) => Number(flags[i]) >= 0.5)
  if (kept.length === 0) throw new OptionError('mask', 'must observe at least one element')
  return { indices: Int32Array.from(kept), shared: flags.length === plane }
}
