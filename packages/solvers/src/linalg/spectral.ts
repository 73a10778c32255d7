import type { DType, Tensor } from '@tweedie/tensor'
import {
  eye,
  fromData,
  matrixTranspose,
  NonFiniteError,
  normal,
  randomKey,
  reshape,
  scope,
  sizeOf,
} from '@tweedie/tensor'
import type { LinearOperator, Operator, Svd } from '../types.ts'
import { preciseDevice } from './precise.ts'

/** Relative cutoff of {@link pinvFromSvd}: singular values this small drown in the rounding of y. */
const defaultCutoff = (dtype: DType): number => 64 * (dtype === 'float64' ? 2 ** -52 : 2 ** -23)

/** Largest element; 0 for none. A loop, since the spread of a large array overflows the stack. */
const largest = (values: Float64Array): number => values.reduce((top, value) => Math.max(top, value), 0)

/**
 * y ↦ A⁺y = V Σ⁺ Uᵀ y, [N, …outShape] to [N, …inShape]: the least-squares solution of least norm.
 * @param options.cutoff - Singular values at or below `cutoff` times the largest are taken for 0. Where
 *   left out, 64 ulp of y's element type (7.6e-6 in float32, 1.4e-14 in float64).
 * @example
 * ```ts
 * import { matrixOperator, pinvFromSvd } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const twice = matrixOperator(tensor([[2, 0], [0, 0]], { dtype: 'float64' }))
 * pinvFromSvd(twice.svd())(tensor([[6, 5]], { dtype: 'float64' })).dataSync() // ≈ [3, 0]
 * ```
 */
export function pinvFromSvd(svd: Svd, options: { cutoff?: number } = {}): (y: Tensor) => Tensor {
  const top = largest(svd.singularValues)
  return (y) =>
    scope(() => {
      const least = (options.cutoff ?? defaultCutoff(y.dtype)) * top
      const inverse = svd.singularValues.map((s) => (s > least ? 1 / s : 0))
      const scale = fromData(inverse, [inverse.length], { dtype: y.dtype, device: y.device })
      return svd.v(svd.ut(y).mul(scale))
    })
}

/**
 * ‖A‖, the largest singular value, which is the Lipschitz constant of A: read off the SVD where the
 * operator has one, else by {@link powerIteration}.
 */
export const operatorNorm = (operator: LinearOperator): number =>
  operator.svd === undefined ? powerIteration(operator) : largest(operator.svd().singularValues)

/**
 * ‖A‖ by power iteration on AᵀA in double precision, from below. The error falls as (s₂/s₁)^(2·iterations)
 * with the ratio of the two largest distinct singular values.
 * @throws {DeviceError} where the default device cannot be read at once.
 */
export function powerIteration(
  operator: LinearOperator,
  options: { iterations?: number; seed?: number } = {},
): number {
  const { iterations = 200, seed = 0 } = options
  let x = normal(randomKey(seed), [1, ...operator.inShape], { dtype: 'float64', device: preciseDevice() })
  let norm = 0
  for (let i = 0; i < iterations; i++) {
    const { next, length } = scope(() => {
      const unit = x.div(x.square().sum().sqrt())
      const image = operator.forward(unit)
      const length = Math.sqrt(image.square().sum().dataSync()[0]!)
      return { next: operator.adjoint(image), length }
    })
    x.dispose()
    x = next
    norm = length
    if (!Number.isFinite(norm)) throw new NonFiniteError(`powerIteration: ‖Ax‖ is ${norm} at iteration ${i}`)
    if (norm === 0) break
  }
  x.dispose()
  return norm
}

/**
 * The matrix of a linear operator, float64 [m, n]: column j is A applied to the j-th unit vector. For small
 * problems and tests; it takes n forward passes in one batch.
 * @example
 * ```ts
 * import { denseMatrix, sr } from '@tweedie/solvers'
 * denseMatrix(sr([1, 2, 2], { factor: 2 })).dataSync() // => [0.25, 0.25, 0.25, 0.25]
 * ```
 */
export function denseMatrix(operator: Operator): Tensor {
  return scope(() => {
    const n = sizeOf(operator.inShape)
    const images = operator.forward(
      reshape(eye(n, { dtype: 'float64', device: preciseDevice() }), [n, ...operator.inShape]),
    )
    return matrixTranspose(reshape(images, [n, sizeOf(operator.outShape)]))
  })
}
