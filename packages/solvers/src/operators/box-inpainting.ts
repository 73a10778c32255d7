import type { Shape } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import { keepOnly } from './mask.ts'
import type { ImageOperator } from './spectral-operator.ts'
import { imageExtents } from './spectral-operator.ts'

/**
 * Inpainting of a rectangle hidden in all channels. y [N, C, count] holds the pixels outside the box in
 * row-major order; `display(y)` is the masked image. All non-zero singular values are 1.
 *
 * @param options.shape - [C, H, W].
 * @param options.box - Height and width of the box in pixels, or its side.
 * @param options.at - Row and column of its top left pixel; centred where left out (rounded to the top left).
 * @throws {OptionError} where the box leaves the image or hides all of it.
 * @example
 * ```ts
 * import { boxInpainting } from '@tweedie/solvers'
 * boxInpainting({ shape: [1, 28, 28], box: 14 }).outShape // => [1, 588]
 * ```
 */
export function boxInpainting(options: {
  shape: Shape
  box: number | readonly [height: number, width: number]
  at?: readonly [top: number, left: number]
}): ImageOperator {
  const { shape, box } = options
  const [, height, width] = imageExtents('boxInpainting', shape)
  const [boxHeight, boxWidth] = typeof box === 'number' ? [box, box] : box
  const fits = (extent: number, limit: number) => Number.isInteger(extent) && extent >= 1 && extent <= limit
  if (!fits(boxHeight, height) || !fits(boxWidth, width)) {
    throw new OptionError(
      'box',
      `a box of ${boxHeight}×${boxWidth} does not fit into ${height}×${width}; 1×1 … ${height}×${width} does`,
    )
  }
  if (boxHeight === height && boxWidth === width) {
    throw new OptionError(
      'box',
      `a box of ${boxHeight}×${boxWidth} hides the whole image; make one side smaller`,
    )
  }
  const [top, left] = options.at ?? [(height - boxHeight) >> 1, (width - boxWidth) >> 1]
  const [lastTop, lastLeft] = [height - boxHeight, width - boxWidth]
  const inside = (at: number, last: number) => Number.isInteger(at) && at >= 0 && at <= last
  if (!inside(top, lastTop) || !inside(left, lastLeft)) {
    throw new OptionError(
      'at',
      `a box of ${boxHeight}×${boxWidth} at row ${top}, column ${left} leaves the image of ${height}×${width}; ` +
        `rows 0 … ${lastTop} and columns 0 … ${lastLeft} fit`,
    )
  }
  const kept: number[] = []
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const hidden = row >= top && row < top + boxHeight && column >= left && column < left + boxWidth
      if (!hidden) kept.push(row * width + column)
    }
  }
  return keepOnly('boxInpainting', shape, Int32Array.from(kept), true)
}
