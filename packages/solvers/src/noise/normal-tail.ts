import type { Tensor } from '@tweedie/tensor'
import { erf, expm1, less, maximum, minimum, reciprocal, where } from '@tweedie/tensor'

const halfLog2Pi = 0.5 * Math.log(2 * Math.PI)
/** Above it the tail comes from a continued fraction, below from erf. */
const far = 3
/** Of the continued fraction; exact to 1e-14 from 3 on. */
const levels = 24

/** log φ(z) of the standard normal density. */
export const logNormal = (z: Tensor): Tensor => z.square().mul(-0.5).sub(halfLog2Pi)

/** Φ(z) − ½. */
const centred = (z: Tensor): Tensor => erf(z.mul(Math.SQRT1_2)).mul(0.5)

/**
 * log Q(z) of the upper tail Q(z) = 1 − Φ(z): from erf below 3, above as φ(z)/(z + 1/(z + 2/(z + 3/…))), Laplace's
 * continued fraction, so that nothing underflows.
 */
export function logTail(z: Tensor): Tensor {
  const large = maximum(z, far)
  // What is cut off tends to the root f of f = z + levels/f.
  let fraction = large
    .add(
      large
        .square()
        .add(4 * levels)
        .sqrt(),
    )
    .div(2)
  for (let level = levels - 1; level >= 1; level--) fraction = large.add(reciprocal(fraction).mul(level))
  const tail = logNormal(large).sub(fraction.log())
  const near = centred(minimum(z, far)).mul(-1).add(0.5).log()
  return where(less(z, far), near, tail)
}

/** log of Q(low) − Q(low + width), for a width above 0. */
export function logInterval(low: Tensor, width: number): Tensor {
  const near = minimum(low, far)
  const inside = centred(near.add(width)).sub(centred(near)).log()
  const large = maximum(low, far)
  const first = logTail(large)
  const outside = first.add(
    expm1(logTail(large.add(width)).sub(first))
      .mul(-1)
      .log(),
  )
  return where(less(low, far), inside, outside)
}
