import type { Tensor } from '@tweedie/tensor'
import { fromData, OptionError, ShapeError, scope } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { betaSchedules, edm, flow, ve, vpLinear } from '../schedules/index.ts'
import type { Schedule } from '../types.ts'
import type { Prediction } from './index.ts'
import { gaussianMixturePrior, networkPrior, parameterisations, predictions, withSchedule } from './index.ts'

const schedules: readonly (readonly [string, Schedule, number])[] = [
  ['VP', betaSchedules.linear({ T: 100, betaMin: 1e-3, betaMax: 0.2 }), 37],
  // α² + σ² is not 1 here: v's own form shows.
  ['VE', ve({ sigmaMax: 20 }), 3.5],
  ['flow', flow(), 0.3],
]

const deviation = 0.7

/** What each kind of network would say of x₀ and ε, by the definition of what it predicts. */
const outputs: Readonly<
  Record<Prediction, (x0: number, noise: number, alpha: number, sigma: number) => number>
> = {
  epsilon: (_, noise) => noise,
  v: (x0, noise, alpha, sigma) => alpha * noise - sigma * x0,
  x0: (x0) => x0,
  flow: (x0, noise) => noise - x0,
  velocity: (x0, noise) => x0 - noise,
  // arXiv 2206.00364 table 1 in u = x/α and s = σ/α: F = (x₀ − c_skip·u)/c_out.
  edm: (x0, noise, alpha, sigma) => {
    const [s, d2] = [sigma / alpha, deviation ** 2]
    return (x0 - (d2 / (s ** 2 + d2)) * (x0 + s * noise)) / ((s * deviation) / Math.sqrt(s ** 2 + d2))
  },
}

describe('networkPrior', () => {
  it.each(schedules)('gives back x₀ from what a network predicts, on %s', (_, schedule, t) => {
    const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
    const x0 = [0.3, -0.7, 0.1]
    const noise = [1.2, -0.4, 0.05]
    const host = { dtype: 'float64', device: 'reference' } as const
    for (const prediction of predictions) {
      scope(() => {
        const xt = fromData(
          x0.map((x, i) => alpha * x + sigma * noise[i]!),
          [1, 3],
          host,
        )
        const said = x0.map((x, i) => outputs[prediction](x, noise[i]!, alpha, sigma))
        const options = { name: 'net', shape: [3], schedule, predicts: prediction, sigmaData: deviation }
        const predict = () => fromData(said, [1, 3], host)
        const found = networkPrior({ ...options, predict })
          .denoise(xt, t)
          .dataSync()
        for (const [i, x] of x0.entries()) expect(found[i], prediction).toBeCloseTo(x, 12)
        const clipped = networkPrior({ ...options, predict, clip: [-0.5, 0.2] })
          .denoise(xt, t)
          .dataSync()
        for (const [i, x] of [0.2, -0.5, 0.1].entries()) expect(clipped[i], prediction).toBeCloseTo(x, 12)
      })
    }
  })

  it('takes the output for ε where nothing is said', () => {
    const [, schedule, t] = schedules[0]!
    const options = { name: 'net', shape: [1], schedule, predict: () => fromData([0.5], [1, 1]) }
    scope(() => {
      const xt = fromData([2], [1, 1])
      const said = networkPrior({ ...options, predicts: 'epsilon' })
      expect(networkPrior(options).denoise(xt, t).dataSync()).toEqual(said.denoise(xt, t).dataSync())
    })
  })

  it('refuses an empty range, an unknown prediction and another shape', () => {
    const [, schedule] = schedules[0]!
    const options = { name: 'net', shape: [3], schedule, predict: () => fromData([1, 2], [1, 2]) }
    expect(() => networkPrior({ ...options, clip: [1, 1] })).toThrow(OptionError)
    expect(() => networkPrior({ ...options, predicts: 'edm', sigmaData: 0 })).toThrow(
      'sigmaData: must be above 0',
    )
    expect(() => networkPrior({ ...options, predicts: 'score' as Prediction })).toThrow(
      'predicts: must be epsilon | x0 | v | flow | velocity | edm, got score',
    )
    scope(() => {
      // A single output would stretch over x_t.
      for (const said of [[1], [1, 2]]) {
        const other = networkPrior({ ...options, predict: () => fromData(said, [1, said.length]) })
        const denoise = () => other.denoise(fromData([1, 2, 3], [1, 3]), 3)
        expect(denoise).toThrow(ShapeError)
        expect(denoise).toThrow("net: the network's output must have the shape of x_t")
      }
      expect(() => networkPrior(options).denoise(fromData([1, 2], [1, 2]), 3)).toThrow(
        'net: x_t must be a batch of samples',
      )
    })
  })
})

