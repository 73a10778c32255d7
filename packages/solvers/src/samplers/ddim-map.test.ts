import { checkGrads, grad, hvp, revolveRecomputations } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import {
  matmul,
  normal,
  OptionError,
  peakBytesOf,
  randomKey,
  ShapeError,
  scope,
  tanh,
  tensor,
} from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import type { SamplerStrategy } from '../index.ts'
import {
  countCalls,
  ddimSampler,
  ddimStep,
  epsilonPrior,
  gaussianMixturePrior,
  gaussianPrior,
  invertDdimStep,
  noiseStreams,
  run,
  samplerWithin,
  sampleUnconditional,
  ve,
  vpLinear,
} from '../index.ts'

const f64 = { dtype: 'float64' } as const
const covariance = [
  [0.5, 0.2, 0],
  [0.2, 0.4, -0.1],
  [0, -0.1, 0.3],
]
const priors = {
  gaussian: gaussianPrior({ mean: [0.5, -0.3, 0.1], covariance }),
  mixture: gaussianMixturePrior({
    weights: [0.3, 0.7],
    means: [
      [0.6, -0.2, 0.1],
      [-0.4, 0.5, 0],
    ],
    covariances: covariance,
  }),
  've mixture': gaussianMixturePrior({
    weights: [0.5, 0.5],
    means: [
      [0.5, 0, 0],
      [-0.5, 0, 0.2],
    ],
    covariances: 0.3,
    schedule: ve({ sigmaMax: 5 }),
  }),
} as const
const A = tensor(
  [
    [1, -0.5],
    [0.3, 0.8],
    [-0.6, 0.2],
  ],
  f64,
)
const y = tensor([[0.4, -0.7]], f64)
const z = normal(randomKey(5), [2, 3], f64)
const list = (x: Tensor) => Array.from(x.dataSync())
const dot = (a: Tensor, b: Tensor) => list(a).reduce((sum, value, i) => sum + value * list(b)[i]!, 0)
const distance = (a: Tensor, b: Tensor) => Math.hypot(...list(a.sub(b))) / Math.hypot(...list(b))

/** The budget that a refusal names. */
function leastOf(fn: () => unknown): number {
  try {
    fn()
  } catch (error) {
    if (error instanceof OptionError) return Number(/at least (\d+) bytes/.exec(error.message)?.[1])
    throw error
  }
  throw new Error('was not refused')
}

type PriorName = keyof typeof priors
const lossOf =
  (name: PriorName, strategy: SamplerStrategy, steps = 10) =>
  (noise: Tensor) =>
    matmul(ddimSampler(priors[name], { steps, strategy })(noise), A).sub(y).square().sum()
const storing: readonly SamplerStrategy[] = ['checkpoint', { slots: 1 }, { slots: 3 }, { slots: 20 }]

describe.each(Object.keys(priors) as PriorName[])('the gradient through DDIM on the %s', (name) => {
  const truth = grad(lossOf(name, 'tape'))(z)

  it('is that of finite differences along random directions', () => {
    const f = lossOf(name, 'tape')
    for (let k = 0; k < 3; k++) {
      const v = normal(randomKey(70 + k), [2, 3], f64)
      const at = (h: number) => f(z.add(v.mul(h))).dataSync()[0]!
      const h = 1e-3
      const slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
      expect(Math.abs(dot(truth, v) / slope - 1)).toBeLessThan(1e-6)
    }
  })

  it.each(storing)('is the same to rounding with %j', (strategy) => {
    expect(distance(grad(lossOf(name, strategy))(z), truth)).toBeLessThan(1e-13)
  })

  it('is close to it by re-integration, the closer the more iterations', () => {
    const errors = [1, 3, 10, 40].map((iterations) => distance(grad(lossOf(name, { iterations }))(z), truth))
    errors.slice(1).forEach((error, i) => expect(error).toBeLessThan(errors[i]! + 1e-9))
    expect(errors[2]).toBeLessThan(1e-5)
    expect(errors.at(-1)).toBeLessThan(1e-13)
  })
})

