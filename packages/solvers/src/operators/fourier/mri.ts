import type { Shape } from '@tweedie/tensor'
import { ShapeError } from '@tweedie/tensor'
import { choice } from '../../options/index.ts'
import type { ImageExtents } from '../checks.ts'
import { imageExtents } from '../checks.ts'
import { defineLinear } from '../define.ts'
import type { LinearParts } from '../parts.ts'
import { maskOptions, sampledPlaces } from './masks.ts'
import { complexSamples, realSamples } from './sampled.ts'

/** Whether channels are real images, or re and im of complex ones in turn. */
export const imageOption = choice('what the channels are: real images, or re and im in turn', [
  'real',
  'complex',
])

/**
 * The extents of complex images, as channels in pairs.
 * @throws {ShapeError} for an odd number of channels.
 */
export function complexExtents(op: string, shape: Shape): ImageExtents {
  const extents = imageExtents(op, shape)
  if (extents[0] % 2 === 0) return extents
  throw new ShapeError(op, 'complex images have an even number of channels, re and im in turn', [shape])
}

/**
 * Magnetic resonance imaging with one coil: some frequencies of the orthonormal Fourier transform about the middle pixel,
 *
 *     y = (F x)[k] + noise,   k in a mask of Cartesian columns or of spokes,
 *
 * as fastMRI has it (arXiv 1811.08839): accelerations 4 and 8 with 8 % and 4 % of the columns in the middle. y is
 * [N, K, 2, m], re and im of the m measured frequencies in row-major order, of each of K images; the noise falls on what was
 * measured only. `display(y)` is the magnitude of the zero-filled image.
 *
 * Complex images are channels in pairs, [2, H, W] for one (Jalal et al., arXiv 2108.01368, have them so); all non-zero
 * singular values are 1. Of real images, where X[−k] is the conjugate of X[k], they are 1, or √½ where the mask has
 * only one of a pair, and A⁺ takes the mean where it has both.
 *
 * @throws {OptionError} for a middle of more columns than the acceleration allows.
 * @throws {ShapeError} for complex images of an odd number of channels.
 * @example
 * ```ts
 * import { mri } from '@tweedie/solvers'
 * import { ones } from '@tweedie/tensor'
 * const operator = mri([1, 32, 32], { acceleration: 4 })
 * operator.outShape // => [1, 2, 256]
 * mri([2, 32, 32], { image: 'complex', pattern: 'equispaced' }).observed // => 512
 * // A constant image is frequency 0 alone, which is in the mask.
 * operator.display(operator.forward(ones([1, 1, 32, 32]))).dataSync()[0] // ≈ 1
 * ```
 */
export const mri = defineLinear({
  name: 'mri',
  summary: 'magnetic resonance with one coil: some frequencies of the image',
  example: 'mri:acceleration=4,seed=1',
  positional: 'acceleration',
  options: { ...maskOptions, image: imageOption },
  build: (shape, options): LinearParts & { spectrum: NonNullable<LinearParts['spectrum']> } => {
    const complex = options.image === 'complex'
    const extents = complex ? complexExtents('mri', shape) : imageExtents('mri', shape)
    const places = sampledPlaces(extents[1], extents[2], options)
    return complex ? complexSamples(extents, places) : realSamples(extents, places)
  },
})
