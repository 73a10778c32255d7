import { checkGrads } from '@tweedie/autograd'
import { normal, randomKey } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { exactPrior, gaussianMixturePrior } from '../index.ts'
import { denoiserByProducts } from './by-products.ts'

const n = 6
const numbers = (purpose: string, count: number) => {
  using drawn = normal(randomKey(3).fold(purpose), [count], { dtype: 'float64', device: 'reference' })
  return Array.from(drawn.dataSync())
}
const means = Array.from({ length: 12 }, (_, k) => numbers(`mean ${k}`, n).map((v) => 3 + 2 * v))
const weights = means.map((_, k) => k + 1)
const factor = Matrix.from1DArray(n, n, numbers('covariance', n * n))
const full = factor.mmul(factor.transpose()).add(Matrix.eye(n, n, 0.1))
const isotropic = gaussianMixturePrior({ weights, means, covariances: 0.5 })
const priors = {
  isotropic,
  'one variance apart': gaussianMixturePrior({ weights, means, covariances: [2, 0.5, 0.5, 0.5, 0.5, 0.5] }),
  full: gaussianMixturePrior({ weights, means, covariances: full.to2DArray() }),
  'a posterior': exactPrior(
    isotropic.law.posterior([numbers('row', n), numbers('other row', n)], [1, -1], 0.05).law,
  ),
}

describe.each(Object.entries(priors))('%s', (_, prior) => {
  const { schedule, law } = prior
  const x = normal(
    [0, 1, 2].map((i) => randomKey(i)),
    [n],
    { dtype: 'float64' },
  )

  it('is the mean of p(x₀ | x_t), as the prior takes it in double precision', () => {
    const byProducts = denoiserByProducts(law)
    for (const t of [0, 30, 300, 900]) {
      const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
      const found = byProducts(x, alpha, sigma).dataSync()
      expect(prior.denoise(x, t).dataSync()).toEqual(found)
      for (let row = 0; row < 3; row++) {
        const exact = prior.given(x.slice(row).dataSync(), t).mean()
        for (let i = 0; i < n; i++)
          expect(Math.abs(found[row * n + i]! - exact[i]!)).toBeLessThan(1e-9 * (1 + Math.abs(exact[i]!)))
      }
    }
  })

  it('has right gradients to second order', async () => {
    await checkGrads((point) => prior.denoise(point, 300), [x], { order: 2 })
  })

  it('is for each sample of a batch what it is alone, bit for bit', () => {
    const all = prior.denoise(x, 200).dataSync()
    for (let row = 0; row < 3; row++)
      expect(prior.denoise(x.slice(row).reshape([1, n]), 200).dataSync()).toEqual(
        all.slice(row * n, (row + 1) * n),
      )
  })
})

it('of a posterior given m numbers m directions are apart from the others', () => {
  // σ = 0 and α = 1: the mean of p(x₀ | x) is x, whatever Σ is.
  const x = normal([randomKey(9)], [n], { dtype: 'float64' })
  const found = denoiserByProducts(priors['a posterior'].law)(x, 1, 0).dataSync()
  x.dataSync().forEach((value, i) => {
    expect(Math.abs(found[i]! - value)).toBeLessThan(1e-10)
  })
})
