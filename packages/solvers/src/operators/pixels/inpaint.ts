import { isTensor, OptionError } from '@tweedie/tensor'
import { integer, number, object, pair, sides } from '../../options/index.ts'
import { imageExtents } from '../checks.ts'
import { defineLinear } from '../define.ts'
import type { Mask } from './hidden.ts'
import { observedBy, outsideBox, randomPixels } from './hidden.ts'
import { keepOnly } from './keep.ts'

const isMask = (value: unknown): value is Mask =>
  isTensor(value) || Array.isArray(value) || ArrayBuffer.isView(value)

/**
 * Inpainting: a box hidden in all channels, some pixels hidden at random in all channels, or what a mask says. y
 * holds the observed elements alone, in row-major order: [N, C, count] where the channels share the mask,
 * [N, count] where they do not; `display(y)` is the masked image. All non-zero singular values are 1.
 *
 * @throws {OptionError} where nothing would be observed, a box leaves the image, or options contradict each other.
 * @throws {ShapeError} where a mask does not fit the image.
 * @example
 * ```ts
 * import { inpaint } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * inpaint([1, 28, 28], { box: 14 }).outShape // => [1, 588]
 * inpaint([3, 10, 10], { random: 0.7, seed: 1 }).outShape // => [3, 30]
 * const operator = inpaint([1, 2, 2], { mask: [1, 0, 0, 1] })
 * const y = operator.forward(tensor([[[[0.1, 0.2], [0.3, 0.4]]]]))
 * y.dataSync() // ≈ [0.1, 0.4]
 * operator.display(y).dataSync() // ≈ [0.1, 0, 0, 0.4]
 * ```
 */
export const inpaint = defineLinear({
  name: 'inpaint',
  summary: 'pixels hidden in all channels: a box, or some at random',
  example: 'inpaint:box=14',
  options: {
    box: sides('side, or height x width, of the hidden box in pixels', { otherwise: 'half of each side' }),
    at: pair('row x column of the top left pixel of the box', { otherwise: 'centred' }),
    random: number('part of the pixels that is hidden at random', { min: 0, below: 1, otherwise: 'a box' }),
    seed: integer('which random pixels', { min: 0, otherwise: '0 with random' }),
    mask: object('what is observed', 'a tensor or flat array of H·W or C·H·W elements', isMask),
  },
  build: (given, { box, at, random, seed, mask }) => {
    const shape = imageExtents('inpaint', given)
    const ways = [box ?? at, random, mask].filter((way) => way !== undefined)
    if (ways.length > 1)
      throw new OptionError('inpaint', 'give box (and at), random or mask, not two of them')
    if (seed !== undefined && random === undefined) throw new OptionError('seed', 'goes with random only')
    if (mask !== undefined) return keepOnly(shape, observedBy(shape, mask))
    if (random !== undefined) return keepOnly(shape, randomPixels(shape, random, seed ?? 0))
    return keepOnly(shape, outsideBox(shape, box, at))
  },
})
