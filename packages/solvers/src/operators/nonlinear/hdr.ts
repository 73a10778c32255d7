import { number } from '../../options/index.ts'
import { defineOperator } from '../define.ts'

/**
 * High dynamic range: y = clip(gain·x, −1, 1), [N, …] of any shape; with the gain of 2 of DAPS (arXiv 2407.01521) what is
 * brighter than ½ or darker than −½ is lost. Its gradient is the gain, and 0 where y is cut off. A†y = y/gain is a
 * picture that gives y: A(A†(A(x))) = A(x).
 *
 * @example
 * ```ts
 * import { hdr } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const operator = hdr([3])
 * const y = operator.forward(tensor([[0.25, 0.75, -1]]))
 * y.dataSync() // => [0.5, 1, -1]
 * operator.pinv(y).dataSync() // => [0.25, 0.5, -0.5]
 * ```
 */
export const hdr = defineOperator({
  name: 'hdr',
  summary: 'high dynamic range: values times a gain, cut off where they leave the data range',
  example: 'hdr:2',
  positional: 'gain',
  options: { gain: number('factor before the cut', { default: 2, min: 1 }) },
  build: (shape, { gain }) => ({
    inShape: shape,
    outShape: shape,
    forward: (x) => x.mul(gain).clamp(-1, 1),
    pinv: (y) => y.div(gain),
  }),
})
