import { integer, number } from '../../options/index.ts'
import { imageExtents } from '../checks.ts'
import { defineLinear } from '../define.ts'
import { blurOptions, gaussianTaps, separableBlur } from './convolution.ts'

/**
 * Gaussian blur with a size×size kernel of sum 1, the same for each channel; y has the shape of x, or with the
 * boundary 'valid' is smaller by size − 1. The kernel may exceed the image. It runs as two small matrix products
 * (H×H and W×W), whose SVDs give that of the whole exactly, for any boundary. The singular values fall off fast,
 * and A⁺ amplifies noise by up to the inverse of the smallest that it keeps: raise `rcond` (1e-5) for noiseless
 * work in float32 with methods that divide by them. DDRM (arXiv 2201.11793) drops those of each factor below 0.03.
 *
 * The default boundary is 'circular' (as PnP-DM, arXiv 2405.18782): it keeps constant images and has ‖A‖ = 1.
 * DPS (arXiv 2209.14687) blurs with size 61, std 3 and 'reflect'; its kernel ends at four standard deviations,
 * which leaves out 3·10⁻⁵ of its sum along each axis. DDRM has 'zero', size 5 with std 10, and for its anisotropic blur size 9 with
 * std 20 along one axis and 1 along the other; its code leaves out the last tap of each kernel.
 *
 * @throws {OptionError} where 'valid' would leave nothing.
 * @example
 * ```ts
 * import { blur, operatorNorm } from '@tweedie/solvers'
 * operatorNorm(blur([1, 16, 16], { size: 9, std: 1.5 })) // ≈ 1
 * blur([1, 16, 16], { size: 9, std: 1, stdX: 20, boundary: 'valid' }).outShape // => [1, 8, 8]
 * ```
 */
export const blur = defineLinear({
  name: 'blur',
  summary: 'Gaussian blur',
  example: 'blur:size=9,std=1.5',
  options: {
    size: integer('taps of the kernel per axis', { default: 9, min: 1, odd: true }),
    std: number('standard deviation in pixels', { default: 1.5, above: 0 }),
    stdX: number('standard deviation along the horizontal axis', { above: 0, otherwise: 'std' }),
    ...blurOptions,
  },
  build: (shape, { size, std, stdX = std, boundary, rcond }) => {
    const [rows, columns] = [gaussianTaps(size, std), gaussianTaps(size, stdX)]
    return separableBlur(rows, columns, imageExtents('blur', shape), boundary, rcond)
  },
})
