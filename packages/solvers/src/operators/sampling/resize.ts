import type { HostMatrix } from '../../linalg/host-matrix.ts'
import { buildMatrix } from '../../linalg/host-matrix.ts'
import { continued } from '../boundary.ts'

/** An even kernel k(x) over distances in pixels of the small image; 0 from `reach` on. */
interface ResizeKernel {
  readonly reach: number
  /** For 0 ≤ x < reach. */
  readonly at: (x: number) => number
}

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x))

/**
 * The kernels of antialiased resizing, as MATLAB's imresize and Pillow have them: Keys' cubic with a = −½ (IEEE
 * Trans. ASSP 29(6), 1981, eq. 15), the triangle, Lanczos' windowed sinc with three lobes; and a Gaussian of
 * standard deviation ½, cut off at four of them.
 */
export const resizeKernels = {
  bicubic: {
    reach: 2,
    at: (x) => (x <= 1 ? 1.5 * x ** 3 - 2.5 * x ** 2 + 1 : -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2),
  },
  bilinear: { reach: 1, at: (x) => 1 - x },
  lanczos3: { reach: 3, at: (x) => sinc(x) * sinc(x / 3) },
  gaussian: { reach: 2, at: (x) => Math.exp(-2 * x ** 2) },
} as const satisfies Readonly<Record<string, ResizeKernel>>

/**
 * The matrix that makes `extent` samples `extent/factor`. Row i weighs the samples j by k((j − c)/factor) around
 * c = (i + ½)·factor − ½, the middle of the i-th pixel of the small image: the kernel stretched by the factor, which
 * keeps what the small image cannot hold out of it. The weights of a row have sum 1; those beyond the border
 * go to the mirror images of their places about the edge of the image.
 *
 * @param factor - Divides `extent`.
 */
export function resizeMatrix(extent: number, factor: number, { reach, at }: ResizeKernel): HostMatrix {
  return weightsBy(extent, factor, (centre) => {
    const first = Math.ceil(centre - reach * factor)
    const weights = Array.from({ length: 2 * Math.ceil(reach * factor) + 1 }, (_, k) => {
      const x = Math.abs(first + k - centre) / factor
      return x < reach ? at(x) : 0
    })
    return { first, weights }
  })
}

/**
 * The same with the weights themselves: row i weighs the L samples around the middle c of the i-th pixel of the small image, the
 * first of them at ⌊c − (L − 1)/2⌋. They are put over their sum.
 *
 * @param taps - In the order of the samples, of a sum other than 0.
 */
export const tapsMatrix = (extent: number, factor: number, taps: readonly number[]): HostMatrix =>
  weightsBy(extent, factor, (centre) => ({
    first: Math.floor(centre - (taps.length - 1) / 2),
    weights: taps,
  }))

/** Rows of weights around the middles of the small pixels, of sum 1, mirrored about the edges. */
function weightsBy(
  extent: number,
  factor: number,
  around: (centre: number) => { readonly first: number; readonly weights: readonly number[] },
): HostMatrix {
  const matrix = buildMatrix(extent / factor, extent, () => 0)
  for (let i = 0; i < matrix.rows; i++) {
    const { first, weights } = around((i + 0.5) * factor - 0.5)
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    weights.forEach((weight, k) => {
      matrix.data[i * extent + continued(first + k, extent, 'symmetric')]! += weight / total
    })
  }
  return matrix
}
