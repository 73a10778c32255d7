import type { Tensor } from '@tweedie/tensor'
import { slice } from '@tweedie/tensor'
import { constant } from './constant.ts'

/** Complex numbers on the host: real and imaginary parts, equally long. */
export interface HostComplex {
  readonly re: Float64Array
  readonly im: Float64Array
}

/** re and im of [… , 2, H, W] exchanged. */
const exchanged = (z: Tensor): Tensor =>
  slice(z, ...new Array<null>(z.shape.length - 3).fill(null), [null, null, -1])

/**
 * Products with fixed complex numbers, w·z and w̄·z, of tensors [… , 2, H, W].
 * @param shape - Of w: [H, W], or [… , H, W] that broadcasts with the axes before the parts and the last two.
 */
export function complexFactor(w: HostComplex, shape: readonly number[]) {
  const lead = shape.slice(0, -2)
  const [h = 1, width = 1] = shape.slice(-2)
  const plane = h * width
  const real = constant(w.re, [...lead, 1, h, width])
  // What im adds to re and re to im: (−im, im) of each plane.
  const crossed = new Float64Array(2 * w.im.length)
  w.im.forEach((value, i) => {
    const at = i + plane * Math.floor(i / plane)
    crossed[at] = -value
    crossed[at + plane] = value
  })
  const imaginary = constant(crossed, [...lead, 2, h, width])
  return {
    times: (z: Tensor): Tensor => z.mul(real(z)).add(exchanged(z).mul(imaginary(z))),
    timesConjugate: (z: Tensor): Tensor => z.mul(real(z)).sub(exchanged(z).mul(imaginary(z))),
  }
}
