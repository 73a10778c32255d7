import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import { sampleSize } from '../linalg/per-sample.ts'
import { choice } from '../options/index.ts'
import { residualAt, residualNorm, unitOf } from '../run/residual.ts'
import type { Problem } from '../types.ts'
import { isLinear } from '../types.ts'

/** Of what is left over of a sample, e: ‖e‖², its mean over the elements of e, or ‖e‖. */
export const dataLosses = ['squares', 'mean', 'norm'] as const
/** What e is: y − A(x), Aᵀ(y − A x), or A†(y) − A†(A(x)). */
export const dataSpaces = ['measurement', 'adjoint', 'pinv'] as const

/** How x is compared with y. */
export interface DataDescentOptions {
  readonly loss: (typeof dataLosses)[number]
  readonly compare: (typeof dataSpaces)[number]
}

/** The same as options of a method, with the loss that it has by default first. */
export const dataDescentSpecs = (loss: DataDescentOptions['loss']) => ({
  loss: choice('of e: ‖e‖², the mean of its squares, ‖e‖', dataLosses, loss),
  compare: choice('e: y − A(x), Aᵀ(y − A x), A†(y) − A†(A(x))', dataSpaces),
})

/**
 * x ↦ −∇_x of a loss of the measurement, of each sample, and ‖y − A(x)‖₂: what methods on flows go down from x̂₀, without a
 * gradient through the denoiser.
 *
 * @throws {OptionError} for `adjoint` or `pinv` where the operator has none.
 * @example
 * ```ts
 * import { dataDescent, gaussianNoise, matrixOperator } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const problem = { operator: matrixOperator(tensor([[3, 4]])), noise: gaussianNoise(0), y: tensor([[2]]) }
 * const { downhill, residual } = dataDescent(problem, { loss: 'norm', compare: 'measurement' })(tensor([[1, 1]]))
 * downhill.dataSync() // => [-3, -4]
 * residual.dataSync() // => [5]
 * ```
 */
export function dataDescent(
  { operator, y }: Pick<Problem, 'operator' | 'y'>,
  { loss, compare }: DataDescentOptions,
): (x: Tensor) => { readonly downhill: Tensor; readonly residual: Tensor } {
  const ways: Readonly<Record<typeof compare, ((y: Tensor) => Tensor) | undefined>> = {
    measurement: (v) => v,
    adjoint: isLinear(operator) ? (v) => operator.adjoint(v) : undefined,
    pinv: operator.pinv?.bind(operator),
  }
  const into = ways[compare]
  if (into === undefined)
    throw new OptionError(
      'compare',
      `'${compare}' needs more than '${operator.name}' has: it has no ${compare}()`,
    )
  const seen = { ...operator, forward: (x: Tensor) => into(operator.forward(x)) }
  return (x) => {
    const { r, norm, back } = residualAt(seen, into(y), x)
    const weighed = loss === 'norm' ? unitOf(r, norm) : r.mul(loss === 'mean' ? 2 / sampleSize(r) : 2)
    return {
      downhill: back(weighed),
      residual: compare === 'measurement' ? norm : residualNorm(operator, y, x),
    }
  }
}
