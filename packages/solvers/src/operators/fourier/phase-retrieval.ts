import { pad } from '@tweedie/tensor'
import { dft2 } from '../../linalg/dft.ts'
import { number } from '../../options/index.ts'
import { imageExtents } from '../checks.ts'
import { defineOperator } from '../define.ts'
import { amplitude, amplitudePicture, objectOf, objectOption } from './amplitude.ts'

/**
 * Phase retrieval: of each channel the amplitudes of the orthonormal Fourier transform of the image in a frame of zeros,
 *
 *     y = |F P x| + noise,
 *
 * ⌊oversample/8 · side⌋ zeros at each side and frequency 0 in the middle (DPS, arXiv 2209.14687: oversample 2, 64 zeros
 * around 256 pixels). y is [N, C, H + 2·⌊…⌋, W + 2·⌊…⌋]. DPS takes x in [−1, 1] itself for the object, `signed`; DAPS
 * (arXiv 2407.01521) the intensities (x + 1)/2, `unit`, whose amplitudes and whose noise are on half the scale.
 *
 * The image turned by 180° has the same amplitudes, and with `signed` so has −x, of each channel apart; `aligned` undoes
 * that before a score. The gradient is finite everywhere: 0 where an amplitude is 0. At x = 0 it is 0, so a descent must
 * start elsewhere.
 *
 * @example
 * ```ts
 * import { phaseRetrieval } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * phaseRetrieval([3, 256, 256]).outShape // => [3, 384, 384]
 * const operator = phaseRetrieval([1, 1, 2], { oversample: 0 })
 * operator.forward(tensor([[[[0.6, -0.2]]]])).dataSync() // ≈ [0.565685, 0.282843]
 * ```
 */
export const phaseRetrieval = defineOperator({
  name: 'phase-retrieval',
  summary: 'amplitudes of the Fourier transform of the image in a frame of zeros',
  example: 'phase-retrieval:2',
  positional: 'oversample',
  options: {
    oversample: number('zeros at each side, in eighths of it', { default: 2, min: 0 }),
    object: objectOption,
  },
  build: (shape, { oversample, object }) => {
    const [channels, height, width] = imageExtents('phase-retrieval', shape)
    const [top, left] = [height, width].map((side) => Math.floor((oversample / 8) * side)) as [number, number]
    const frame = [channels, height + 2 * top, width + 2 * left]
    const fourier = dft2(height + 2 * top, width + 2 * left, { origin: 'centre' })
    const around = [
      [0, 0],
      [0, 0],
      [top, top],
      [left, left],
    ] as const
    return {
      inShape: shape,
      outShape: frame,
      forward: (x) => amplitude(fourier.forwardReal(pad(objectOf(object, x), around))),
      display: amplitudePicture,
    }
  },
})
