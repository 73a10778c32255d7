import type { Tensor } from '@tweedie/tensor'
import { ShapeError } from '@tweedie/tensor'
import { gaussianTaps } from '../operators/blur/convolution.ts'
import { defineMetric } from './define.ts'
import { hostPair, toUnit } from './pairs.ts'

const windowSize = 11
const windowStd = 1.5
const c1 = 0.01 ** 2
const c2 = 0.03 ** 2

interface Plane {
  readonly height: number
  readonly width: number
  readonly values: Float64Array
}

/** The weighted mean under every window that lies wholly inside. */
function windowMeans(
  { height, width, values }: Plane,
  down: Float64Array,
  across: Float64Array,
): Float64Array {
  const [rows, columns] = [height - down.length + 1, width - across.length + 1]
  const narrow = new Float64Array(height * columns)
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < columns; j++) {
      for (let k = 0; k < across.length; k++)
        narrow[i * columns + j]! += across[k]! * values[i * width + j + k]!
    }
  }
  const out = new Float64Array(rows * columns)
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < down.length; k++) {
      for (let j = 0; j < columns; j++) out[i * columns + j]! += down[k]! * narrow[(i + k) * columns + j]!
    }
  }
  return out
}

/** Mean SSIM of two planes in [0, 1]. */
function planeSsim(a: Plane, b: Plane): number {
  const taps = (extent: number) => gaussianTaps(Math.min(windowSize, extent - 1 + (extent % 2)), windowStd)
  const [down, across] = [taps(a.height), taps(a.width)]
  const means = (entry: (i: number) => number) =>
    windowMeans({ ...a, values: a.values.map((_, i) => entry(i)) }, down, across)
  const [x, y] = [a.values, b.values]
  const [mx, my] = [means((i) => x[i]!), means((i) => y[i]!)]
  const [mxx, myy, mxy] = [means((i) => x[i]! ** 2), means((i) => y[i]! ** 2), means((i) => x[i]! * y[i]!)]
  let total = 0
  for (let i = 0; i < mx.length; i++) {
    const [p, q] = [mx[i]!, my[i]!]
    const [varX, varY, cov] = [mxx[i]! - p * p, myy[i]! - q * q, mxy[i]! - p * q]
    total += ((2 * p * q + c1) * (2 * cov + c2)) / ((p * p + q * q + c1) * (varX + varY + c2))
  }
  return total / mx.length
}

async function ofSsim(x: Tensor, reference: Tensor): Promise<Float64Array> {
  if (x.shape.length !== 4 || x.size === 0)
    throw new ShapeError('ssim', 'needs images [N, C, H, W]', [x.shape])
  const [a, b] = await hostPair('ssim', x, reference)
  const [batch = 0, channels = 0, height = 0, width = 0] = x.shape
  const plane = (data: ArrayLike<number>, index: number): Plane => ({
    height,
    width,
    values: Float64Array.from({ length: height * width }, (_, i) =>
      toUnit(data[index * height * width + i]!),
    ),
  })
  return Float64Array.from({ length: batch }, (_, sample) => {
    let total = 0
    for (let c = sample * channels; c < (sample + 1) * channels; c++)
      total += planeSsim(plane(a, c), plane(b, c))
    return total / channels
  })
}

/**
 * Structural similarity of each sample (Wang et al. 2004, doi 10.1109/TIP.2003.819861): 11×11 Gaussian window of
 * standard deviation 1.5 and weight 1, K₁ = 0.01, K₂ = 0.03, averaged over the windows that lie wholly inside and
 * then over the channels. Both images are first clipped to [−1, 1] and mapped to [0, 1], so the dynamic range
 * L is 1. Equals scikit-image's `structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
 * data_range=1)`.
 *
 * Along an axis shorter than 11 the window shrinks to the largest odd size that fits, with the same standard
 * deviation and weight 1: images of 8×8 get 7×7 windows, hence four of them. Such values compare with each other
 * only.
 *
 * @param x - Restorations [N, C, H, W] in the data range [−1, 1].
 * @param reference - The truth, of the same shape.
 * @returns N numbers, at most 1, worked out on the host in double precision.
 * @throws {ShapeError} where the shapes differ or are not [N, C, H, W].
 * @example
 * ```ts
 * import { ssim } from '@tweedie/solvers'
 * import { full } from '@tweedie/tensor'
 * await ssim(full([1, 1, 16, 16], 0.5), full([1, 1, 16, 16], 0.5)) // ≈ [1]
 * ```
 */
export const ssim = defineMetric(
  {
    name: 'ssim',
    title: 'structural similarity',
    unit: '',
    better: 'higher',
    range: [-1, 1],
    needs: ['truth', 'image'],
    of: (x, { truth }) => ofSsim(x, truth),
  },
  ofSsim,
)
