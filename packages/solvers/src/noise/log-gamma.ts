import type { Tensor } from '@tweedie/tensor'
import { less, reciprocal, where, zerosLike } from '@tweedie/tensor'

/** Coefficients of z⁻¹, z⁻³, … in Stirling's series of log Γ(z); seven of them are exact to 1e-14 from z = 8. */
const series = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156]
const halfLog2Pi = 0.5 * Math.log(2 * Math.PI)
/** Below it Γ(z) is taken from Γ(z + 8). */
const shift = 8

/** log Γ(z) of z > 0. */
export function logGamma(z: number): number {
  if (z < shift) {
    let product = 1
    for (let i = 0; i < shift; i++) product *= z + i
    return logGamma(z + shift) - Math.log(product)
  }
  const rest = series.reduceRight((sum, coefficient) => sum / z ** 2 + coefficient, 0) / z
  return (z - 0.5) * Math.log(z) - z + halfLog2Pi + rest
}

/** log Γ(z) of each z > 0, differentiable. */
export function logGammaOf(z: Tensor): Tensor {
  const small = less(z, shift)
  const low = where(small, z, 1)
  let product = low
  for (let i = 1; i < shift; i++) product = product.mul(low.add(i))
  const large = where(small, z.add(shift), z)
  const inverse = reciprocal(large)
  const inverseSquare = inverse.square()
  let rest = zerosLike(z)
  for (const coefficient of series.toReversed()) rest = rest.mul(inverseSquare).add(coefficient)
  const stirling = large.sub(0.5).mul(large.log()).sub(large).add(halfLog2Pi).add(rest.mul(inverse))
  return stirling.sub(where(small, product.log(), 0))
}
