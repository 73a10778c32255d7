import { gaussianMixture } from '@tweedie/solvers'
import { randomKey } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { gradientOf, hessianOf } from './finite-differences.test.helper.ts'
import { streamOf } from './stream.ts'
import { mixtureTarget } from './target.ts'

const law = gaussianMixture({
  weights: [0.3, 0.5, 0.2],
  means: [
    [0, 1, 2],
    [-1, 0.5, 0],
    [3, 3, 3],
  ],
  covariances: {
    each: [
      [
        [2, 0.5, 0.1],
        [0.5, 1, -0.3],
        [0.1, -0.3, 0.7],
      ],
      0.5,
      [1, 2, 3],
    ],
  },
})
const target = mixtureTarget(law)
const points = [Float64Array.of(0.3, -0.2, 1), Float64Array.of(2, 1, 1), Float64Array.of(-7, 4, 9)]

test.each(points.map((at) => [at] as const))('density and score are those of the mixture', (at) => {
  expect(target.logDensity(at)).toBeCloseTo(law.logDensity(at), 10)
  target.score(at).forEach((value, i) => {
    expect(value).toBeCloseTo(law.score(at)[i] ?? Number.NaN, 10)
  })
})

test.each(points.map((at) => [at] as const))(
  'the curvature is the derivative of the score, which is that of the density',
  (at) => {
    const gradient = gradientOf(target.logDensity, at)
    target.score(at).forEach((value, i) => {
      expect(value).toBeCloseTo(gradient[i] ?? Number.NaN, 6)
    })
    const minus = hessianOf(target.score, at)
    const hessian = target.hessian(at).to2DArray()
    hessian.forEach((row, i) => {
      row.forEach((value, j) => {
        expect(value).toBeCloseTo(-(minus[i]?.[j] ?? Number.NaN), 6)
      })
    })
  },
)

test('draws have the moments of the mixture, within 5 standard errors', () => {
  const n = 20_000
  const stream = streamOf(randomKey(3))
  const drawn = Array.from({ length: n }, () => target.draw(stream))
  const [mean, covariance] = [law.mean(), law.covariance()]
  for (let i = 0; i < 3; i++) {
    const average = drawn.reduce((sum, x) => sum + (x[i] ?? 0), 0) / n
    expect(Math.abs(average - (mean[i] ?? 0))).toBeLessThan(5 * Math.sqrt(covariance.get(i, i) / n))
    for (let j = 0; j <= i; j++) {
      const products = drawn.map((x) => ((x[i] ?? 0) - (mean[i] ?? 0)) * ((x[j] ?? 0) - (mean[j] ?? 0)))
      const product = products.reduce((sum, v) => sum + v, 0) / n
      const error = Math.sqrt(products.reduce((sum, v) => sum + (v - product) ** 2, 0) / n / n)
      expect(Math.abs(product - covariance.get(i, j))).toBeLessThan(5 * error)
    }
  }
})
