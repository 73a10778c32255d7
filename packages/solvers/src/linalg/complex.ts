import type { Tensor } from '@tweedie/tensor'
import { concat, slice } from '@tweedie/tensor'
import { constant } from './constant.ts'

/** Complex numbers on the host: real and imaginary parts, equally long. */
export interface HostComplex {
  readonly re: Float64Array
  readonly im: Float64Array
}

/** re and im of [… , 2, H, W] exchanged. */
const exchanged = (z: Tensor): Tensor =>
  slice(z, ...new Array<null>(z.shape.length - 3).fill(null), [null, null, -1])

/** Planes of two parts in turn, from the planes of each. */
function interleaved(first: Float64Array, second: Float64Array, plane: number): Float64Array {
  const out = new Float64Array(2 * first.length)
  for (let i = 0; i < first.length; i++) {
    const at = i + plane * Math.floor(i / plane)
    out[at] = first[i]!
    out[at + plane] = second[i]!
  }
  return out
}

/**
 * Products with fixed complex numbers w of complex tensors z [… , 2, H, W] and real ones x [… , 1, H, W]: w·z, w̄·z and w·x.
 * @param shape - Of w: [H, W], or [… , H, W] that broadcasts with the axes before the parts and the last two.
 */
export function complexFactor(w: HostComplex, shape: readonly number[]) {
  const lead = shape.slice(0, -2)
  const [height = 1, width = 1] = shape.slice(-2)
  const plane = height * width
  const real = constant(w.re, [...lead, 1, height, width])
  const parts = [...lead, 2, height, width]
  const both = constant(interleaved(w.re, w.im, plane), parts)
  // What im adds to re and re to im.
  const negative = w.im.map((value) => -value)
  const crossed = constant(interleaved(negative, w.im, plane), parts)
  return {
    times: (z: Tensor): Tensor => z.mul(real(z)).add(exchanged(z).mul(crossed(z))),
    timesConjugate: (z: Tensor): Tensor => z.mul(real(z)).sub(exchanged(z).mul(crossed(z))),
    ofReal: (x: Tensor): Tensor => x.mul(both(x)),
  }
}

/** re or im of [… , 2, H, W], as [… , 1, H, W]. */
const part = (z: Tensor, i: 0 | 1): Tensor =>
  slice(z, ...new Array<null>(z.shape.length - 3).fill(null), [i, i + 1])

/**
 * The product of complex tensors z and w [… , 2, H, W] whose other axes broadcast; differentiable in both.
 * @example
 * ```ts
 * import { complexProduct } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * complexProduct(tensor([[[1]], [[2]]]), tensor([[[3]], [[4]]])).dataSync() // => [-5, 10]
 * ```
 */
export const complexProduct = (z: Tensor, w: Tensor): Tensor =>
  z.mul(part(w, 0)).add(turned(z).mul(part(w, 1)))

/** z·w̄ of complex tensors, as {@link complexProduct}. */
export const conjugateProduct = (z: Tensor, w: Tensor): Tensor =>
  z.mul(part(w, 0)).sub(turned(z).mul(part(w, 1)))

/** i·z: −im before re. */
const turned = (z: Tensor): Tensor => concat([part(z, 1).neg(), part(z, 0)], z.shape.length - 3)
