import type { Tensor } from '@tweedie/tensor'
import { ones } from '@tweedie/tensor'
import { complexFactor } from '../../linalg/complex.ts'
import { dft2 } from '../../linalg/dft.ts'
import { batchOf } from '../../linalg/per-sample.ts'
import type { ImageExtents } from '../checks.ts'
import { imageExtents } from '../checks.ts'
import { defineLinear } from '../define.ts'
import type { CoilMaps } from './coil-maps.ts'
import { coilMaps, coilOptions } from './coil-maps.ts'
import { maskOptions, sampledPlaces } from './masks.ts'
import { complexExtents, imageOption } from './mri.ts'
import { keepPlaces, magnitude } from './sampled.ts'

/** What every coil sees of images, [N, images, K, 2, H, W], and Σ S̄_i z_i of the coils, [N, images, 2, H, W]. */
function coilsOf([channels, height, width]: ImageExtents, maps: CoilMaps, complex: boolean) {
  const { times, timesConjugate, ofReal } = complexFactor(maps, [maps.coils, height, width])
  return {
    seen: (x: Tensor) =>
      complex
        ? times(x.reshape([batchOf(x), channels / 2, 1, 2, height, width]))
        : ofReal(x.reshape([batchOf(x), channels, 1, 1, height, width])),
    combined: (z: Tensor) => timesConjugate(z).sum(2),
  }
}

/**
 * Magnetic resonance imaging with K coils (SENSE, Pruessmann et al. 1999): every coil measures the same frequencies of the image
 * times its sensitivity,
 *
 *     y_i = (F S_i x)[k] + noise,   i = 1 … K,   k in the mask,
 *
 * with F, the masks and the layout of real and complex images as in {@link mri}. y is [N, images, K, 2, m]. The maps are
 * simulated (loops around the image, Σ|S_i|² = 1, so that ‖A‖ ≤ 1), or given as [K, 2, H, W], such as those of ESPIRiT.
 * The adjoint Σ S̄_i F* y_i is exact; the singular values have no closed form, so proximal points are by conjugate
 * gradients. `display(y)` is the magnitude of the zero-filled images, combined by the maps.
 *
 * @throws {OptionError}, {ShapeError} as mri, and where maps do not fit the image.
 * @example
 * ```ts
 * import { multicoilMri } from '@tweedie/solvers'
 * const operator = multicoilMri([2, 32, 32], { image: 'complex', coils: 6, acceleration: 8 })
 * operator.outShape // => [1, 6, 2, 128]
 * ```
 */
export const multicoilMri = defineLinear({
  name: 'multicoil-mri',
  summary: 'magnetic resonance with several coils: frequencies of the image times each sensitivity',
  example: 'multicoil-mri:coils=8,acceleration=8',
  options: {
    ...coilOptions,
    ...maskOptions,
    image: imageOption,
  },
  build: (shape, options) => {
    const complex = options.image === 'complex'
    const extents = complex ? complexExtents('multicoil-mri', shape) : imageExtents('multicoil-mri', shape)
    const [channels, height, width] = extents
    const maps = coilMaps(options, height, width)
    const places = sampledPlaces(height, width, options)
    const fourier = dft2(height, width, { origin: 'centre' })
    const { keep, place } = keepPlaces(height, width, places)
    const { seen, combined } = coilsOf(extents, maps, complex)
    const forward = (x: Tensor) => keep(fourier.forward(seen(x)))
    const zeroFilled = (y: Tensor) => combined(fourier.inverse(place(y)))
    return {
      inShape: extents,
      outShape: [complex ? channels / 2 : channels, maps.coils, 2, places.length],
      forward,
      adjoint: (y) => {
        const z = zeroFilled(y)
        return complex ? z.reshape([batchOf(y), ...extents]) : z.slice(null, null, 0)
      },
      // Of real images that of the intensities x + 1, back in the data range.
      display: (y) => {
        if (complex) return magnitude(zeroFilled(y)).mul(2).sub(1)
        const grey = forward(ones([1, ...extents], { dtype: y.dtype, device: y.device }))
        return magnitude(zeroFilled(y.add(grey))).sub(1)
      },
    }
  },
})
