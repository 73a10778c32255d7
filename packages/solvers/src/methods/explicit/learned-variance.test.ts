import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Tensor } from '@tweedie/tensor'
import { fromData, OptionError, sin, tanh, tensor } from '@tweedie/tensor'
import { describe, expect, test, vi } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { inpaint, matrixOperator, unknownGain } from '../../operators/index.ts'
import { countCalls, gaussianPrior, pipelinePrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { posterior } from '../../samplers/steps.ts'
import { vpLinear } from '../../schedules/index.ts'
import type { Prior, Problem, Schedule, Time } from '../../types.ts'
import type { AnyMethod } from '../define.ts'
import { blindDps, dmps, dps, ilvr, presetsOf } from '../index.ts'

/** What is drawn for a step; where there is nothing, as always. */
let draws: ((step: number) => Tensor | undefined) | undefined

vi.mock('../../run/streams.ts', async (original) => {
  const { noiseStreams } = await original<typeof import('../../run/streams.ts')>()
  return {
    noiseStreams: (options: Parameters<typeof noiseStreams>[0]) => {
      const streams = noiseStreams(options)
      const normal: typeof streams.normal = (step, name, shape) =>
        draws?.(step) ?? streams.normal(step, name, shape)
      return { ...streams, normal }
    },
  }
})

interface Trajectory {
  readonly times: readonly number[]
  readonly scale: number
  readonly start: readonly number[]
  readonly matrix: readonly (readonly number[])[]
  readonly y: readonly number[]
  readonly draws: readonly (readonly number[])[]
  readonly states: readonly (readonly number[])[]
}
const file = resolve(import.meta.dirname, '../../../../../tests/fixtures/learned-variance/dps.json')
const trajectories = JSON.parse(readFileSync(file, 'utf8')) as readonly Trajectory[]

const grid = { spacing: 'linspace', offset: 0, last: 'clean' } as const
const float64 = { dtype: 'float64' } as const

test.each(trajectories.map((one) => [one.times.length, one] as const))(
  "DPS as its authors' code, with a learned variance: %i steps",
  async (steps, { times, scale, start, matrix, y, draws: drawn, states }) => {
    const shape = [1, 2, 3]
    const prior = pipelinePrior({
      ...{ name: 'formula', shape, schedule: vpLinear(), grid, variance: 'learned-range' },
      limit: { kind: 'clip', range: 1 },
      predict: (x, t) => ({
        output: x.mul(0.9).add(sin(x.mul(5)).mul(0.1)),
        v: tanh(x.mul(2).sub(t / 500)).mul(1.5),
      }),
    })
    const problem: Problem = {
      operator: matrixOperator(
        tensor(
          matrix.map((row) => [...row]),
          float64,
        ),
        { inShape: shape },
      ),
      noise: gaussianNoise(0.05),
      y: tensor([[...y]], float64),
    }
    const state = (values: readonly number[]) => fromData(values, [1, ...shape], float64)
    // The first step starts at their x_T, not at σ_T times it.
    const resume = { next: 0, state: { x: state(start) } }
    draws = (step) => state(drawn[step]!)
    try {
      const settings = { steps, scale, variance: 'learned-range', clip: [-1, 1], resume } as const
      for await (const { i, t, x } of dps(problem, prior, settings)) {
        expect(t).toBe(times[i])
        const worst = Math.max(...x.dataSync().map((value, k) => Math.abs(value - states[i]![k]!)))
        // Theirs is computed in float32, and each step stretches what the one before was off by.
        expect(worst).toBeLessThan(5e-5)
      }
    } finally {
      draws = undefined
    }
  },
)

const covariance = [
  [1, 0.5, 0, 0],
  [0.5, 1, 0, 0],
  [0, 0, 0.09, 0],
  [0, 0, 0, 0.09],
]
const gaussian = gaussianPrior({ mean: [0, 0, 0, 0], covariance, shape: [1, 2, 2] })

/** The same prior, which says of its variance what `says` does. */
const telling = (prior: Prior, says: (x: Tensor, t: Time) => Tensor): Prior => ({
  ...prior,
  pipeline: {
    grid,
    variance: 'learned-range',
    estimate: (x, t) => {
      const x0hat = prior.denoise(x, t)
      return { x0hat, unlimited: x0hat, v: says(x, t) }
    },
  },
})

const operator = inpaint([1, 2, 2], { mask: [1, 0, 0, 0] })
const y = operator.forward(tensor([[[[1, 0], [0, 0]]]], float64)) // biome-ignore format: a picture
const plain: Problem = { operator, noise: gaussianNoise(0.3), y }
const few = { steps: 6, seed: 4 }
const methods: readonly (readonly [string, AnyMethod, Problem, object])[] = [
  ['dps', dps, plain, { scale: 0.1, clip: [-2, 2] }],
  ['dps by its likelihood', dps, plain, { guidance: 'likelihood', scale: 0.5 }],
  ['dmps', dmps, plain, { clip: [-2, 2] }],
  ['ilvr', ilvr, plain, { range: -1 }],
  ['blind-dps', blindDps, { ...plain, operator: unknownGain(operator) }, { scale: 0.01 }],
]

describe.each(methods)('%s', (name, method, problem, more) => {
  const settings = { ...few, ...more }
  test('with v = −1 it takes β̃, with v = 1 β', async () => {
    for (const [v, variance] of [
      [-1, 'small'],
      [1, 'large'],
    ] as const) {
      // biome-ignore format: rows
      // The unknown has a chain of its own, whose prior says nothing of its variance: that of β is asked of the picture alone.
      if (name === 'blind-dps' && variance === 'large') continue
      const told = telling(gaussian, (x) => x.mul(0).add(v))
      const learned = await run(method.run(problem, told, { ...settings, variance: 'learned-range' }))
      const fixed = await run(method.run(problem, gaussian, { ...settings, variance }))
      learned.dataSync().forEach((value, k) => expect(value).toBeCloseTo(fixed.dataSync()[k]!, 9))
    }
  })

  test('is refused before any work where the network does not say its variance', () => {
    const prior = countCalls(gaussian)
    const asked = () => method.run(problem, prior, { ...settings, variance: 'learned-range' })
    expect(asked).toThrow(OptionError)
    expect(asked).toThrow("'gaussian' does not: take small or large")
    expect(prior.calls.total).toBe(0)
  })

  test('is refused with another η than 1, where there is one', () => {
    if (name !== 'ilvr')
      expect(() => method.run(problem, gaussian, { ...settings, variance: 'large', eta: 0.5 })).toThrow(
        "variance: 'large' is of ancestral steps, which have eta = 1, got 0.5",
      )
  })

  test('is what its presets take', () => {
    for (const { settings } of presetsOf(method)) expect(settings['variance']).toBe('learned-range')
  })
})

test('a prior of the unknown that says its variance is sampled with it, one that does not with β̃', async () => {
  const problem: Problem = { ...plain, operator: unknownGain(operator) }
  // Of a gain, which is one number.
  const kernels = gaussianPrior({ mean: [0.8], covariance: 0.1, shape: [1], schedule: gaussian.schedule })
  const says = (prior: Prior, v: number) => telling(prior, (x) => x.mul(0).add(v))
  const restored = async (
    prior: Prior,
    kernelPrior: Prior,
    variance: 'learned-range' | 'small' | 'large',
  ) => {
    const settings = { ...few, scale: 0.1, variance, kernelPrior } as const
    return Array.from((await run(blindDps(problem, prior, settings))).dataSync())
  }
  const close = (a: readonly number[], b: readonly number[]) =>
    a.forEach((value, i) => expect(value).toBeCloseTo(b[i]!, 9))
  const large = await restored(gaussian, kernels, 'large')
  close(await restored(says(gaussian, 1), says(kernels, 1), 'learned-range'), large)
  const untold = await restored(says(gaussian, -1), kernels, 'learned-range')
  close(untold, await restored(gaussian, kernels, 'small'))
  const told = await restored(says(gaussian, -1), says(kernels, 1), 'learned-range')
  expect(Math.abs(told[0]! - untold[0]!)).toBeGreaterThan(1e-6)
})

/** v of the law N(0, c) of a pixel: the variance of p(x_s | x_t) is β̃ and what the spread of x₀ given x_t adds. */
function truth(schedule: Schedule, times: readonly Time[], c: number) {
  return (t: Time): number => {
    const s = times[times.indexOf(t) + 1] ?? schedule.clean
    if (s === schedule.clean) return 0
    const { small, variance: large, ofX0 } = posterior({ t, s, schedule })
    const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
    const spread = (c * sigma ** 2) / (alpha ** 2 * c + sigma ** 2)
    return (2 * Math.log((small + ofX0 ** 2 * spread) / small)) / Math.log(large / small) - 1
  }
}

test('DPS: a variance that is right makes few steps exact for pixels that nothing is said of; β̃ and β do not', async () => {
  const { schedule } = gaussian
  const rows = 2000
  const measured = fromData(new Float64Array(rows).fill(1), [rows, 1, 1], float64)
  const problem = { ...plain, y: measured }
  const settings = { steps: 5, seed: 11, scale: 0.2 }
  const seen: number[] = []
  for await (const { t } of dps(problem, gaussian, settings)) seen.push(t)
  const v = truth(schedule, seen, 0.09)
  /** Of the two pixels that are independent of the measured one: their variance over 0.09, of 4000 numbers. */
  const ratio = async (prior: Prior, variance: 'small' | 'large' | 'learned-range') => {
    const x = (await run(dps(problem, prior, { ...settings, variance }))).dataSync()
    let sum = 0
    for (let i = 0; i < rows; i++) sum += x[4 * i + 2]! ** 2 + x[4 * i + 3]! ** 2
    return sum / (2 * rows) / 0.09
  }
  // The last step goes to x̂₀ = E[x₀ | x_t]: of its variance the spread at the last time is missing.
  const last = seen.at(-1)!
  const [alpha, sigma] = [schedule.alpha(last), schedule.sigma(last)]
  const exact = (alpha ** 2 * 0.09) / (alpha ** 2 * 0.09 + sigma ** 2)
  const standardError = exact * Math.sqrt(2 / (2 * rows))
  const told = telling(gaussian, (x, t) => x.mul(0).add(v(t)))
  expect(Math.abs((await ratio(told, 'learned-range')) - exact)).toBeLessThan(5 * standardError)
  for (const variance of ['small', 'large'] as const)
    expect(Math.abs((await ratio(gaussian, variance)) - exact)).toBeGreaterThan(10 * standardError)
})