describe('ddimSampler', () => {
  it('gives the samples of sampleUnconditional with η = 0, whatever the strategy', async () => {
    const prior = priors.mixture
    const start = noiseStreams({ seed: 3, count: 2, dtype: 'float64' }).normal(0, 'start', [3])
    const x = await run(
      sampleUnconditional(prior, {
        steps: 7,
        eta: 0,
        seed: 3,
        count: 2,
        spacing: 'trailing',
        dtype: 'float64',
      }),
    )
    for (const strategy of ['tape', 'reversible', ...storing] as const) {
      expect(list(ddimSampler(prior, { steps: 7, spacing: 'trailing', strategy })(start))).toEqual(list(x))
    }
  })

  it('evaluates the prior as often as predicted', () => {
    const calls = (strategy: SamplerStrategy, steps: number) => {
      const prior = countCalls(priors.gaussian)
      scope(() => void grad((noise: Tensor) => ddimSampler(prior, { steps, strategy })(noise).sum())(z))
      return prior.calls.total
    }
    expect(calls('tape', 10)).toBe(10)
    expect(calls('checkpoint', 10)).toBe(19)
    expect(calls({ slots: 3 }, 10)).toBe(10 + revolveRecomputations(10, 3))
    expect(calls({ slots: 8 }, 50)).toBe(50 + revolveRecomputations(50, 8))
    expect(calls({ iterations: 4 }, 10)).toBe(10 + 9 * (4 + 1))
    expect(calls('reversible', 1)).toBe(1)
    // Ten iterations where nothing is said.
    expect(calls('reversible', 10)).toBe(10 + 9 * (10 + 1))
  })

  it.each([...storing, { iterations: 100 }])(
    'has gradients in what the prior closes over, with %j',
    (strategy) => {
      const schedule = vpLinear()
      const loss = (noise: Tensor, w: Tensor) => {
        const predictNoise = (xt: Tensor, t: number) => tanh(matmul(xt, w)).mul(schedule.sigma(t))
        const prior = epsilonPrior({ name: 'network', shape: [3], schedule, predictNoise })
        return ddimSampler(prior, { steps: 5, strategy })(noise).square().sum()
      }
      const w = normal(randomKey(8), [3, 3], f64).mul(0.3)
      checkGrads(loss, [z, w], { order: 1, tolerance: 1e-6 })
    },
  )

  it('has second derivatives', () => {
    const v = normal(randomKey(9), [2, 3], f64)
    const truth = hvp(lossOf('mixture', 'tape', 5), z, v)
    for (const strategy of storing) {
      expect(distance(hvp(lossOf('mixture', strategy, 5), z, v), truth)).toBeLessThan(1e-12)
    }
  })

  it('stays within a budget of bytes, with the same gradient, by as few evaluations as that allows', () => {
    for (const steps of [10, 50, 200]) {
      const gradient = (strategy: SamplerStrategy) => grad(lossOf('mixture', strategy, steps))
      const truth = list(gradient('tape')(z))
      const tape = peakBytesOf(() => gradient('tape')(z))
      const least = leastOf(() => gradient({ bytes: 1 })(z))
      for (const bytes of [least, least + 100, Math.floor(tape / 2), 1e9]) {
        const found = samplerWithin(bytes, priors.mixture, { steps, like: z })
        expect(
          peakBytesOf(() => gradient({ bytes })(z)),
          `${steps} steps, ${bytes}`,
        ).toBeLessThanOrEqual(bytes)
        const prior = countCalls(priors.mixture)
        const sampler = ddimSampler(prior, { steps, strategy: { bytes } })
        scope(() => void grad((noise: Tensor) => sampler(noise).sum())(z))
        const again = found === 'tape' ? 0 : revolveRecomputations(steps, found.slots)
        expect(prior.calls.total).toBe(1 + steps + again) // one to measure
        gradient({ bytes })(z)
          .dataSync()
          .forEach((v, i) => expect(Math.abs(v / truth[i]! - 1)).toBeLessThan(1e-12))
      }
      // One byte less is refused, and the tape is taken where it fits.
      expect(() => gradient({ bytes: least - 1 })(z)).toThrow(
        `needs at least ${least} bytes, got ${least - 1}`,
      )
      expect(samplerWithin(1e9, priors.mixture, { steps, like: z })).toBe('tape')
      expect(samplerWithin(least, priors.mixture, { steps, like: z })).toEqual({ slots: 1 })
    }
  })

  it('stays within every budget where a step keeps next to nothing but the last keeps less', () => {
    const prior = { ...priors.gaussian, denoise: (x: Tensor) => x }
    const gradient = (bytes: number) => {
      const sampler = ddimSampler(prior, { steps: 10, strategy: { bytes } })
      return grad((noise: Tensor) => sampler(noise).sum())
    }
    const least = leastOf(() => gradient(1)(z))
    for (let bytes = least; bytes < 3000; bytes += 8)
      expect(
        peakBytesOf(() => gradient(bytes)(z)),
        `of ${bytes}`,
      ).toBeLessThanOrEqual(bytes)
  })

  it('refuses what cannot be', () => {
    const prior = priors.gaussian
    for (const strategy of [{ slots: 0 }, { iterations: 1.5 }, 'revolve' as unknown as 'tape'] as const) {
      expect(() => ddimSampler(prior, { strategy })).toThrow(OptionError)
    }
    expect(() => ddimSampler(prior)(tensor([1, 2, 3]))).toThrow(ShapeError)
    expect(() => ddimSampler(prior, { steps: 0 })).toThrow(OptionError)
  })
})

describe('the inverse of a DDIM step', () => {
  it('is the fixed point, and one iteration the step back along ε(x_s, t)', () => {
    const prior = priors.mixture
    const { schedule } = prior
    const step = { t: 400, s: 300, schedule }
    const xs = ddimStep(z, prior.denoise(z, 400), undefined, { ...step, eta: 0 })
    const gaps = [1, 2, 4, 8, 32].map((iterations) =>
      distance(invertDdimStep(prior, xs, step, { iterations }), z),
    )
    gaps.slice(1).forEach((gap, i) => expect(gap).toBeLessThan(gaps[i]! / 1.5 + 1e-14))
    expect(gaps.at(-1)).toBeLessThan(1e-9)
    const [alphaT, alphaS] = [schedule.alpha(400), schedule.alpha(300)]
    const epsilon = xs.sub(prior.denoise(xs, 400).mul(alphaT)).div(schedule.sigma(400))
    const naive = xs
      .mul(alphaT / alphaS)
      .add(epsilon.mul(schedule.sigma(400) - (alphaT * schedule.sigma(300)) / alphaS))
    expect(distance(invertDdimStep(prior, xs, step, { iterations: 1 }), naive)).toBeLessThan(1e-14)
  })

  it('does not exist at the clean end', () => {
    const step = { t: 0, s: -1, schedule: priors.gaussian.schedule }
    expect(() => invertDdimStep(priors.gaussian, z, step)).toThrow(/no inverse/)
  })
})
