// What restorations by the prior of X-rays are set beside: filtered back-projection, and the best that is linear.
import type { ExactPrior, LinearOperator } from '@tweedie/solvers'
import { conjugateGradient, filteredBackProjection, gaussianPrior } from '@tweedie/solvers'
import type { Tensor } from '@tweedie/tensor'
import { fromData, scope } from '@tweedie/tensor'
import type { Xrays } from './xray-data.ts'
import { shape, size } from './xray-data.ts'

/** Restores a batch y [N, …] of measurements. */
export type Restores = (operator: LinearOperator, y: Tensor) => Tensor

/** The sum over all axes but the first, [N, 1, 1, 1]. */
const perPicture = (x: Tensor): Tensor =>
  x
    .reshape([x.shape[0] ?? 0, -1])
    .sum(1)
    .reshape([-1, 1, 1, 1])

/**
 * Filtered back-projection of views, times the factor by which it meets the measurement best: with views of less than half a turn it
 * is too weak.
 */
export const backProjection =
  (options: Parameters<typeof filteredBackProjection>[1], filter: 'ramp' | 'hann'): Restores =>
  (operator, y) =>
    scope(() => {
      const x = filteredBackProjection(shape, options, filter)(y)
      const again = operator.forward(x)
      return x.mul(perPicture(again.mul(y)).div(perPicture(again.square())))
    })

/** The Gaussian with the mean and the covariance of pictures, all that a linear method can know of them. */
export interface Gaussian {
  prior(): ExactPrior
  /** The posterior means given measurements with noise of a standard deviation: no linear method has less error on average. */
  restores(sigma: number): Restores
}

export function gaussianOf({ count, values }: Xrays): Gaussian {
  const [mean, covariance] = scope(() => {
    const x = fromData(values, [count, size], { dtype: 'float64' })
    const centre = x.mean(0)
    const centred = x.sub(centre)
    return [
      centre,
      centred
        .transpose()
        .matmul(centred)
        .div(count - 1),
    ]
  })
  return {
    prior: () => {
      const numbers = covariance.dataSync()
      const row = (i: number) => Array.from(numbers.subarray(i * size, (i + 1) * size), Number)
      return gaussianPrior({
        mean: Float64Array.from(mean.dataSync(), Number),
        covariance: Array.from({ length: size }, (_, i) => row(i)),
        shape,
      })
    },
    // μ + C Aᵀ (A C Aᵀ + σ²)⁻¹ (y − A μ)
    restores: (sigma) => (operator, y) =>
      scope(() => {
        const centre = mean.reshape([1, ...shape])
        const spread = (x: Tensor) =>
          x
            .reshape([-1, size])
            .matmul(covariance)
            .reshape([-1, ...shape])
        const seen = (v: Tensor) => operator.forward(spread(operator.adjoint(v))).add(v.mul(sigma ** 2))
        const residual = y.cast('float64').sub(operator.forward(centre))
        const { x } = conjugateGradient(seen, residual)
        return spread(operator.adjoint(x)).add(centre).cast('float32')
      }),
  }
}
