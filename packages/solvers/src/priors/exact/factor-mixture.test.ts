import { checkGrads } from '@tweedie/autograd'
import { normal, randomKey } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { ve, vpLinear } from '../../schedules/index.ts'
import { exactPrior, factorMixture, gaussianMixture } from '../index.ts'
import { spectrumOf } from './spread.ts'

const n = 5
const numbers = (name: string, count: number) =>
  Array.from(
    normal(randomKey(1).fold(name), [count], { dtype: 'float64', device: 'reference' }).dataSync(),
    Number,
  )
const matrix = (name: string, rows: number, columns: number) =>
  Matrix.from1DArray(rows, columns, numbers(name, rows * columns))

const root = matrix('background', n, n)
const full = root
  .mmul(root.transpose())
  .mul(0.1)
  .add(Matrix.eye(n, n, 0.05))
const backgrounds = { isotropic: 0.2, diagonal: [0.1, 0.2, 0.3, 0.05, 0.5], full }
const weights = [0.2, 0.5, 0.3]
const means = [0, 1, 2].map((k) => numbers(`mean ${k}`, n))
const factors = [1, 3, 2].map((q, k) => matrix(`factor ${k}`, n, q))

const laws = Object.entries(backgrounds).map(([name, background]) => {
  const law = factorMixture({ weights, means, factors, background })
  const dense = gaussianMixture({
    weights,
    means,
    covariances: { each: law.components.map(({ covariance }) => covariance) },
  })
  return { name, law, dense }
})
const A = matrix('A', 3, n)
const [y, sigma] = [numbers('y', 3), 0.3]
const x = numbers('x', n)

function close(found: ArrayLike<number>, expected: ArrayLike<number>, bound = 1e-9): void {
  expect(found.length).toBe(expected.length)
  Array.from(expected).forEach((value, i) => {
    expect(Math.abs((found[i] ?? Number.NaN) - value)).toBeLessThan(bound * (1 + Math.abs(value)))
  })
}

describe.each(laws)('a mixture of factor analysers, Ψ $name', ({ law, dense }) => {
  it('has the covariances that were asked for', () => {
    const { background } = { background: backgrounds }
    const psi = law === laws[2]?.law ? background.full : undefined
    law.components.forEach(({ covariance }, k) => {
      const own = factors[k]?.mmul(factors[k].transpose()) ?? Matrix.zeros(n, n)
      if (psi) close(covariance.to1DArray(), own.add(psi).to1DArray())
    })
    close(law.covariance().to1DArray(), dense.covariance().to1DArray())
    close(law.mean(), dense.mean())
  })

  it('is the dense mixture: density, responsibilities, score, noised', () => {
    close([law.logDensity(x)], [dense.logDensity(x)])
    close(law.responsibilities(x), dense.responsibilities(x))
    close(law.score(x), dense.score(x))
    close([law.noised(0.6, 0.8).logDensity(x)], [dense.noised(0.6, 0.8).logDensity(x)])
  })

  it('has the dense mixture’s posterior and evidence, and that of a second measurement', () => {
    const [one, other] = [law.posterior(A, y, sigma), dense.posterior(A, y, sigma)]
    close([one.logEvidence], [other.logEvidence])
    const B = matrix('B', 2, n)
    const twice = [one, other].map(({ law }) => law.posterior(B, [0.4, -0.2], 0.1))
    close([twice[0]?.logEvidence ?? 0], [twice[1]?.logEvidence ?? 1])
    for (const [a, b] of [
      [one.law, other.law],
      [twice[0]?.law ?? law, twice[1]?.law ?? dense],
    ] as const) {
      close(
        a.components.map(({ weight }) => weight),
        b.components.map(({ weight }) => weight),
      )
      close(a.mean(), b.mean())
      close(a.covariance().to1DArray(), b.covariance().to1DArray())
      close([a.logDensity(x)], [b.logDensity(x)])
    }
    expect(() => law.posterior(A, y, 0)).toThrow('above 0')
    expect(() => law.posterior(A, [1], 1)).toThrow('3 numbers')
    expect(() => law.posterior([[1, 2]], [1], 1)).toThrow('5 columns')
  })

  it('has the dense mixture’s denoiser, before and after a measurement, with gradients', async () => {
    for (const schedule of [vpLinear(), ve()]) {
      const pairs = [
        [law, dense],
        [law.posterior(A, y, sigma).law, dense.posterior(A, y, sigma).law],
      ] as const
      for (const [one, other] of pairs) {
        const [a, b] = [exactPrior(one, { schedule }), exactPrior(other, { schedule })]
        const xt = normal(
          [0, 1, 2].map((i) => randomKey(i)),
          [n],
          { dtype: 'float64' },
        )
        for (const u of [0, 0.05, 0.4, 1]) {
          const t = schedule.clean + u * (schedule.noisiest - schedule.clean)
          close(a.denoise(xt, t).dataSync() as Float64Array, b.denoise(xt, t).dataSync() as Float64Array)
        }
        const t = schedule.clean + 0.3 * (schedule.noisiest - schedule.clean)
        await checkGrads((x) => a.denoise(x, t), [xt], { order: 1 })
        close(a.jacobian(x, t).to1DArray(), b.jacobian(x, t).to1DArray(), 1e-7)
      }
    }
  })

  it('draws from itself: mean and covariance', () => {
    const count = 1500
    const drawn = law.sample(Array.from({ length: count }, (_, i) => randomKey(i)))
    const values = Array.from({ length: count }, (_, i) =>
      Array.from(drawn.dataSync().slice(i * n, (i + 1) * n), Number),
    )
    const [mean, covariance] = [law.mean(), law.covariance()]
    for (let i = 0; i < n; i++) {
      const average = values.reduce((sum, v) => sum + (v[i] ?? 0), 0) / count
      expect(Math.abs(average - (mean[i] ?? 0))).toBeLessThan(5 * Math.sqrt(covariance.get(i, i) / count))
      for (let j = 0; j <= i; j++) {
        const products = values.map((v) => ((v[i] ?? 0) - (mean[i] ?? 0)) * ((v[j] ?? 0) - (mean[j] ?? 0)))
        const found = products.reduce((sum, p) => sum + p, 0) / count
        const spread = Math.sqrt(products.reduce((sum, p) => sum + (p - found) ** 2, 0)) / count
        expect(Math.abs(found - covariance.get(i, j))).toBeLessThan(5 * spread)
      }
    }
  })
})

it('takes Ψ by its eigenvalues and vectors, and refuses what is no law', () => {
  const given = factorMixture({ weights, means, factors, background: spectrumOf(full) })
  close([given.logDensity(x)], [laws[2]?.law.logDensity(x) ?? 0])
  expect(() => factorMixture({ weights, means, factors, background: 0 })).toThrow('above 0')
  expect(() => factorMixture({ weights: [1], means, factors, background: 1 })).toThrow('for 3 means')
  expect(() => factorMixture({ weights: [1, 1, -3], means, factors, background: 1 })).toThrow('weight')
  expect(() =>
    factorMixture({ weights, means, factors: [factors[0]!, factors[1]!, [[1]]], background: 1 }),
  ).toThrow('rows')
  expect(() => factorMixture({ weights: [], means: [], factors: [], background: 1 })).toThrow('at least one')
})
