import { checkGrads, vjp } from '@tweedie/autograd'
import { fromData, memory, normal, randomKey, tensor } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { ve, vpCosine, vpLinear } from '../../schedules/index.ts'
import type { ExactPrior } from '../index.ts'
import { epsilonPrior, exactPrior, gaussianMixturePrior, gaussianPrior } from '../index.ts'

const correlated = [
  [1, 0.6, 0.1],
  [0.6, 0.8, -0.2],
  [0.1, -0.2, 0.5],
]
const means = [
  [-1, 0, 0.5],
  [1, 1, -0.5],
]
const priors: Record<string, ExactPrior> = {
  'Gaussian, full': gaussianPrior({ mean: [0.5, -0.2, 1], covariance: correlated }),
  'Gaussian, diagonal': gaussianPrior({
    mean: [0.5, -0.2, 1],
    covariance: [0.3, 1, 2],
    schedule: vpCosine(),
  }),
  'mixture, isotropic': gaussianMixturePrior({ weights: [1, 2], means, covariances: 0.3, schedule: ve() }),
  'mixture, one full covariance': gaussianMixturePrior({ weights: [1, 2], means, covariances: correlated }),
  'mixture, each its own': gaussianMixturePrior({
    weights: [1, 2],
    means,
    covariances: { each: [correlated, 0.4] },
  }),
}

describe.each(Object.entries(priors))('%s', (_, prior) => {
  const { schedule, law } = prior
  const times = [0.001, 0.05, 0.3, 0.8].map((u) => schedule.clean + u * (schedule.noisiest - schedule.clean))
  const points = normal(
    [0, 1].map((i) => randomKey(i)),
    [3],
    { dtype: 'float64' },
  )

  it('satisfies Tweedie: D = (x_t + σ²∇log p_t)/α, by finite differences of log p_t', () => {
    for (const t of times) {
      const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
      const x0hat = prior.denoise(points, t).dataSync()
      const score = prior.score(points, t).dataSync()
      const noised = prior.at(t)
      const h = 1e-4 * sigma
      for (let row = 0; row < 2; row++) {
        const x = points.slice(row).dataSync()
        for (let i = 0; i < 3; i++) {
          const at = (d: number) => noised.logDensity(x.map((value, j) => value + (i === j ? d : 0)))
          const slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
          expect(Math.abs(score[row * 3 + i]! - slope)).toBeLessThan(1e-6 * (1 + Math.abs(slope)))
          const tweedie = (x[i]! + sigma ** 2 * slope) / alpha
          expect(Math.abs(x0hat[row * 3 + i]! - tweedie)).toBeLessThan(1e-6 * (1 + Math.abs(tweedie)))
        }
      }
    }
  })

  it('denoises to the mean of p(x₀ | x_t), for a batch as for each', () => {
    for (const t of times) {
      const both = prior.denoise(points, t).dataSync()
      for (const row of [0, 1]) {
        const x = points.slice([row, row + 1])
        const mean = prior.given(x.dataSync(), t).mean()
        mean.forEach((m, i) =>
          expect(Math.abs(both[row * 3 + i]! - m)).toBeLessThan(1e-10 * (1 + Math.abs(m))),
        )
        expect(Array.from(prior.denoise(x, t).dataSync())).toEqual(
          Array.from(both.slice(row * 3, row * 3 + 3)),
        )
      }
    }
  })

  it('its VJP is the second moment: ∂D/∂x = (α/σ²)·Cov[x₀ | x_t]', () => {
    for (const t of times.slice(1)) {
      const x = points.slice([0, 1])
      const J = prior.jacobian(x.dataSync(), t)
      for (let i = 0; i < 3; i++) {
        const [, pullback] = vjp((xt) => prior.denoise(xt, t), x)
        const row = pullback(
          fromData(
            [0, 1, 2].map((j) => Number(i === j)),
            [1, 3],
            { dtype: 'float64' },
          ),
        )[0]
        row
          .dataSync()
          .forEach((value, j) => expect(Math.abs(value - J.get(i, j))).toBeLessThan(1e-9 * (1 + J.norm())))
      }
    }
  })

  it('has right gradients to second order', async () => {
    await checkGrads((xt) => prior.denoise(xt, times[2]!), [points], { order: 2 })
  })

  it('conditional Tweedie: x̂₀ + (σ²/α)·∇log p(y | x_t) = E[x₀ | x_t, y] to 1e-10', () => {
    const A = new Matrix([
      [1, -0.5, 0.2],
      [0, 0.7, 0.7],
    ])
    const [y, sigmaY] = [[0.3, -0.4], 0.3]
    for (const t of times.slice(1)) {
      const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
      const x = points.slice(0).dataSync()
      const x0hat = prior.denoise(points.slice([0, 1]), t).dataSync()
      // p(x_t | y): the posterior, noised; so ∇log p(y | x_t) = ∇log p_t(x_t | y) − ∇log p_t(x_t).
      const posterior = exactPrior(law.posterior(A, y, sigmaY).law, { schedule })
      const conditional = posterior.score(points.slice([0, 1]), t).dataSync()
      const unconditional = prior.score(points.slice([0, 1]), t).dataSync()
      const exact = prior.given(x, t).posterior(A, y, sigmaY).law.mean()
      exact.forEach((mean, i) => {
        const guided = x0hat[i]! + (sigma ** 2 / alpha) * (conditional[i]! - unconditional[i]!)
        expect(Math.abs(guided - mean)).toBeLessThan(1e-10 * (1 + Math.abs(mean)))
      })
    }
  })
})

