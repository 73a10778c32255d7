import type { Tensor } from '@tweedie/tensor'
import { normal, OptionError, randomKey } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianPrior } from '../priors/index.ts'
import { respace, ve, vpCosine, vpLinear } from '../schedules/index.ts'
import {
  combine,
  ddimStep,
  ddpmNoise,
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

  it('the noise of an ancestral step is what multiplies z', () => {
    for (const step of pairs)
      for (const variance of ['small', 'large'] as const) {
        const drawn = ddpmStep(xt, x0, z, { ...step, variance }).sub(
          ddpmStep(xt, x0, z.mul(0), { ...step, variance }),
        )
        expectClose(drawn, z.mul(ddpmNoise(step, variance)))
      }
  })

  it('DDIM draws √(σ_s² − σ̃²)·ε + σ̃·z about α_s·x̂₀, σ̃ = η·√((1 − ᾱ_t/ᾱ_s)·σ_s²/σ_t²), at every η', () => {
    const [x, estimate, draw] = [list(xt), list(x0), list(z)]
    for (const step of pairs) {
      const [alphaT, alphaS] = [schedule.alpha(step.t), schedule.alpha(step.s)]
      const [sigmaT, sigmaS] = [schedule.sigma(step.t), schedule.sigma(step.s)]
      for (const eta of [0, 0.1, 0.25, 0.5, 0.7, 0.9, 1]) {
        // With ᾱ = α² on VP this is arXiv 2010.02502 eq. 16; α_t/α_s takes the place of √(ᾱ_t/ᾱ_s) elsewhere.
        const most = Math.sqrt(sigmaT ** 2 - ((alphaT * sigmaS) / alphaS) ** 2)
        const spread = (eta * most * sigmaS) / sigmaT
        const kept = Math.sqrt(Math.max(0, sigmaS ** 2 - spread ** 2))
        const expected = x.map((value, i) => {
          const epsilon = (value - alphaT * estimate[i]!) / sigmaT
          return alphaS * estimate[i]! + kept * epsilon + spread * draw[i]!
        })
        expectClose(ddimStep(xt, x0, z, { ...step, eta }), expected)
      }
    }
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
})

describe('on VE, where σ_s may be a tiny part of σ_t', () => {
  // At η = 1 the fresh noise is nearly all of it: σ_s² − σ̃² = (σ_s²/σ_t)², which a difference loses.
  it.each([2.2033829626705306e-7, 1e-8, 3e-12, 1e-100, 1e-160])('from 80 to %d', (s) => {
    const schedule = ve()
    const step = { t: 80, s, schedule }
    for (const eta of [1, 1 - 2 ** -53, 0.999, 0.5, 0]) {
      const found = list(ddimStep(xt, x0, z, { ...step, eta }))
      const kept = s * Math.hypot(Math.sqrt((1 - eta) * (1 + eta)), (eta * s) / 80)
      found.forEach((value, i) => {
        const epsilon = (list(xt)[i]! - list(x0)[i]!) / 80
        const moved = kept * epsilon + eta * s * Math.sqrt(1 - (s / 80) ** 2) * list(z)[i]!
        expect(Math.abs(value - (list(x0)[i]! + moved))).toBeLessThanOrEqual(1e-15 * Math.abs(value))
      })
      if (eta === 1) expectClose(ddimStep(xt, x0, z, { ...step, eta }), ddpmStep(xt, x0, z, step))
    }
  })

  it('no step at any ratio is NaN', () => {
    const schedule = ve({ sigmaMax: 1e4 })
    for (let k = 1; k <= 400; k++) {
      const step = { t: 80, s: 80 * Math.exp(-k / 8) * (1 + k / 977), schedule }
      for (const eta of [0, 0.3, 1]) {
        expect(list(ddimStep(xt, x0, z, { ...step, eta })).every(Number.isFinite), `${step.s}`).toBe(true)
      }
    }
  })
})
