import type { Tensor } from '@tweedie/tensor'
import { erf, exp, minimum, relu, silu } from '@tweedie/tensor'
import type { DdpmActivation } from '../types.ts'

/**
 * x·tanh(log(1 + eˣ)) (arXiv 1908.08681): with e = eˣ that is x·e(e + 2)/(e(e + 2) + 2). Beyond x = 20 the quotient is 1 to
 * the last digit of float64.
 */
function mish(x: Tensor): Tensor {
  const e = exp(minimum(x, 20))
  const above = e.mul(e.add(2))
  return x.mul(above.div(above.add(2)))
}

/** x·Φ(x), Φ the distribution function of a standard normal (arXiv 1606.08415). */
const gelu = (x: Tensor): Tensor => x.mul(erf(x.mul(Math.SQRT1_2)).add(1)).mul(0.5)

export const activate: { readonly [A in DdpmActivation]: (x: Tensor) => Tensor } = { silu, mish, gelu, relu }
