import { inverse, Matrix } from 'ml-matrix'
import { expect } from 'vitest'

/** Sample mean and covariance of rows of n numbers. */
export function momentsOf(samples: ArrayLike<number>, n: number): { mean: number[]; covariance: Matrix } {
  const N = samples.length / n
  const rows = Matrix.from1DArray(N, n, Array.from(samples))
  const mean = rows.mean('column')
  const centred = rows.subRowVector(mean)
  return { mean, covariance: centred.transpose().mmul(centred).div(N) }
}

/**
 * Expects every mean and every covariance entry within 4 standard errors of the truth (for Gaussian
 * samples: √(c_ii/N), √((c_ii·c_jj + c_ij²)/N)), and the size of the whole covariance too: tr(C⁻¹Ĉ)/n is 1
 * up to √(2/nN).
 */
export function expectMoments(samples: ArrayLike<number>, mean: ArrayLike<number>, covariance: Matrix): void {
  const n = mean.length
  const N = samples.length / n
  const got = momentsOf(samples, n)
  for (let i = 0; i < n; i++) {
    const error = Math.abs(got.mean[i]! - mean[i]!) / Math.sqrt(covariance.get(i, i) / N)
    expect(error, `mean ${i}: ${got.mean[i]} for ${mean[i]}, in standard errors`).toBeLessThan(4)
    for (let j = 0; j <= i; j++) {
      const c = covariance.get(i, j)
      const se = Math.sqrt((covariance.get(i, i) * covariance.get(j, j) + c * c) / N)
      const off = Math.abs(got.covariance.get(i, j) - c) / se
      expect(
        off,
        `covariance ${i},${j}: ${got.covariance.get(i, j)} for ${c}, in standard errors`,
      ).toBeLessThan(4)
    }
  }
  const size = inverse(covariance).mmul(got.covariance).trace() / n - 1
  const se = Math.sqrt(2 / (n * N))
  expect(
    Math.abs(size) / se,
    `covariance off by ${(100 * size).toFixed(1)} %, in standard errors`,
  ).toBeLessThan(4)
}
