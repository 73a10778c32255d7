import { gaussianMixture } from '@tweedie/solvers'
import { expect, test } from 'vitest'
import { laplaceMixture } from './laplace.ts'
import { mixtureTarget } from './target.ts'

test('of a Gaussian it is the Gaussian, from wherever', () => {
  const covariance = [
    [2, 0.9],
    [0.9, 1],
  ]
  const law = mixtureTarget(gaussianMixture({ weights: [1], means: [[3, -1]], covariances: covariance }))
  const { components } = laplaceMixture(law, [Float64Array.of(40, 7), Float64Array.of(-3, 0)])
  expect(components).toHaveLength(1)
  expect(components[0]?.mean[0]).toBeCloseTo(3, 8)
  expect(components[0]?.mean[1]).toBeCloseTo(-1, 8)
  expect(components[0]?.covariance.get(0, 1)).toBeCloseTo(0.9, 8)
})

test('of modes that are far apart it has each once, by its mass', () => {
  const law = gaussianMixture({ weights: [0.7, 0.3], means: [[-9], [9]], covariances: { each: [1, 4] } })
  const starts = [-12, -8, -7, 5, 9, 12].map((at) => Float64Array.of(at))
  const { components } = laplaceMixture(mixtureTarget(law), starts)
  const found = components.map(({ weight, mean, covariance }) => [mean[0], weight, covariance.get(0, 0)])
  const sorted = found.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0))
  expect(sorted).toHaveLength(2)
  for (const [i, expected] of [
    [-9, 0.7, 1],
    [9, 0.3, 4],
  ].entries())
    expected.forEach((value, j) => {
      expect(sorted[i]?.[j]).toBeCloseTo(value, 6)
    })
})

test('a climb gets over places where the density bends upwards', () => {
  const law = gaussianMixture({ weights: [1, 1], means: [[-2], [2]], covariances: 0.5 })
  // Near 0 the density of two modes has a minimum.
  const { components } = laplaceMixture(mixtureTarget(law), [Float64Array.of(0.05)])
  expect(components[0]?.mean[0]).toBeGreaterThan(1.9)
})

test('without a maximum there is nothing to make it of', () => {
  const flat = {
    dimension: 1,
    logDensity: (x: Float64Array) => x[0] ?? 0,
    score: () => Float64Array.of(1),
    hessian: () => gaussianMixture({ weights: [1], means: [[0]], covariances: 0 }).covariance(),
  }
  expect(() => laplaceMixture(flat, [Float64Array.of(0)])).toThrow('none of 1 starts leads to a maximum')
})
