import { defineLinear, integer } from '@tweedie/solvers'
import { concat } from '@tweedie/tensor'

/** A camera that shakes once: the image and its copy some pixels to the right, with equal weights. */
export default defineLinear({
  name: 'template-operator',
  summary: 'the mean of the image and its copy, moved to the right around the border',
  example: 'template-operator:3',
  positional: 'shift',
  options: { shift: integer('pixels between the two', { default: 3, min: 0 }) },
  build: (shape, { shift }) => {
    const [, , width = 1] = shape
    const cut = width - (shift % width)
    return {
      inShape: shape,
      outShape: shape,
      // All that has to be written of the map; the adjoint is worked out from it.
      forward: (x) => {
        const [left, right] = [x.slice(null, null, null, [0, cut]), x.slice(null, null, null, [cut, width])]
        return x.add(concat([right, left], 3)).mul(0.5)
      },
    }
  },
})