describe('priors', () => {
  it('work in float32, in any shape, and leave nothing behind', () => {
    const prior = gaussianPrior({ mean: [1, 2, 3, 4], covariance: 0.5, shape: [1, 2, 2] })
    const x = tensor([
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
    ])
    prior.denoise(x, 500).dispose() // makes the constants
    const before = memory().tensors
    const out = prior.denoise(x, 0)
    expect(memory().tensors - before).toBeLessThanOrEqual(1)
    expect([out.shape, out.dtype]).toEqual([[1, 1, 2, 2], 'float32'])
  })

  it('epsilonPrior turns the exact noise into the exact denoiser, and clips', () => {
    const schedule = vpLinear()
    const exact = priors['mixture, each its own']!
    const predictNoise: Parameters<typeof epsilonPrior>[0]['predictNoise'] = (xt, t) =>
      exact.score(xt, t).mul(-schedule.sigma(t))
    const options = { name: 'net', shape: [3], schedule, predictNoise }
    const x = normal(randomKey(3), [5, 3], { dtype: 'float64' })
    const expected = exact.denoise(x, 400).dataSync()
    epsilonPrior(options)
      .denoise(x, 400)
      .dataSync()
      .forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 10))

    const clipped = epsilonPrior({ ...options, clip: [-0.5, 0.5] })
    const [value, pullback] = vjp((xt) => clipped.denoise(xt, 400).sum(), x.slice([0, 1]))
    value.dispose()
    const shown = clipped.denoise(x.slice([0, 1]), 400).dataSync()
    expect(Math.max(...shown.map(Math.abs))).toBeLessThanOrEqual(0.5)
    expect(pullback(tensor(1, { dtype: 'float64' }))[0].shape).toEqual([1, 3])
    expect(() => clipped.denoise(x.reshape([3, 5]), 0)).toThrow('batch of samples')
  })

  it('clipping stops the gradient where it acts', () => {
    const prior = epsilonPrior({
      name: 'zero',
      shape: [2],
      schedule: ve(),
      clip: [-1, 1],
      predictNoise: (x) => x.mul(0),
    })
    const [, pullback] = vjp((xt) => prior.denoise(xt, 1), tensor([[0.5, 3]]))
    expect(Array.from(pullback(tensor([[1, 1]]))[0].dataSync())).toEqual([1, 0])
  })
})
