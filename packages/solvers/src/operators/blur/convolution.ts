import type { HostMatrix } from '../../linalg/host-matrix.ts'
import { buildMatrix } from '../../linalg/host-matrix.ts'
import type { Boundary } from '../boundary.ts'
import { continued } from '../boundary.ts'

/** `size` samples of a Gaussian of standard deviation `std` around the middle one, with sum 1. */
export function gaussianTaps(size: number, std: number): Float64Array {
  const taps = Float64Array.from({ length: size }, (_, i) =>
    Math.exp(-0.5 * ((i - (size - 1) / 2) / std) ** 2),
  )
  const total = taps.reduce((sum, tap) => sum + tap, 0)
  return taps.map((tap) => tap / total)
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
