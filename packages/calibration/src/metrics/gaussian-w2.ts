import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import type { Points } from '../points.ts'
import { pointAt } from '../points.ts'
import { defineSampleMetric } from './define.ts'

/** Q diag(√λ) Qᵀ of a symmetric matrix; what is negative by rounding is 0. */
function squareRoot(m: Matrix): Matrix {
  const symmetric = Matrix.add(m, m.transpose()).mul(0.5)
  const { realEigenvalues, eigenvectorMatrix: Q } = new EigenvalueDecomposition(symmetric, {
    assumeSymmetric: true,
  })
  const roots = Matrix.diag(realEigenvalues.map((value) => Math.sqrt(Math.max(value, 0))))
  return Q.mmul(roots).mmul(Q.transpose())
}

/**
 * W₂ of N(a, A) and N(b, B): W₂² = ‖a − b‖² + tr(A + B − 2(A^½ B A^½)^½) (Dowson & Landau 1982).
 * @example
 * ```ts
 * import { gaussianDistance } from '@tweedie/calibration'
 * import { gaussianMixture } from '@tweedie/solvers'
 * const [narrow, wide] = [1, 9].map((variance) =>
 *   gaussianMixture({ weights: [1], means: [[0, 0]], covariances: variance }).covariance(),
 * )
 * gaussianDistance([0, 0], narrow!, [3, 4], wide!) ** 2 // ≈ 33
 * ```
 */
export function gaussianDistance(a: ArrayLike<number>, A: Matrix, b: ArrayLike<number>, B: Matrix): number {
  const root = squareRoot(A)
  const cross = squareRoot(root.mmul(B).mmul(root))
  const moved = Array.from(a, (value, i) => (value - (b[i] ?? 0)) ** 2).reduce((sum, v) => sum + v, 0)
  return Math.sqrt(Math.max(0, moved + A.trace() + B.trace() - 2 * cross.trace()))
}

/** Mean and covariance of points, the latter over N − 1. */
function momentsOf(points: Points): { mean: Float64Array; covariance: Matrix } {
  const { count, dimension } = points
  const mean = new Float64Array(dimension)
  for (let i = 0; i < count; i++)
    pointAt(points, i).forEach((value, j) => {
      mean[j] = (mean[j] ?? 0) + value / count
    })
  const centred = Matrix.from1DArray(
    count,
    dimension,
    points.values.map((value, i) => value - (mean[i % dimension] ?? 0)),
  )
  return {
    mean,
    covariance: centred
      .transpose()
      .mmul(centred)
      .div(count - 1),
  }
}

/** W₂ of the Gaussians that have the moments of samples and posterior: W₂ itself where both are Gaussian. */
export const gaussianW2 = defineSampleMetric({
  name: 'w2',
  title: 'W₂ between Gaussians with the moments of the samples and of the posterior',
  unit: '',
  better: 'lower',
  source: 'Dowson & Landau 1982, eq. 4; exact draws have the distance of the moments of as many samples',
  of: (samples, { posed: { posterior } }) => {
    const { mean, covariance } = momentsOf(samples)
    return gaussianDistance(mean, covariance, posterior.mean(), posterior.covariance())
  },
})
