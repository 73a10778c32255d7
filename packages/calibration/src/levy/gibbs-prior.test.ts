import { vjp } from '@tweedie/autograd'
import { gaussianPrior } from '@tweedie/solvers'
import { fromData, normal, randomKey } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { covarianceOf, gibbsPrior, meanOf } from './gibbs-prior.ts'
import type { Increments } from './increments.ts'
import { increments } from './increments.ts'
import { noiseLevel, noiseVariance } from './noise.ts'
import { length, operators } from './operators.ts'
import { levyPosterior } from './posterior.ts'

const d = 3
const [gauss, laplace, jumps] = increments
if (!gauss || !laplace || !jumps) throw new TypeError('six laws')
const exact = gaussianPrior({
  mean: [0, 0, 0],
  covariance: [
    [0.25, 0.25, 0.25],
    [0.25, 0.5, 0.5],
    [0.25, 0.5, 0.75],
  ],
})
const xt = normal(
  [0, 1].map((i) => randomKey(i)),
  [d],
  { dtype: 'float64' },
)

describe('the Gibbs denoiser', () => {
  const states = 20_000
  const prior = gibbsPrior({ increments: gauss, length: d, burnIn: 10, states })

  it('of Gaussian increments is the closed form, but for the spread of its states, and so is its Jacobian', () => {
    for (const t of [5, 200, 600]) {
      const [found, expected] = [prior, exact].map((p) => p.denoise(xt, t).dataSync())
      const J = exact.jacobian(Array.from(xt.dataSync(), Number).slice(0, d), t)
      const alpha = prior.schedule.alpha(t)
      const sigma = prior.schedule.sigma(t)
      // Var[x₀ | x_t] = J σ²/α; draws of this law are independent.
      Array.from(expected ?? [], Number).forEach((value, i) => {
        const error = Math.sqrt((J.get(i % d, i % d) * sigma ** 2) / alpha / states)
        expect(Math.abs(Number(found?.[i]) - value)).toBeLessThan(5 * error)
      })
      const [, pullback] = vjp((x) => prior.denoise(x, t), xt.slice([0, 1]))
      for (let i = 0; i < d; i++) {
        const unit = fromData(
          Float64Array.from([0, 1, 2], (j) => Number(i === j)),
          [1, d],
          { dtype: 'float64' },
        )
        pullback(unit, { retain: true })[0]
          .dataSync()
          .forEach((value, j) => {
            const scale = Math.sqrt((J.get(i, i) * J.get(j, j) + J.get(i, j) ** 2) / states)
            expect(Math.abs(Number(value) - J.get(i, j))).toBeLessThan(5 * scale)
          })
      }
    }
  })

  it('has the same estimate for a row in any batch, another for another row or time, and x itself where nothing is noised', () => {
    const small = gibbsPrior({ increments: jumps, length: d, burnIn: 5, states: 20 })
    const both = Array.from(small.denoise(xt, 300).dataSync(), Number)
    for (const row of [0, 1])
      expect(Array.from(small.denoise(xt.slice([row, row + 1]), 300).dataSync(), Number)).toEqual(
        both.slice(row * d, row * d + d),
      )
    expect(Array.from(small.denoise(xt, 300).dataSync(), Number)).toEqual(both)
    expect(Array.from(small.denoise(xt, 301).dataSync(), Number)).not.toEqual(both)
    expect(Array.from(small.denoise(xt, -1).dataSync())).toEqual(Array.from(xt.dataSync()))
    // Errors of rows, or times, that are as good as the same are independent.
    for (const near of [small.denoise(xt.add(1e-9), 300), small.denoise(xt, 300 + 1e-9)])
      expect(Math.abs(Number(near.dataSync()[0]) - (both[0] ?? 0))).toBeGreaterThan(1e-6)
    const other = gibbsPrior({ increments: jumps, length: d, burnIn: 5, states: 20, seed: 1 })
    expect(Array.from(other.denoise(xt, 300).dataSync(), Number)).not.toEqual(both)
  })
})

