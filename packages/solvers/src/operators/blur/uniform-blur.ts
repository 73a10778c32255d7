import { integer } from '../../options/index.ts'
import { imageExtents } from '../checks.ts'
import { defineLinear } from '../define.ts'
import { blurOptions, separableBlur } from './convolution.ts'

/**
 * Uniform blur: each pixel is the mean of the size×size pixels around it, the same for each channel. Of an even size
 * the window reaches one pixel further to the bottom right. Its singular values, samples of a sinc, pass through zero:
 * raise `rcond` for methods that divide by them.
 *
 * DDRM (arXiv 2201.11793) measures with size 9 and the boundary 'zero', and drops the singular values of each axis
 * below 0.03; its code takes the taps −4 … 3 of the nine, without making up for the last.
 *
 * @throws {OptionError} where 'valid' would leave nothing.
 * @example
 * ```ts
 * import { uniformBlur } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const operator = uniformBlur([1, 1, 4], { size: 3, boundary: 'zero' })
 * operator.forward(tensor([[[[9, 0, 9, 0]]]])).dataSync() // ≈ [1, 2, 1, 1]
 * ```
 */
export const uniformBlur = defineLinear({
  name: 'uniform-blur',
  summary: 'uniform blur: means of square windows',
  example: 'uniform-blur:9',
  positional: 'size',
  options: { size: integer('side of the window in pixels', { default: 9, min: 1 }), ...blurOptions },
  build: (shape, { size, boundary, rcond }) => {
    const taps = new Float64Array(size).fill(1 / size)
    return separableBlur(taps, taps, imageExtents('uniform-blur', shape), boundary, rcond)
  },
})
