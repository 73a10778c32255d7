import { floor } from '@tweedie/tensor'
import { integer } from '../../options/index.ts'
import { defineOperator } from '../define.ts'

/**
 * Quantisation: y is the nearest of the 2^bits levels −1, −1 + Δ, …, 1, with Δ = 2/(2^bits − 1); halfway the upper one,
 * beyond the data range the outermost. It rounds, so its gradient is 0 (`differentiable` is false). A†y = y: a picture
 * of levels is measured as it is.
 *
 * The noise `quantisation` is the same rounding after noise, with a likelihood.
 *
 * @example
 * ```ts
 * import { quantise } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * quantise([4], { bits: 1 }).forward(tensor([[-3, -0.2, 0, 0.4]])).dataSync() // => [-1, -1, 1, 1]
 * ```
 */
export const quantise = defineOperator({
  name: 'quantise',
  summary: 'quantisation: values rounded to a few levels',
  example: 'quantise:3',
  positional: 'bits',
  options: {
    bits: integer('2 to this power is how many levels there are', { default: 3, min: 1, max: 16 }),
  },
  build: (shape, { bits }) => {
    const step = 2 / (2 ** bits - 1)
    return {
      inShape: shape,
      outShape: shape,
      differentiable: false,
      forward: (x) => floor(x.clamp(-1, 1).add(1).div(step).add(0.5)).mul(step).sub(1),
      pinv: (y) => y.reshape(y.shape),
    }
  },
})