describe('the posterior of a signal', () => {
  const A = new Matrix([
    [1, 0.5, 0],
    [0, 1, -1],
  ])
  const y = Float64Array.of(0.4, -0.7)
  const of = (law: Increments, matrix: Matrix, states = 40_000) =>
    levyPosterior({ increments: law, matrix, y, sigma: 0.3, key: randomKey(8), burnIn: 100, states })

  it('of Gaussian increments is the closed form: mean, covariance, density, score', () => {
    const [found, { law }] = [of(gauss, A), exact.law.posterior(A, y, 0.3)]
    const covariance = law.covariance()
    law.mean().forEach((m, i) => {
      expect(Math.abs((found.mean()[i] ?? 0) - m)).toBeLessThan(5 * Math.sqrt(covariance.get(i, i) / 40_000))
      for (let j = 0; j < d; j++) {
        const spread = covariance.get(i, i) * covariance.get(j, j) + covariance.get(i, j) ** 2
        expect(Math.abs(found.covariance().get(i, j) - covariance.get(i, j))).toBeLessThan(
          5 * Math.sqrt(spread / 40_000),
        )
      }
    })
    const [a, b] = [Float64Array.of(0.3, -1, 0.2), Float64Array.of(1, 0.5, 0)]
    const rise = (p: { logDensity?(x: Float64Array): number }) =>
      (p.logDensity?.(a) ?? 0) - (p.logDensity?.(b) ?? 0)
    expect(rise(found)).toBeCloseTo(rise(law), 9)
    found.score?.(a).forEach((value, i) => expect(value).toBeCloseTo(law.score(a)[i] ?? Number.NaN, 9))
  })

  it('draws its states by key, and has no density where increments may be 0', () => {
    const posterior = of(laplace, A, 50)
    const keys = [0, 1, 2].map((i) => randomKey(i))
    const drawn = posterior.sample(keys)
    expect(drawn.count).toBe(3)
    expect(posterior.sample(keys.slice(1)).values).toEqual(drawn.values.slice(d))
    expect(of(laplace, A, 50).mean()).toEqual(posterior.mean())
    expect(of(jumps, A, 50).logDensity).toBeUndefined()
    expect(posterior.logDensity?.(Float64Array.of(0, 0, 0))).toBeCloseTo(-(0.16 + 0.49) / (2 * 0.09), 9)
  })
})

it('means and covariances of points are those written out', () => {
  const points = Float64Array.of(1, 2, 3, 6, 5, 1)
  expect(Array.from(meanOf(points, 2))).toEqual([3, 3])
  expect(Array.from(covarianceOf(points, 2), (v) => v * 3)).toEqual(
    [8, -2, -2, 14].map((v) => expect.closeTo(v, 12)),
  )
})

describe('the protocol', () => {
  it('has operators of the published shapes: orthonormal rows, a sum of taps of 1', () => {
    expect(operators.map(({ matrix }) => [matrix.rows, matrix.columns])).toEqual(
      [64, 64, 33, 36].map((m) => [m, 64]),
    )
    for (const { name, matrix } of operators) {
      const product = matrix.mmul(matrix.transpose())
      if (name === 'convolution') for (const sum of matrix.sum('row')) expect(sum).toBeCloseTo(1, 12)
      else expect(Matrix.sub(product, Matrix.eye(product.rows, product.rows)).norm()).toBeLessThan(1e-12)
    }
  })

  it('has noise levels that are computed anew to the same six digits', () => {
    for (const law of [gauss, jumps])
      for (const operator of operators)
        expect(Number(noiseVariance(law, operator).toPrecision(6))).toBe(
          Number((noiseLevel(law.name, operator.name) ** 2).toPrecision(6)),
        )
    expect(length).toBe(64)
    expect(() => noiseLevel('gauss', 'nothing')).toThrow('no problem')
  })
})
