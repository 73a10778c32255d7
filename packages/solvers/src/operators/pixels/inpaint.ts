import { isTensor, OptionError } from '@tweedie/tensor'
import type { Filled } from '../../options/index.ts'
import { array, choice, integer, number, pair, sides } from '../../options/index.ts'
import type { ImageExtents } from '../checks.ts'
import { imageExtents } from '../checks.ts'
import { defineLinear } from '../define.ts'
import type { Mask } from './hidden.ts'
import { observedBy, outsideBox, randomPixels, randomPlace } from './hidden.ts'
import type { Kept } from './keep.ts'
import { keepOnly } from './keep.ts'
import { everyLine, randomLines } from './lines.ts'

const isMask = (value: unknown): value is Mask =>
  isTensor(value) || Array.isArray(value) || ArrayBuffer.isView(value)

const options = {
  box: sides('side, or height x width, of the hidden box in pixels', { otherwise: 'half of each side' }),
  at: pair('row x column of the top left pixel of the box', { otherwise: 'centred' }),
  margin: sides('the box lies anywhere at least so far from the border, in pixels', {
    min: 0,
    otherwise: 'the box is not drawn',
  }),
  random: number('part of the pixels, or of the lines, that is hidden at random', {
    min: 0,
    below: 1,
    otherwise: 'a box',
  }),
  lines: choice('what random, keep and hide hide: pixels, or whole rows or columns', [
    'no',
    'rows',
    'columns',
  ]),
  keep: integer('one line in so many is kept, from the first', { min: 2, otherwise: 'a box' }),
  hide: integer('one line in so many is hidden, from the first', { min: 2, otherwise: 'a box' }),
  seed: integer('which random pixels or lines, or which place of the box', {
    min: 0,
    otherwise: '0 with random or margin',
  }),
  mask: array(
    'what is observed: what is light in a picture, or at least 0.5',
    'H·W or C·H·W numbers (a picture or npy file, a tensor or a flat array)',
    isMask,
    'a box',
  ),
}
type Options = Filled<typeof options>

/** @throws {OptionError} for options that do not go together. */
function checkTogether({ box, at, margin, random, lines, keep, hide, mask, seed }: Options): void {
  const given = (...values: readonly unknown[]) => values.filter((value) => value !== undefined).length
  if (given(box ?? at ?? margin, random, keep, hide, mask) > 1)
    throw new OptionError(
      'inpaint',
      'give box (and at or margin), random, keep, hide or mask, not two of them',
    )
  if (given(at, margin) > 1) throw new OptionError('margin', 'draws where the box lies: not with at')
  if (seed !== undefined && given(random, margin) === 0)
    throw new OptionError('seed', 'goes with random or margin only')
  if (lines === 'no' && given(keep, hide) > 0)
    throw new OptionError('lines', 'must be rows or columns with keep or hide')
  if (lines !== 'no' && given(random, keep, hide) === 0)
    throw new OptionError('lines', `${lines} go with random, keep or hide: which of them are hidden?`)
}

/** The elements that the options leave. */
function keptBy(shape: ImageExtents, options: Options): Kept {
  const { box, at, margin, random, lines, keep, hide, mask, seed = 0 } = options
  if (mask !== undefined) return observedBy(shape, mask)
  if (random !== undefined && lines === 'no') return randomPixels(shape, random, seed)
  if (random !== undefined && lines !== 'no') return randomLines(shape, lines, random, seed)
  if (keep !== undefined && lines !== 'no') return everyLine(shape, lines, 'keep', keep)
  if (hide !== undefined && lines !== 'no') return everyLine(shape, lines, 'hide', hide)
  return outsideBox(shape, box, margin === undefined ? at : randomPlace(shape, box, margin, seed))
}

/**
 * Inpainting: hidden in all channels is a box, some pixels at random, whole rows or columns, or what a mask says. y
 * holds the observed elements alone, in row-major order: [N, C, count] where the channels share the mask,
 * [N, count] where they do not; `display(y)` is the masked image. All non-zero singular values are 1.
 *
 * DPS (arXiv 2209.14687) hides a box of 128×128 in 256×256, at least 16 pixels from the border: `box=128,margin=16`;
 * or 92 % of the pixels: `random=0.92`.
 *
 * @throws {OptionError} where nothing would be observed, a box leaves the image, or options contradict each other.
 * @throws {ShapeError} where a mask does not fit the image.
 * @example
 * ```ts
 * import { inpaint } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * inpaint([1, 28, 28], { box: 14 }).outShape // => [1, 588]
 * inpaint([3, 10, 10], { random: 0.7, seed: 1 }).outShape // => [3, 30]
 * inpaint([3, 10, 12], { lines: 'columns', keep: 4 }).outShape // => [3, 30]
 * const operator = inpaint([1, 2, 2], { mask: [1, 0, 0, 1] })
 * const y = operator.forward(tensor([[[[0.1, 0.2], [0.3, 0.4]]]]))
 * y.dataSync() // ≈ [0.1, 0.4]
 * operator.display(y).dataSync() // ≈ [0.1, 0, 0, 0.4]
 * ```
 */
export const inpaint = defineLinear({
  name: 'inpaint',
  summary: 'pixels hidden in all channels: a box, some at random, whole lines, or what a mask hides',
  example: 'inpaint:box=14',
  options,
  build: (given, settings) => {
    const shape = imageExtents('inpaint', given)
    checkTogether(settings)
    return keepOnly(shape, keptBy(shape, settings))
  },
})
