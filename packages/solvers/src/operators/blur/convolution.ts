import { OptionError } from '@tweedie/tensor'
import type { HostMatrix } from '../../linalg/host-matrix.ts'
import { buildMatrix } from '../../linalg/host-matrix.ts'
import { choice, number } from '../../options/index.ts'
import type { Boundary } from '../boundary.ts'
import { continued } from '../boundary.ts'
import type { ImageExtents } from '../checks.ts'
import { separableParts } from './separable.ts'

/** What lies beyond the border of a blurred image; or 'valid', to measure only where the kernel fits inside. */
export type BlurBoundary = Boundary | 'valid'

/** The options that all blurs have. */
export const blurOptions = {
  boundary: choice('what lies beyond the border; or valid, only where the kernel fits inside', [
    'circular',
    'zero',
    'reflect',
    'symmetric',
    'valid',
  ]),
  rcond: number('singular values up to this part of the largest count as 0', {
    min: 0,
    below: 1,
    otherwise: 'the longer side · 2⁻⁵²',
  }),
}

/** Taps over their sum. */
export function normalised(taps: Float64Array): Float64Array {
  const total = taps.reduce((sum, tap) => sum + tap, 0)
  return taps.map((tap) => tap / total)
}

/** `size` samples of a Gaussian of standard deviation `std` around the middle one, with sum 1. */
export function gaussianTaps(size: number, std: number): Float64Array {
  const at = (i: number) => Math.exp(-0.5 * ((i - (size - 1) / 2) / std) ** 2)
  return normalised(Float64Array.from({ length: size }, (_, i) => at(i)))
}

/**
 * How many of `extent` samples a convolution with `size` taps yields.
 * @throws {OptionError} where 'valid' would leave none.
 */
export function blurredExtent(size: number, extent: number, boundary: BlurBoundary): number {
  if (boundary !== 'valid') return extent
  if (size <= extent) return extent - size + 1
  throw new OptionError(
    'boundary',
    `valid leaves nothing: the kernel’s side of ${size} exceeds the image’s of ${extent}`,
  )
}

/**
 * The matrix of the 1-D convolution y_i = Σ_k taps_k·x_{i−k+m} over `extent` samples, with the middle tap
 * m = ⌊size/2⌋ on the sample; for 'valid' over those i where all x are inside.
 */
export function convolutionMatrix(taps: Float64Array, extent: number, boundary: BlurBoundary): HostMatrix {
  const middle = Math.floor(taps.length / 2)
  const rows = blurredExtent(taps.length, extent, boundary)
  const first = boundary === 'valid' ? taps.length - 1 - middle : 0
  const matrix = buildMatrix(rows, extent, () => 0)
  for (let i = 0; i < rows; i++) {
    taps.forEach((tap, k) => {
      const j = continued(i + first - k + middle, extent, boundary === 'valid' ? 'zero' : boundary)
      if (j >= 0) matrix.data[i * extent + j]! += tap
    })
  }
  return matrix
}

/** The parts of a blur by a kernel of one factor along each axis: two small matrix products. */
export const separableBlur = (
  rows: Float64Array,
  columns: Float64Array,
  [channels, height, width]: ImageExtents,
  boundary: BlurBoundary,
  rcond: number | undefined,
) =>
  separableParts(
    convolutionMatrix(rows, height, boundary),
    convolutionMatrix(columns, width, boundary),
    channels,
    rcond,
  )
