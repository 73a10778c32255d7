import type { HostMatrix } from '../../linalg/host-matrix.ts'
import { buildMatrix } from '../../linalg/host-matrix.ts'

/**
 * What lies beyond the border: the opposite side, zeros (mid-grey), or the mirror image about the border pixel.
 * With 'zero' a constant image darkens or brightens near the border; the others keep it.
 */
export type Boundary = 'circular' | 'zero' | 'reflect'

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
export function convolutionMatrix(taps: Float64Array, extent: number, boundary: Boundary): HostMatrix {
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
