import type { Tensor } from '@tweedie/tensor'
import { equal, log1p, onesLike, where, zerosLike } from '@tweedie/tensor'
import { choice } from '../../options/index.ts'

/** Which object diffracts: x as it is, in [−1, 1], or the intensities (x + 1)/2. */
export const objectOption = choice('what diffracts: x itself, or the intensities (x + 1)/2', [
  'signed',
  'unit',
])

/** The object of an option's word. */
export const objectOf = (word: 'signed' | 'unit', x: Tensor): Tensor =>
  word === 'unit' ? x.add(1).div(2) : x

/**
 * |z| of complex z [… , 2, H, W], [… , H, W]. Its gradient z/|z| is 0 where z is, the least of the subgradients there, and so
 * are its higher derivatives: √ is taken of 1 in those places, and the result is 0.
 */
export function amplitude(z: Tensor): Tensor {
  const square = z.square().sum(z.shape.length - 3)
  const none = equal(square, zerosLike(square))
  return where(none, zerosLike(square), where(none, onesLike(square), square).sqrt())
}

/** Amplitudes as pictures: log(1 + y), from 0 to the largest of each sample, over the data range. */
export function amplitudePicture(y: Tensor): Tensor {
  const logarithms = log1p(y.clamp(0, 1e30))
  const axes = y.shape.slice(1).map((_, i) => i + 1)
  const top = logarithms.max(axes, true)
  return logarithms
    .div(where(equal(top, zerosLike(top)), onesLike(top), top))
    .mul(2)
    .sub(1)
}
