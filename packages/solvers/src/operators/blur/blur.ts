import { choice, integer, number } from '../../options/index.ts'
import { imageExtents } from '../checks.ts'
import { defineLinear } from '../define.ts'
import { convolutionMatrix, gaussianTaps } from './convolution.ts'
import { separableParts } from './separable.ts'

/**
 * Gaussian blur with a size×size kernel of sum 1, the same for each channel; y has the shape of x. The kernel may
 * exceed the image. It runs as two small matrix products (H×H and W×W), whose SVDs give that of the whole exactly,
 * for any boundary. The singular values fall off fast, and A⁺ amplifies noise by up to the inverse of the smallest
 * that it keeps: raise `rcond` (1e-5) for noiseless work in float32 with methods that divide by them.
 *
 * The default boundary is 'circular' (as PnP-DM, arXiv 2405.18782): it keeps constant images and has ‖A‖ = 1.
 * DPS (arXiv 2209.14687) blurs with size 61, std 3 and 'reflect'; DDRM (arXiv 2201.11793) with 'zero'.
 *
 * @example
 * ```ts
 * import { blur, operatorNorm } from '@tweedie/solvers'
 * operatorNorm(blur([1, 16, 16], { size: 9, std: 1.5 })) // ≈ 1
 * ```
 */
export const blur = defineLinear({
  name: 'blur',
  summary: 'Gaussian blur',
  example: 'blur:size=9,std=1.5',
  options: {
    size: integer('taps of the kernel per axis', { default: 9, min: 1, odd: true }),
    std: number('standard deviation in pixels', { default: 1.5, above: 0 }),
    boundary: choice('what lies beyond the border', ['circular', 'zero', 'reflect']),
    rcond: number('singular values up to this part of the largest count as 0', {
      min: 0,
      below: 1,
      otherwise: 'the longer side · 2⁻⁵²',
    }),
  },
  build: (shape, { size, std, boundary, rcond }) => {
    const [channels, height, width] = imageExtents('blur', shape)
    const taps = gaussianTaps(size, std)
    return separableParts(
      convolutionMatrix(taps, height, boundary),
      convolutionMatrix(taps, width, boundary),
      channels,
      rcond,
    )
  },
})
