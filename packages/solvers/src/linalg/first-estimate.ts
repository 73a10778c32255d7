import type { Tensor } from '@tweedie/tensor'
import { zeros } from '@tweedie/tensor'
import type { Problem } from '../types.ts'
import { isLinear } from '../types.ts'
import { ridge } from './ridge.ts'

/** Ways to a first estimate of x; see {@link firstEstimate}. */
export const firstEstimates = ['ridge', 'pinv', 'adjoint', 'zeros'] as const
/** One of {@link firstEstimates}. */
export type FirstEstimate = (typeof firstEstimates)[number]

/**
 * y ↦ a first estimate of x, without a prior: (AᵀA + σ_y²I)⁻¹Aᵀy ({@link ridge}), A⁺y, Aᵀy or 0.
 *
 * @param how - `'auto'` is the first of them that the problem has what it takes for.
 * @param tolerance - Singular values up to this fraction of the largest count as 0 in the ridge estimate.
 * @returns undefined where the problem has not what it takes: an SVD and σ_y, an A† (of any
 *   operator), an adjoint.
 */
export function firstEstimate(
  { operator, noise }: Problem,
  how: FirstEstimate | 'auto',
  tolerance: number,
): ((y: Tensor) => Tensor) | undefined {
  const linear = isLinear(operator) ? operator : undefined
  const svd = linear?.svd?.()
  const ways: Readonly<Record<FirstEstimate, ((y: Tensor) => Tensor) | undefined>> = {
    ridge: svd && noise.sigma !== undefined ? ridge(svd, noise.sigma, tolerance) : undefined,
    pinv: operator.pinv?.bind(operator),
    adjoint: linear?.adjoint.bind(linear),
    zeros: (y) => zeros([...y.shape.slice(0, 1), ...operator.inShape], { dtype: y.dtype, device: y.device }),
  }
  return how === 'auto' ? (ways.ridge ?? ways.pinv ?? ways.adjoint ?? ways.zeros) : ways[how]
}

/**
 * Aᵀy, or of an operator that is not linear A†y, or else 0; `how` where it is given.
 * @returns undefined where the problem has not what `how` takes.
 */
export const adjointEstimate = (
  problem: Problem,
  how: FirstEstimate | 'auto',
): ((y: Tensor) => Tensor) | undefined =>
  how === 'auto'
    ? (firstEstimate(problem, 'adjoint', 0) ??
      firstEstimate(problem, 'pinv', 0) ??
      firstEstimate(problem, 'zeros', 0))
    : firstEstimate(problem, how, 0)
