import { fromData, OptionError, ShapeError, scope } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { betaSchedules, ve } from '../schedules/index.ts'
import type { Schedule } from '../types.ts'
import type { Prediction } from './index.ts'
import { networkPrior, predictions } from './index.ts'

const schedules: readonly (readonly [string, Schedule, number])[] = [
  ['VP', betaSchedules.linear({ T: 100, betaMin: 1e-3, betaMax: 0.2 }), 37],
  // α² + σ² is not 1 here: v's own form shows.
  ['VE', ve({ sigmaMax: 20 }), 3.5],
]

/** What each kind of network would say of x₀ and ε, by the definition of what it predicts. */
const outputs: Readonly<
  Record<Prediction, (x0: number, noise: number, alpha: number, sigma: number) => number>
> = {
  epsilon: (_, noise) => noise,
  v_prediction: (x0, noise, alpha, sigma) => alpha * noise - sigma * x0,
  sample: (x0) => x0,
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
        const options = { name: 'net', shape: [3], schedule, prediction }
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
      const said = networkPrior({ ...options, prediction: 'epsilon' })
      expect(networkPrior(options).denoise(xt, t).dataSync()).toEqual(said.denoise(xt, t).dataSync())
    })
  })

  it('refuses an empty range, an unknown prediction and another shape', () => {
    const [, schedule] = schedules[0]!
    const options = { name: 'net', shape: [3], schedule, predict: () => fromData([1, 2], [1, 2]) }
    expect(() => networkPrior({ ...options, clip: [1, 1] })).toThrow(OptionError)
    expect(() => networkPrior({ ...options, prediction: 'flow' as Prediction })).toThrow(
      'prediction: must be epsilon, v_prediction, sample, got flow',
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
