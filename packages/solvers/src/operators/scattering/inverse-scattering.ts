import type { Tensor } from '@tweedie/tensor'
import { matmul, OptionError, stack } from '@tweedie/tensor'
import { constant } from '../../linalg/constant.ts'
import { batchOf } from '../../linalg/per-sample.ts'
import { integer, number } from '../../options/index.ts'
import { imageExtents } from '../checks.ts'
import { defineLinear } from '../define.ts'
import { transposeOf } from '../parts.ts'
import { channelwiseSvd } from '../tomography/channelwise-svd.ts'
import { besselZero } from './bessel.ts'

/** Images of up to so many pixels get a decomposition, by their dense matrix. */
const denseUpTo = 256

/**
 * Linear inverse scattering: the field that a weakly scattering object x sends to receivers all around, for transmitters all
 * around, one after the other, in the first Born approximation of the Lippmann–Schwinger equation in the plane,
 *
 *     y(t, r) = k²·Σ_p g(|r − p|)·x_p·g(|p − t|)·Δ²,     g(d) = (i/4)·H₀⁽¹⁾(k·d) = (−Y₀(kd) + i·J₀(kd))/4,
 *
 * with k = 2π/wavelength and pixels of Δ = 1: lengths are in pixels, so y has no unit. It is complex: real and imaginary
 * parts are stacked, [C, 2, transmitters, receivers]. Transmitters and receivers lie evenly on a circle of `radius`, the
 * first at the right, then counter-clockwise; `side` is the width of the picture in the same unit.
 *
 * Defaults: those of InverseBench (linear inverse scattering: 20 transmitters, 360 receivers, radius 1.6 m, side 0.18 m, a
 * wavelength of 6 pixels, σ_y = 10⁻⁴ there, for 128×128 pixels). It is shown as Aᵀy, on the scale of the picture. Up to 256
 * pixels there is a decomposition, of the dense matrix of one channel; above, methods take conjugate gradients.
 *
 * @example
 * ```ts
 * import { inverseScattering } from '@tweedie/solvers'
 * const operator = inverseScattering([1, 8, 8], { transmitters: 4, receivers: 6 })
 * operator.outShape // => [1, 2, 4, 6]
 * ```
 */
export const inverseScattering = defineLinear({
  name: 'inverse-scattering',
  summary: 'fields scattered by an object, around it (first Born approximation)',
  example: 'inverse-scattering:transmitters=10,receivers=60',
  options: {
    transmitters: integer('on the circle', { default: 20, min: 1 }),
    receivers: integer('on the circle', { default: 360, min: 1 }),
    wavelength: number('in pixels', { default: 6, above: 0 }),
    radius: number('of the circle, in metres', { default: 1.6, above: 0 }),
    side: number('longer side of the picture, in metres', { default: 0.18, above: 0 }),
    scale: number('factor of the fields', { default: 1, above: 0 }),
  },
  build: (shape, { transmitters, receivers, wavelength, radius, side, scale }) => {
    const [channels, height, width] = imageExtents('inverse-scattering', shape)
    const n = height * width
    const [k, distance] = [(2 * Math.PI) / wavelength, (radius / side) * Math.max(height, width)]
    if (distance <= Math.hypot(height, width) / 2)
      throw new OptionError(
        'radius',
        `the circle must lie outside of the picture, got ${radius} for a side of ${side}`,
      )
    /** g from every pixel to every place on the circle, times a factor: real and imaginary parts, [n, count]. */
    const fields = (count: number, factor: number) => {
      const parts = [new Float64Array(n * count), new Float64Array(n * count)] as const
      for (let p = 0; p < n; p++) {
        const [x, y] = [(p % width) - (width - 1) / 2, (height - 1) / 2 - Math.floor(p / width)]
        for (let c = 0; c < count; c++) {
          const angle = (2 * Math.PI * c) / count
          const away = Math.hypot(distance * Math.cos(angle) - x, distance * Math.sin(angle) - y)
          const [j0, y0] = besselZero(k * away)
          parts[0][p * count + c] = (-factor * y0) / 4
          parts[1][p * count + c] = (factor * j0) / 4
        }
      }
      return parts
    }
    const [sentRe, sentIm] = fields(transmitters, scale * k ** 2)
    const [heardRe, heardIm] = fields(receivers, 1)
    const sent = { re: constant(sentRe, [1, n, transmitters]), im: constant(sentIm, [1, n, transmitters]) }
    const heard = { re: constant(heardRe, [n, receivers]), im: constant(heardIm, [n, receivers]) }
    /** Planes [·, H·W] to fields [·, 2, transmitters, receivers]. */
    const measure = (x: Tensor) => {
      const planes = x.size / n
      const lit = (field: Tensor) =>
        x
          .reshape([planes, n, 1])
          .mul(field)
          .transpose([0, 2, 1])
          .reshape([planes * transmitters, n])
      const [re, im] = [lit(sent.re(x)), lit(sent.im(x))]
      const real = matmul(re, heard.re(x)).sub(matmul(im, heard.im(x)))
      const imaginary = matmul(re, heard.im(x)).add(matmul(im, heard.re(x)))
      return stack(
        [real, imaginary].map((part) => part.reshape([planes, transmitters, receivers])),
        1,
      )
    }
    const power = (re: Float64Array, im: Float64Array, p: number, count: number) => {
      let total = 0
      for (let c = p * count; c < (p + 1) * count; c++) total += (re[c] ?? 0) ** 2 + (im[c] ?? 0) ** 2
      return total
    }
    /** The mean over pixels of the squares of a column of A. */
    let energy = 0
    for (let p = 0; p < n; p++)
      energy += (power(sentRe, sentIm, p, transmitters) * power(heardRe, heardIm, p, receivers)) / n
    const outer = [2, transmitters, receivers]
    const forward = (x: Tensor) => measure(x).reshape([batchOf(x), channels, ...outer])
    return {
      inShape: shape,
      outShape: [channels, ...outer],
      forward,
      display: (y) => transposeOf(forward, shape)(y).div(energy),
      ...(n <= denseUpTo && { spectrum: () => channelwiseSvd(measure, channels, [height, width], outer) }),
    }
  },
})
