import type { Tensor } from '@tweedie/tensor'
import { fromData, ShapeError } from '@tweedie/tensor'
import { hostDft2 } from '../linalg/host-dft.ts'
import type { Metric } from './define.ts'
import { defineMetric } from './define.ts'
import { hostPair } from './pairs.ts'
import { psnr } from './psnr.ts'

/** Which ambiguities {@link aligned} undoes; what is left out it keeps. */
export interface Ambiguities {
  /** −x for x. */
  readonly sign?: boolean
  /** x turned by 180°. */
  readonly flip?: boolean
  /** x moved by any number of pixels, around the border. */
  readonly shift?: boolean
  /** Whether each channel of an image is aligned by itself. */
  readonly channelsApart?: boolean
}

/** How an image is brought onto the truth: pixel (p, q) goes to (p + down, q + right), after a turn by 180° if flipped. */
interface Alignment {
  readonly sign: 1 | -1
  readonly flipped: boolean
  readonly down: number
  readonly right: number
}

/** The channels that are aligned together, one after the other. */
interface Planes {
  readonly height: number
  readonly width: number
  readonly values: Float64Array
}

/** In row-major order a turn by 180° of every plane reads it backwards. */
function turned({ values, height, width }: Planes): Float64Array {
  const plane = height * width
  return values.map((_, i) => values[plane * Math.floor(i / plane) + plane - 1 - (i % plane)]!)
}

/** Σ_p image[p]·truth[p + move] of every move, in row-major order: F*(conj(F image)·F truth), summed over planes. */
function correlations(image: Float64Array, { values, height, width }: Planes): Float64Array {
  const plane = height * width
  const zero = new Float64Array(plane)
  const product = { re: new Float64Array(plane), im: new Float64Array(plane) }
  for (let at = 0; at < image.length; at += plane) {
    const spectrum = (data: Float64Array) =>
      hostDft2({ re: data.subarray(at, at + plane), im: zero }, height, width)
    const [a, b] = [spectrum(image), spectrum(values)]
    for (let j = 0; j < plane; j++) {
      product.re[j]! += a.re[j]! * b.re[j]! + a.im[j]! * b.im[j]!
      product.im[j]! += a.re[j]! * b.im[j]! - a.im[j]! * b.re[j]!
    }
  }
  // Times √plane; all are on one scale.
  return hostDft2(product, height, width, 1).re
}

/** The alignment of least squared error: that of greatest ⟨image, truth⟩, since all of them keep ‖image‖. */
function bestAlignment(x: Planes, truth: Planes, ambiguities: Ambiguities): Alignment {
  const { sign = false, flip = false, shift = false } = ambiguities
  let [best, most]: [Alignment, number] = [{ sign: 1, flipped: false, down: 0, right: 0 }, -Infinity]
  for (const flipped of flip ? [false, true] : [false]) {
    const image = flipped ? turned(x) : x.values
    const agreements = shift
      ? correlations(image, truth)
      : [image.reduce((sum, value, i) => sum + value * truth.values[i]!, 0)]
    for (const [at, agreement] of agreements.entries()) {
      const negative = sign && agreement < 0
      const agrees = negative ? -agreement : agreement
      if (agrees <= most) continue
      most = agrees
      const [down, right] = [Math.floor(at / truth.width), at % truth.width]
      best = { sign: negative ? -1 : 1, flipped, down, right }
    }
  }
  return best
}

/**
 * Restorations [N, C, H, W] brought onto the truth as well as what a measurement cannot tell apart allows: the amplitudes
 * of a Fourier transform are those of −x, of x turned by 180° and, where it is not framed, of x moved around the
 * border. For each sample (or each channel) the one of least squared error; the rest of the error stays. Scores of phase
 * retrieval are taken after `{ sign: true, flip: true }`, and of the best of four runs.
 *
 * @returns A new tensor like x, of its own values, with signs changed and in other places.
 * @throws {ShapeError} where x is no batch of images, or the truth has another shape.
 * @example
 * ```ts
 * import { aligned } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const truth = tensor([[[[1, 2, 3]]]])
 * const found = tensor([[[[-3, -2, -1]]]])
 * const back = await aligned(found, truth, { sign: true, flip: true })
 * back.dataSync() // => [1, 2, 3]
 * ```
 */
export async function aligned(x: Tensor, truth: Tensor, ambiguities: Ambiguities): Promise<Tensor> {
  const [found, wanted] = await hostPair('aligned', x, truth)
  const [n = 0, channels = 0, height = 0, width = 0] = x.shape
  if (x.shape.length !== 4) throw new ShapeError('aligned', 'takes images [N, C, H, W]', [x.shape])
  const plane = height * width
  const per = ambiguities.channelsApart === true ? plane : channels * plane
  const out = new Float64Array(x.size)
  for (let at = 0; at < n * channels * plane; at += per) {
    const planesOf = (values: ArrayLike<number>): Planes => ({
      height,
      width,
      values: Float64Array.from({ length: per }, (_, i) => values[at + i]!),
    })
    const image = planesOf(found)
    const { sign, flipped, down, right } = bestAlignment(image, planesOf(wanted), ambiguities)
    const from = flipped ? turned(image) : image.values
    from.forEach((value, i) => {
      const [p, q] = [Math.floor((i % plane) / width), i % width]
      const to = ((p + down) % height) * width + ((q + right) % width)
      out[at + plane * Math.floor(i / plane) + to] = sign * value
    })
  }
  return fromData(out, x.shape, { dtype: x.dtype, device: x.device })
}

/**
 * The PSNR after {@link aligned}. No table has it unasked, since it hides what a method got wrong about anything but phases:
 * `metrics.with(alignedPsnr({ sign: true, flip: true }))`.
 * @example
 * ```ts
 * import { alignedPsnr } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const score = alignedPsnr({ sign: true })
 * await score.of(tensor([[[[-0.4, 0.6]]]]), { truth: tensor([[[[0.6, -0.6]]]]) }) // ≈ [23.0103]
 * ```
 */
export const alignedPsnr = (ambiguities: Ambiguities): Metric =>
  defineMetric({
    name: 'aligned-psnr',
    title: 'peak signal-to-noise ratio, aligned',
    unit: 'dB',
    better: 'higher',
    range: [0, Infinity],
    needs: ['truth', 'image'],
    of: async (x, { truth }) => {
      const best = await aligned(x, truth, ambiguities)
      const scores = await psnr(best, truth)
      best.dispose()
      return scores
    },
  })
