import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { normal, OptionError, randomKey, scope, tensor } from '@tweedie/tensor'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { vpLinear } from '../schedules/index.ts'
import type { ConditionalPrior } from '../types.ts'
import { gaussianMixturePrior, gaussianPrior, linearAutoencoder, rescaled, shiftedByClass } from './index.ts'

const schedule = vpLinear()
const float64 = { dtype: 'float64', device: 'reference' } as const
const weights = [0.3, 0.7]

test('a mixture in other units is the mixture of the moved components', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.1, max: 10, noNaN: true }),
      fc.double({ min: -3, max: 3, noNaN: true }),
      fc.integer({ min: 0, max: 999 }),
      fc.nat(1e6),
      (scale, shift, t, seed) =>
        scope(() => {
          const own = [
            { mean: [0.2, 0.9], covariance: 0.04 },
            { mean: [0.7, 0.1], covariance: 0.25 },
          ]
          const prior = rescaled(
            gaussianMixturePrior({
              weights,
              means: own.map(({ mean }) => mean),
              covariances: { each: own.map(({ covariance }) => covariance) },
              schedule,
            }),
            { scale, shift },
          )
          const moved = gaussianMixturePrior({
            weights,
            means: own.map(({ mean }) => mean.map((m) => scale * m + shift)),
            covariances: { each: own.map(({ covariance }) => scale ** 2 * covariance) },
            schedule: prior.schedule,
          })
          expect(prior.schedule.sigma(t)).toBe(scale * schedule.sigma(t))
          expect(
            prior.schedule.timeOfNoiseLevel(prior.schedule.sigma(t) / prior.schedule.alpha(t)),
          ).toBeCloseTo(t, 6)
          expect(prior.schedule.slopes(t)).toEqual({
            alpha: schedule.slopes(t).alpha,
            sigma: scale * schedule.slopes(t).sigma,
          })
          const xt = normal(randomKey(seed), [3, 2], float64)
          const both = [prior, moved].map(({ denoise }) => {
            const [out, pullback] = vjp((x: typeof xt) => denoise(x, t), xt)
            return [...out.dataSync(), ...pullback(out)[0].dataSync()]
          })
          both[0]!.forEach((v, i) => {
            expect(Math.abs(v - both[1]![i]!)).toBeLessThan(1e-9 * (1 + scale + Math.abs(shift)) ** 3)
          })
        }),
    ),
    { numRuns: 30 },
  )
})

test('what a class moves is scaled with the pictures, and so is a picture among the conditions', () => {
  scope(() => {
    const embedImage = (x: Tensor) => x.mul(10)
    const about = (mean: number, covariance: number, by: number, on = schedule) =>
      shiftedByClass(gaussianPrior({ mean: [mean], covariance, schedule: on }), {
        classes: { low: [-1], high: [1] },
        shift: tensor([[by]], { dtype: 'float64' }),
        embedImage,
      })
    const prior = rescaled(about(0.5, 0.04, 0.3), { scale: 2, shift: -1 }) as ConditionalPrior
    const moved = about(0, 0.16, 0.6, prior.schedule)
    const xt = normal(randomKey(1), [3, 1], { dtype: 'float64' })
    const c = prior.conditional.embed([1, 0, 1])
    const [a, b] = [prior, moved].map(({ conditional }) => [...conditional.denoise(xt, 400, c).dataSync()])
    a!.forEach((v, n) => void expect(v).toBeCloseTo(b![n]!, 10))
    expect(prior.conditional.embedImage!(tensor([[0.5]], { dtype: 'float64' })).toArray()).toEqual([[7.5]])
  })
})

test('scales that turn or flatten a picture are refused, and priors on latents', () => {
  const prior = gaussianMixturePrior({ weights: [1], means: [[0]], covariances: 1, schedule })
  for (const scale of [0, -1, Number.NaN, Infinity])
    expect(() => rescaled(prior, { scale })).toThrow(OptionError)
  expect(() => rescaled(prior, { scale: 1, shift: Number.NaN })).toThrow(OptionError)
  const autoencoder = linearAutoencoder(tensor([[1]]))
  expect(() => rescaled({ ...prior, autoencoder }, { scale: 2 })).toThrow('latents')
})
