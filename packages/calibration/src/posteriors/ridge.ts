import type { Mixture } from '@tweedie/solvers'
import { Matrix } from 'ml-matrix'
import type { CurvedTarget } from './target.ts'
import { mixtureTarget } from './target.ts'

/** A likelihood that sees x through numbers u = Mx alone, each apart: p(y | x) = Π_i f_i(u_i). */
export interface Ridges {
  /** M, m×d: rows, or a matrix. */
  readonly matrix: Matrix | readonly (readonly number[])[]
  /** log f_i(u). */
  log(i: number, u: number): number
  /** (log f_i)′(u). */
  slope(i: number, u: number): number
  /** (log f_i)″(u). */
  curvature(i: number, u: number): number
}

/**
 * p(x)·p(y | x) of a mixture and a likelihood of ridges: counts behind an absorber, magnitudes of projections. The density is
 * that of both together, so that its integral is p(y).
 * @example
 * ```ts
 * import { ridgeTarget } from '@tweedie/calibration'
 * import { gaussianMixture } from '@tweedie/solvers'
 * const prior = gaussianMixture({ weights: [1], means: [[0, 0]], covariances: 1 })
 * // No photon of a rate exp(x₁ + x₂).
 * const fall = (_: number, u: number) => -Math.exp(u)
 * const dark = { matrix: [[1, 1]], log: fall, slope: fall, curvature: fall }
 * ridgeTarget(prior, dark).score(Float64Array.of(0, 0)) // => [-1, -1]
 * ```
 */
export function ridgeTarget(law: Mixture, { matrix: rows, log, slope, curvature }: Ridges): CurvedTarget {
  const prior = mixtureTarget(law)
  const matrix = Matrix.isMatrix(rows) ? rows : new Matrix(rows)
  const [m, d] = [matrix.rows, matrix.columns]
  const M = Float64Array.from(matrix.to1DArray())
  const u = (x: Float64Array, i: number): number => {
    let sum = 0
    for (let j = 0; j < d; j++) sum += (M[i * d + j] ?? 0) * (x[j] ?? 0)
    return sum
  }
  return {
    dimension: d,
    logDensity: (x) => {
      let total = prior.logDensity(x)
      for (let i = 0; i < m; i++) total += log(i, u(x, i))
      return total
    },
    score: (x) => {
      const out = prior.score(x)
      for (let i = 0; i < m; i++) {
        const f = slope(i, u(x, i))
        for (let j = 0; j < d; j++) out[j] = (out[j] ?? 0) + f * (M[i * d + j] ?? 0)
      }
      return out
    },
    hessian: (x) => {
      const bend = Array.from({ length: m }, (_, i) => -curvature(i, u(x, i)))
      return prior.hessian(x).add(matrix.transpose().mmul(Matrix.diag(bend)).mmul(matrix))
    },
  }
}
