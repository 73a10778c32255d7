import { sizeOf } from '@tweedie/tensor'
import { defineLinear } from '../define.ts'
import type { TensorMap } from '../spectrum.ts'

/** A view of its own, so that its owner may dispose of it. */
const same: TensorMap = (x) => x.reshape(x.shape)

/**
 * Denoising: y = x plus noise. Works for samples of any shape; all singular values are 1.
 * @example
 * ```ts
 * import { denoise } from '@tweedie/solvers'
 * denoise([1, 28, 28]).observed // => 784
 * ```
 */
export const denoise = defineLinear({
  name: 'denoise',
  summary: 'the image itself, with noise only',
  example: 'denoise',
  options: {},
  build: (shape) => ({
    inShape: shape,
    outShape: shape,
    forward: same,
    adjoint: same,
    pinv: same,
    spectrum: () => ({
      values: new Float64Array(sizeOf(shape)).fill(1),
      places: Int32Array.from({ length: sizeOf(shape) }, (_, i) => i),
      analysis: same,
      synthesis: same,
    }),
  }),
})
