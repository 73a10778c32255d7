import type { Tensor } from '@tweedie/tensor'
import { gather, scatterAdd, scope } from '@tweedie/tensor'
import { constant } from './constant.ts'
import type { Dft2Options } from './dft.ts'
import { dft2, originOf } from './dft.ts'
import { batchOf } from './per-sample.ts'

/**
 * Of each frequency of a height×width spectrum, by its place in row-major order, the place of its negative. The two are
 * one and the same at 0 and, of even sides, at half the side.
 */
export function negatives(height: number, width: number, options: Dft2Options = {}): Int32Array {
  const zero = (n: number) => originOf(n, options)
  const mirrored = (k: number, n: number) => (2 * zero(n) - k + n) % n
  return Int32Array.from(
    { length: height * width },
    (_, i) => mirrored(Math.floor(i / width), height) * width + mirrored(i % width, width),
  )
}

/** An orthonormal basis of real images, as two maps that are each other's inverse and transpose. */
export interface RealBasis {
  /** Coordinates of images: [N, C, H, W] to [N, C·H·W]. */
  analysis(x: Tensor): Tensor
  /** Images of coordinates: [N, C·H·W] to [N, C, H, W]. */
  synthesis(c: Tensor): Tensor
}

/**
 * The real orthonormal Fourier basis of the H×W pixels of each channel. X[−k] is the conjugate of X[k], so that of each
 * pair (k, −k), with k first in row-major order, coordinate k is √2·Re X[k] and coordinate −k is √2·Im X[k]; a
 * frequency that is its own negative has a real X[k], its coordinate. Every circular convolution scales and turns
 * these pairs ({@link circulant}).
 *
 * @example
 * ```ts
 * import { realFourierBasis } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const { analysis, synthesis } = realFourierBasis([1, 1, 3])
 * const c = analysis(tensor([[[[1, 0, 0]]]]))
 * c.dataSync() // ≈ [0.577350, 0.816497, 0]
 * synthesis(c).dataSync() // ≈ [1, 0, 0]
 * ```
 */
export function realFourierBasis(
  shape: readonly [channels: number, height: number, width: number],
  options: Dft2Options = {},
): RealBasis {
  const [channels, height, width] = shape
  const plane = height * width
  const fourier = dft2(height, width, options)
  const negative = negatives(height, width, options)
  // Coordinate i is read from the flat spectrum (re, then im) here, times this.
  const place = constant(
    negative.map((j, i) => (i <= j ? i : plane + j)),
    [plane],
  )
  const scale = constant(
    Float64Array.from(negative, (j, i) => (i === j ? 1 : Math.SQRT2)),
    [plane],
  )
  return {
    analysis: (x) =>
      scope(() => {
        const n = batchOf(x)
        const spectrum = fourier.forwardReal(x.reshape([n * channels, height, width]))
        const packed = gather(spectrum.reshape([n * channels, 2 * plane]), place(x), 1)
        return packed.mul(scale(x)).reshape([n, channels * plane])
      }),
    synthesis: (c) =>
      scope(() => {
        const n = batchOf(c)
        const packed = c.reshape([n * channels, plane]).mul(scale(c))
        const spectrum = scatterAdd(packed, place(c), 2 * plane, 1)
        return fourier.inverseReal(spectrum.reshape([n * channels, 2, height, width])).reshape([n, ...shape])
      }),
  }
}