describe('what networks predict', () => {
  const levels = [
    [1, 80],
    [1, 0.002],
    [0.8, 0.6],
    [0.3, 0.7],
    [1e-3, 0.999],
  ] as const

  it.each(predictions)('%s: the target makes x̂₀ = x₀, and is what it is called', (prediction) => {
    for (const [alpha, sigma] of levels) {
      const { estimate, target } = parameterisations[prediction](alpha, sigma, deviation)
      for (const [x0, noise] of [
        [1, 0],
        [0, 1],
        [-0.4, 1.7],
      ] as const) {
        const said = target.x0 * x0 + target.noise * noise
        expect(said).toBeCloseTo(outputs[prediction](x0, noise, alpha, sigma), 9)
        const x = alpha * x0 + sigma * noise
        expect((estimate.x * x + estimate.output * said) / estimate.over).toBeCloseTo(x0, 9)
      }
    }
  })

  it('edm: input and target have variance 1 for data of σ_data', () => {
    for (const [alpha, sigma] of levels) {
      const { input, target } = parameterisations.edm(alpha, sigma, deviation)
      expect(input ** 2 * ((alpha * deviation) ** 2 + sigma ** 2)).toBeCloseTo(1, 12)
      expect((target.x0 * deviation) ** 2 + target.noise ** 2).toBeCloseTo(1, 12)
    }
  })

  it('velocity: the network sees x and t from noise to data', () => {
    for (const [schedule, t, told] of [
      [flow(), 0.3, 0.7],
      [ve({ sigmaMax: 20 }), 4, 0.2],
    ] as const) {
      const seen: unknown[] = []
      const predict = (x: Tensor, t: number) => {
        seen.push(x.dataSync()[0], t)
        return x
      }
      const prior = networkPrior({ name: 'net', shape: [1], schedule, predicts: 'velocity', predict })
      prior.denoise(fromData([3], [1, 1], { dtype: 'float64' }), t)
      expect(seen).toEqual([3, expect.closeTo(told, 12)])
    }
  })

  it('edm: the network sees c_in·x and ¼·log σ/α', () => {
    const seen: unknown[] = []
    const prior = networkPrior({
      name: 'net',
      shape: [1],
      schedule: flow(),
      predicts: 'edm',
      predict: (x, t) => {
        seen.push(x.dataSync()[0], t)
        return x
      },
    })
    // σ/α = 1.5 at t = 0.6: x/α = 7.5 there.
    prior.denoise(fromData([3], [1, 1], { dtype: 'float64' }), 0.6)
    const wanted = [7.5 / Math.sqrt(1.5 ** 2 + 0.25), Math.log(1.5) / 4]
    expect(seen).toEqual(wanted.map((value) => expect.closeTo(value, 12)))
  })
})

describe('withSchedule', () => {
  const law = { weights: [1, 2], means: [[-1, 0.5], [0.7, 0]], covariances: 0.3 } // biome-ignore format: a table

  it('is the exact denoiser of the other schedule, from whichever it was trained on', () => {
    const all = [
      vpLinear(),
      edm({ sigmaMax: 150 }),
      flow({ noisiest: 0.99 }),
      ve({ sigmaMax: 11, time: 'variance' }),
    ]
    const x = fromData([0.4, -0.9, 1.3, 0.2], [2, 2], { dtype: 'float64' })
    for (const [i, own] of all.entries()) {
      for (const other of all.slice(i)) {
        const moved = withSchedule(gaussianMixturePrior({ ...law, schedule: own }), other)
        const exact = gaussianMixturePrior({ ...law, schedule: other })
        expect(moved.schedule).toBe(other)
        for (const level of [1e-3, 0.1, 1, 9]) {
          const t = other.timeOfNoiseLevel(level)
          const [found, wanted] = [moved, exact].map((prior) => prior.denoise(x, t).dataSync())
          for (let k = 0; k < 4; k++) expect(found![k]).toBeCloseTo(wanted![k]!, 9)
        }
      }
    }
  })

  it('says the mean where nothing is left of x₀, on schedules that both end there', () => {
    const moved = withSchedule(gaussianMixturePrior({ ...law, schedule: flow() }), flow())
    const x = fromData([0.4, -0.9], [1, 2], { dtype: 'float64' })
    const [a, b] = moved.denoise(x, 1).dataSync()
    expect(a).toBeCloseTo((-1 + 2 * 0.7) / 3, 12)
    expect(b).toBeCloseTo(0.5 / 3, 12)
  })

  it('refuses more noise than the prior knows', () => {
    const prior = gaussianMixturePrior({ ...law, schedule: edm({ sigmaMax: 10 }) })
    expect(() => withSchedule(prior, edm({ sigmaMax: 11 }))).toThrow(
      "goes to a noise level of 11; 'gaussian-mixture'",
    )
    expect(() => withSchedule(prior, flow())).toThrow('goes to a noise level of Infinity')
  })
})
