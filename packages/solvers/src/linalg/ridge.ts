import type { Tensor } from '@tweedie/tensor'
import { fromData } from '@tweedie/tensor'
import type { Svd } from '../types.ts'
import { pinvFromSvd } from './spectral.ts'

/** The singular values, those up to `tolerance` times the largest set to 0. */
export function rankCut({ singularValues }: Svd, tolerance: number): Float64Array {
  const largest = singularValues.reduce((a, b) => Math.max(a, b), 0)
  return singularValues.map((s) => (s > tolerance * largest ? s : 0))
}

/**
 * y ↦ (AᵀA + σ²I)⁻¹Aᵀy = V·s/(s² + σ²)·Uᵀy, [N, …outShape] to [N, …inShape]: the posterior mean of x ~ N(0, I)
 * under noise of standard deviation σ. At σ = 0 it is A⁺y ({@link pinvFromSvd}, with its cutoff where
 * `tolerance` is 0).
 *
 * @param tolerance - Singular values up to this fraction of the largest count as 0.
 * @example
 * ```ts
 * import { matrixOperator, ridge } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const twice = matrixOperator(tensor([[2, 0], [0, 0]]))
 * ridge(twice.svd(), 1, 0)(tensor([[5, 5]])).dataSync() // ≈ [2, 0]
 * ```
 */
export function ridge(svd: Svd, sigma: number, tolerance: number): (y: Tensor) => Tensor {
  if (sigma === 0) return pinvFromSvd(svd, tolerance > 0 ? { cutoff: tolerance } : {})
  const gain = rankCut(svd, tolerance).map((s) => s / (s * s + sigma * sigma))
  return (y) => svd.v(svd.ut(y).mul(fromData(gain, [gain.length], { dtype: y.dtype, device: y.device })))
}
