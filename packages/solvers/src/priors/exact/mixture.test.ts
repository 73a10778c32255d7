import { OptionError, randomKey, ShapeError, tensor } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { matrixOperator } from '../../operators/index.ts'
import { momentsOf } from '../../samplers/moments.test.helper.ts'
import { gaussianMixture } from '../index.ts'

const law1 = gaussianMixture({ weights: [1, 3], means: [[-1], [1.5]], covariances: { each: [0.3, [0.8]] } })
const law2 = gaussianMixture({
  weights: [0.2, 0.5, 0.3],
  means: [
    [-1, 0],
    [1, 1],
    [0.5, -1.5],
  ],
  covariances: {
    each: [
      [
        [0.5, 0.2],
        [0.2, 0.4],
      ],
      0.3,
      [0.2, 0.6],
    ],
  },
})

const normal = (x: number, mean: number, sigma: number) =>
  Math.exp(-(((x - mean) / sigma) ** 2) / 2) / (sigma * Math.sqrt(2 * Math.PI))

describe('against numerical integration', () => {
  it('in one dimension: evidence, mean, variance and weights of the posterior', () => {
    const [a, y, sigma] = [0.7, 0.4, 0.5]
    const grid = Array.from({ length: 20001 }, (_, i) => -10 + i * 1e-3)
    const joint = (x: number, k: number) => {
      const c = law1.components[k]!
      return c.weight * normal(x, c.mean[0]!, Math.sqrt(c.covariance.get(0, 0))) * normal(y, a * x, sigma)
    }
    const integral = (f: (x: number) => number) => grid.reduce((total, x) => total + f(x) * 1e-3, 0)
    const parts = [0, 1].map((k) => integral((x) => joint(x, k)))
    const Z = parts[0]! + parts[1]!
    const density = (x: number) => (joint(x, 0) + joint(x, 1)) / Z
    const mean = integral((x) => x * density(x))

    const { law, logEvidence } = law1.posterior([[a]], [y], sigma)
    expect(logEvidence).toBeCloseTo(Math.log(Z), 9)
    expect(law.mean()[0]).toBeCloseTo(mean, 9)
    expect(law.covariance().get(0, 0)).toBeCloseTo(
      integral((x) => (x - mean) ** 2 * density(x)),
      9,
    )
    law.components.forEach((c, k) => expect(c.weight).toBeCloseTo(parts[k]! / Z, 9))
    for (const x of [-2, 0.1, 3]) expect(law.logDensity([x])).toBeCloseTo(Math.log(density(x)), 9)
  })

  it('in two dimensions, for an operator', () => {
    const operator = matrixOperator(tensor([[1, -0.5]], { dtype: 'float64' }))
    const [y, sigma, h] = [0.8, 0.4, 0.07]
    let Z = 0
    const first = [0, 0]
    const second = new Matrix(2, 2)
    for (let u = -7; u <= 7; u += h) {
      for (let v = -7; v <= 7; v += h) {
        const p = Math.exp(law2.logDensity([u, v])) * normal(y, u - 0.5 * v, sigma) * h * h
        Z += p
        first[0]! += p * u
        first[1]! += p * v
        second.add(
          new Matrix([
            [u * u, u * v],
            [v * u, v * v],
          ]).mul(p),
        )
      }
    }
    const { law, logEvidence } = law2.posterior(operator, [y], sigma)
    const mean = first.map((m) => m / Z)
    expect(logEvidence).toBeCloseTo(Math.log(Z), 8)
    mean.forEach((m, i) => expect(law.mean()[i]).toBeCloseTo(m, 8))
    const m = Matrix.columnVector(mean)
    expect(Matrix.sub(law.covariance(), second.div(Z).sub(m.mmul(m.transpose()))).norm()).toBeLessThan(1e-8)
  })
})

describe('a mixture', () => {
  it('conditions on two measurements as on one after the other', () => {
    const [a, b] = [
      [1, 0.3],
      [-0.4, 1],
    ]
    const both = law2.posterior([a, b], [0.3, -0.2], 0.5)
    const once = law2.posterior([a], [0.3], 0.5)
    const twice = once.law.posterior([b], [-0.2], 0.5)
    expect(once.logEvidence + twice.logEvidence).toBeCloseTo(both.logEvidence, 12)
    expect(Matrix.sub(twice.law.covariance(), both.law.covariance()).norm()).toBeLessThan(1e-12)
  })

  it('evidence is the law of A x + noise', () => {
    const sum = gaussianMixture({
      weights: [1, 3],
      means: [[-0.5], [0.75]],
      covariances: { each: [0.25 * 0.3 + 0.01, 0.25 * 0.8 + 0.01] },
    })
    expect(law1.posterior([[0.5]], [0.2], 0.1).logEvidence).toBeCloseTo(sum.logDensity([0.2]), 12)
    expect(law1.noised(0.5, 0.1).logDensity([0.2])).toBeCloseTo(sum.logDensity([0.2]), 12)
  })

  it('draws from itself, each key on its own', () => {
    const keys = Array.from({ length: 20000 }, (_, i) => randomKey(1).fold(i))
    const draws = law2.sample(keys).dataSync()
    const { mean, covariance } = momentsOf(draws, 2)
    law2
      .mean()
      .forEach((m, i) =>
        expect(Math.abs(mean[i]! - m)).toBeLessThan(4 * Math.sqrt(law2.covariance().get(i, i) / 20000)),
      )
    expect(Matrix.sub(covariance, law2.covariance()).norm()).toBeLessThan(0.04)
    const alone = law2.sample([keys[7]!]).dataSync()
    expect(Array.from(alone)).toEqual(Array.from(draws.slice(14, 16)))
  })

  it('knows noise-free measurements, and refuses redundant ones', () => {
    const { law } = law2.posterior([[1, 1]], [0.5], 0)
    expect(law.mean()[0]! + law.mean()[1]!).toBeCloseTo(0.5, 12)
    expect(() =>
      law2.posterior(
        [
          [1, 0],
          [1, 0],
        ],
        [0, 0],
        0,
      ),
    ).toThrow(OptionError)
  })

  it('refuses nonsense', () => {
    const means = [[0, 0]]
    expect(() => gaussianMixture({ weights: [1, 1], means, covariances: 1 })).toThrow(ShapeError)
    expect(() => gaussianMixture({ weights: [-1], means, covariances: 1 })).not.toThrow() // normalised
    expect(() => gaussianMixture({ weights: [0], means, covariances: 1 })).toThrow(OptionError)
    expect(() =>
      gaussianMixture({
        weights: [1],
        means,
        covariances: [
          [1, 2],
          [0, 1],
        ],
      }),
    ).toThrow('symmetric')
    expect(() =>
      gaussianMixture({
        weights: [1],
        means,
        covariances: [
          [1, 2],
          [2, 1],
        ],
      }).logDensity([0, 0]),
    ).toThrow('negative eigenvalue')
    expect(() => gaussianMixture({ weights: [1], means, covariances: [1, -1] })).toThrow(OptionError)
    expect(() => law2.posterior([[1]], [1], 1)).toThrow(ShapeError)
  })
})
