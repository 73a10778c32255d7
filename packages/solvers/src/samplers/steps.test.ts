import type { Tensor } from '@tweedie/tensor'
import { normal, OptionError, randomKey } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianPrior } from '../priors/index.ts'
import { respace, ve, vpCosine, vpLinear } from '../schedules/index.ts'
import {
  combine,
  conditionalMean,
  ddimStep,
  ddpmStep,
  forwardTransition,
  predictedNoise,
  renoiseStep,
} from './index.ts'

const [xt, x0, z] = [0, 1, 2].map((i) => normal(randomKey(i), [2, 3], { dtype: 'float64' })) as [
  Tensor,
  Tensor,
  Tensor,
]
const list = (x: Tensor) => Array.from(x.dataSync())
const expectClose = (a: Tensor, b: Tensor | readonly number[]) => {
  const other = 'shape' in b ? list(b) : b
  list(a).forEach((value, i) => expect(value).toBeCloseTo(other[i]!, 11))
}

describe.each([vpLinear(), vpCosine(), ve({ sigmaMax: 10 })])('on the schedule $name', (schedule) => {
  const pairs = respace(schedule, 7).map((pair) => ({ ...pair, schedule }))

  it('DDIM with η = 1 is the ancestral step', () => {
    for (const step of pairs) expectClose(ddimStep(xt, x0, z, { ...step, eta: 1 }), ddpmStep(xt, x0, z, step))
  })

  it('given x₀, each step takes the law of x_t to the law of x_s', () => {
    // x_t = α_t·x₀ + σ_t·ε: the step is then α_s·x₀ + a·ε + b·z, with a² + b² = σ_s².
    const [zeroX, e] = [x0, xt]
    for (const step of pairs) {
      const { t, s } = step
      const noised = combine([schedule.alpha(t), zeroX], [schedule.sigma(t), e])
      expectClose(predictedNoise(noised, zeroX, schedule, t), e)
      const all = [
        (n: Tensor | undefined) => ddpmStep(noised, zeroX, n, step),
        ...[0, 0.3, 1].map((eta) => (n: Tensor | undefined) => ddimStep(noised, zeroX, n, { ...step, eta })),
        ...[0, 0.85, 1].map(
          (fresh) => (n: Tensor | undefined) => renoiseStep(noised, zeroX, n, { ...step, fresh }),
        ),
      ]
      for (const make of all) {
        const [withZ, without] = [list(make(z)), list(make(combine([0, z])))]
        const signal = list(zeroX).map((v) => schedule.alpha(s) * v)
        const b = (withZ[0]! - without[0]!) / list(z)[0]!
        const a = (without[0]! - signal[0]!) / list(e)[0]!
        expect(a * a + b * b).toBeCloseTo(schedule.sigma(s) ** 2, 10)
        expect([a, b].every((v) => v > -1e-12)).toBe(true)
      }
    }
  })

  it('ends at x̂₀ without noise', () => {
    const last = pairs.at(-1)!
    for (const end of [
      ddpmStep(xt, x0, undefined, last),
      ddimStep(xt, x0, undefined, { ...last, eta: 0.5 }),
      renoiseStep(xt, x0, undefined, { ...last, fresh: 0.85 }),
    ])
      expectClose(end, x0)
  })

  it('refuses steps toward noise, missing noise and wrong fractions', () => {
    const { t, s } = pairs[0]!
    expect(() => ddpmStep(xt, x0, z, { t: s, s: t, schedule })).toThrow(OptionError)
    expect(() => ddpmStep(xt, x0, undefined, pairs[0]!)).toThrow('needs a noise tensor')
    expect(() => ddimStep(xt, x0, z, { t, s, schedule, eta: 1.1 })).toThrow(OptionError)
    expect(() => renoiseStep(xt, x0, z, { t, s, schedule, fresh: -0.1 })).toThrow(OptionError)
  })
})

describe('on VP', () => {
  const schedule = vpLinear()

  it('the ancestral step is that of DDPM in β and ᾱ', () => {
    const [t, s] = [400, 399]
    const [ab, abs] = [schedule.alpha(t) ** 2, schedule.alpha(s) ** 2]
    const beta = 1 - ab / abs
    expect(beta).toBeCloseTo(1e-4 + (0.0199 * 400) / 999, 12)
    const expected = list(xt).map(
      (x, i) =>
        ((Math.sqrt(abs) * beta) / (1 - ab)) * list(x0)[i]! +
        ((Math.sqrt(1 - beta) * (1 - abs)) / (1 - ab)) * x +
        Math.sqrt((beta * (1 - abs)) / (1 - ab)) * list(z)[i]!,
    )
    expectClose(ddpmStep(xt, x0, z, { t, s, schedule }), expected)
    expect(forwardTransition({ t, s, schedule }).variance).toBeCloseTo(beta, 12)
  })

  it('the ancestral step of the exact denoiser of N(0, v) has the exact conditional mean', () => {
    // For one fine step the reverse kernel is Gaussian with mean E[x_s | x_t], for any number of steps.
    const prior = gaussianPrior({ mean: [0, 0, 0], covariance: 0.4, schedule })
    const [t, s] = [700, 200]
    const x0hat = prior.denoise(xt, t)
    const { ratio } = forwardTransition({ t, s, schedule })
    const varS = schedule.alpha(s) ** 2 * 0.4 + schedule.sigma(s) ** 2
    const varT = schedule.alpha(t) ** 2 * 0.4 + schedule.sigma(t) ** 2
    expectClose(
      ddpmStep(xt, x0hat, combine([0, z]), { t, s, schedule }),
      list(xt).map((x) => ((ratio * varS) / varT) * x),
    )
  })

  it('conditionalMean is x̂₀ + (σ²/α)·g', () => {
    const factor = schedule.sigma(300) ** 2 / schedule.alpha(300)
    expectClose(
      conditionalMean(x0, z, schedule, 300),
      list(x0).map((v, i) => v + factor * list(z)[i]!),
    )
  })
})
