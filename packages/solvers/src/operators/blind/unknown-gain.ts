import type { Tensor } from '@tweedie/tensor'
import { maximum } from '@tweedie/tensor'
import type { LinearOperator, Operator, Svd } from '../../types.ts'
import { isLinear } from '../../types.ts'
import type { ShownOperator } from '../parts.ts'
import { linearOperator, shownOperator } from '../parts.ts'

/** g·A, its decomposition with the sign of g in U. */
function amplified(operator: LinearOperator, g: number): LinearOperator {
  const { name, inShape, outShape, svd } = operator
  const scaled = ({ singularValues, vt, v, ut, u }: Svd): Svd => ({
    singularValues: singularValues.map((s) => Math.abs(g) * s),
    vt,
    v,
    ut: (y) => ut(y).mul(Math.sign(g)),
    u: (c) => u(c).mul(Math.sign(g)),
  })
  return linearOperator(`${name} of unknown gain`, {
    inShape,
    outShape,
    forward: (x) => operator.forward(x).mul(g),
    adjoint: (y) => operator.adjoint(y).mul(g),
    ...(svd && { spectrum: () => scaled(svd()) }),
  })
}

/**
 * Any measurement times a gain g that is not known, as an exposure: y = g·A(x) + noise, one g for each sample, around 1.
 * What a blind method needs, in one number: small enough for known answers. For a linear A, `blind.at(g)` has its
 * decomposition.
 *
 * @param operator - A.
 * @param gain - The true g, to simulate with.
 * @example
 * ```ts
 * import { matrixOperator, unknownGain } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const { blind, forward } = unknownGain(matrixOperator(tensor([[1, 2]])), 3)
 * forward(tensor([[1, 1]])).dataSync() // => [9]
 * blind?.apply(tensor([[1, 1], [1, 1]]), tensor([[1], [2]])).dataSync() // => [3, 6]
 * ```
 */
export function unknownGain(operator: Operator, gain = 1): ShownOperator {
  const { name, inShape, outShape, differentiable } = operator
  const column = (g: Tensor) => g.reshape([g.size, ...outShape.map(() => 1)])
  const apply = (x: Tensor, g: Tensor) => operator.forward(x).mul(column(g))
  const measure = (g: number) => (x: Tensor) => operator.forward(x).mul(g)
  return shownOperator(`${name} of unknown gain`, {
    inShape,
    outShape,
    forward: measure(gain),
    ...(differentiable !== undefined && { differentiable }),
    blind: {
      parameter: 'gain',
      shape: [1],
      apply,
      linear: true,
      at: (phi) => {
        const [g = 1] = phi.dataSync()
        return isLinear(operator)
          ? amplified(operator, g)
          : { name: `${name} of unknown gain`, inShape, outShape, forward: measure(g) }
      },
      normalise: (g) => g,
      project: (g) => maximum(g, 0),
      decode: (g) => g,
      examples: [0.8, 1, 1.25].map((g) => Float64Array.of(g)),
      initial: Float64Array.of(1),
    },
  })
}
