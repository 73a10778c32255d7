import type { Shape } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import type { HostMatrix } from '../linalg/host-matrix.ts'
import { buildMatrix } from '../linalg/host-matrix.ts'
import { separableOfHost } from './separable.ts'
import type { ImageOperator } from './spectral-operator.ts'
import { imageExtents } from './spectral-operator.ts'

/**
 * What lies beyond the border: the opposite side, zeros (mid-grey), or the mirror image about the border pixel.
 * With 'zero' a constant image darkens or brightens near the border; the others keep it.
 */
export type Boundary = 'circular' | 'zero' | 'reflect'

/** All boundaries that {@link gaussianBlur} knows; the first is its default. */
export const boundaries: readonly Boundary[] = ['circular', 'zero', 'reflect']

/** `size` samples of a Gaussian of standard deviation `std` around the middle one, with sum 1. */
export function gaussianTaps(size: number, std: number): Float64Array {
  const taps = Float64Array.from({ length: size }, (_, i) =>
    Math.exp(-0.5 * ((i - (size - 1) / 2) / std) ** 2),
  )
  const total = taps.reduce((sum, tap) => sum + tap, 0)
  return taps.map((tap) => tap / total)
}

/** Where in 0 … extent−1 the signal continues at `at`, or −1 for a zero. */
function continued(at: number, extent: number, boundary: Boundary): number {
  if (boundary === 'zero') return at >= 0 && at < extent ? at : -1
  const period = boundary === 'circular' ? extent : Math.max(1, 2 * extent - 2)
  const place = ((at % period) + period) % period
  return place < extent ? place : period - place
}

/** The matrix of the 1-D convolution with centred taps over `extent` samples. */
function convolutionMatrix(taps: Float64Array, extent: number, boundary: Boundary): HostMatrix {
  const matrix = buildMatrix(extent, extent, () => 0)
  const radius = (taps.length - 1) / 2
  for (let i = 0; i < extent; i++) {
    taps.forEach((tap, k) => {
      const j = continued(i + k - radius, extent, boundary)
      if (j >= 0) matrix.data[i * extent + j]! += tap
    })
  }
  return matrix
}

/**
 * Gaussian blur with a size×size kernel of sum 1, the same for each channel; y has the shape of x. It runs as two
 * small matrix products (H×H and W×W), whose SVDs give that of the whole exactly, for any boundary. The
 * singular values fall off fast, and A⁺ amplifies noise by up to the inverse of the smallest that it keeps.
 *
 * The default boundary is 'circular' (as PnP-DM, arXiv 2405.18782): it keeps constant images and has ‖A‖ = 1.
 * DPS (arXiv 2209.14687) blurs with size 61, std 3 and 'reflect'; DDRM (arXiv 2201.11793) with 'zero'.
 *
 * @param options.shape - [C, H, W].
 * @param options.size - Odd number of taps per axis; may exceed the image.
 * @param options.std - Standard deviation in pixels, above 0.
 * @param options.rcond - Singular values at or below `rcond` times the largest count as 0; the longer side · 2⁻⁵²
 *   where left out. Raise it (1e-5) for noiseless work in float32 with methods that divide by them.
 * @throws {OptionError} for options out of range.
 * @example
 * ```ts
 * import { gaussianBlur, operatorNorm } from '@tweedie/solvers'
 * operatorNorm(gaussianBlur({ shape: [1, 16, 16], size: 9, std: 1.5 })) // ≈ 1
 * ```
 */
export function gaussianBlur(options: {
  shape: Shape
  size: number
  std: number
  boundary?: Boundary
  rcond?: number
}): ImageOperator {
  const { shape, size, std, boundary = boundaries[0]!, rcond } = options
  const [channels, height, width] = imageExtents('gaussianBlur', shape)
  if (!(Number.isInteger(size) && size >= 1 && size % 2 === 1)) {
    throw new OptionError('size', `the kernel needs an odd number of taps (1, 3, 5 …), got ${size}`)
  }
  if (!(std > 0 && std < Infinity))
    throw new OptionError('std', `must be above 0 pixels and finite, got ${std}`)
  if (!boundaries.includes(boundary)) {
    throw new OptionError('boundary', `'${boundary}' is none of ${boundaries.join(', ')}`)
  }
  const taps = gaussianTaps(size, std)
  return separableOfHost(
    convolutionMatrix(taps, height, boundary),
    convolutionMatrix(taps, width, boundary),
    { name: 'gaussianBlur', channels, ...(rcond === undefined ? {} : { rcond }) },
  )
}
