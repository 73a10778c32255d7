import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Tensor } from '@tweedie/tensor'
import { fromData, OptionError, sin, tanh, tensor } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import type { AnyMethod } from '../methods/define.ts'
import { mcg, repaint, tds } from '../methods/index.ts'
import { gaussianNoise, noNoise } from '../noise/index.ts'
import { inpaint } from '../operators/index.ts'
import { countCalls, gaussianPrior, pipelinePrior } from '../priors/index.ts'
import { lookAt, run } from '../run/index.ts'
import { betaSchedules, vpLinear } from '../schedules/index.ts'
import type { Prior, Schedule, Time } from '../types.ts'
import { ancestral, ancestralLook } from './ancestral.ts'
import { posterior } from './steps.ts'

interface Trajectory {
  readonly schedule: 'linear' | 'cosine'
  readonly timesteps: number
  readonly times: readonly number[]
  readonly start: readonly number[]
  readonly draws: readonly (readonly number[])[]
  readonly states: readonly (readonly number[])[]
}
const file = resolve(import.meta.dirname, '../../../../tests/fixtures/learned-variance/trajectories.json')
const trajectories = JSON.parse(readFileSync(file, 'utf8')) as readonly Trajectory[]

const grid = { spacing: 'linspace', offset: 0, last: 'clean' } as const
const schedules = {
  linear: (T: number) => vpLinear({ T }),
  cosine: (T: number) => betaSchedules.squaredcos_cap_v2({ T, betaMin: 0, betaMax: 0 }),
}

describe("guided-diffusion's sampler with a learned variance", () => {
  test.each(trajectories.map((one) => [one.schedule, one.times.length, one] as const))(
    '%s, %i steps',
    (_, __, { schedule: name, timesteps, times, start, draws, states }) => {
      const schedule = schedules[name](timesteps)
      const prior = pipelinePrior({
        ...{ name: 'formula', shape: [1, 2, 3], schedule, grid, variance: 'learned-range' },
        limit: { kind: 'clip', range: 1 },
        predict: (x, t) => ({
          output: x.mul(0.9).add(sin(x.mul(5)).mul(0.1)),
          v: tanh(x.mul(2).sub(t / 500)).mul(1.5),
        }),
      })
      const state = (values: readonly number[]) => fromData(values, [2, 1, 2, 3], { dtype: 'float64' })
      let x = state(start)
      times.forEach((t, i) => {
        const look = ancestralLook(prior, x, t, { variance: 'learned-range', through: false })
        const { kernel } = ancestral('learned-range', look.v)
        const at = { t, s: times[i + 1] ?? schedule.clean, schedule }
        x = kernel(x, look.x0hat, () => state(draws[i]!), at)
        const worst = Math.max(...x.dataSync().map((value, k) => Math.abs(value - states[i]![k]!)))
        // Theirs is computed in float32.
        expect(worst).toBeLessThan(2e-5)
      })
    },
  )
})

const gaussian = gaussianPrior({
  mean: [0, 0, 0, 0],
  covariance: [
    [1, 0.5, 0, 0],
    [0.5, 1, 0, 0],
    [0, 0, 0.09, 0],
    [0, 0, 0, 0.09],
  ],
  shape: [1, 2, 2],
})

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
const y = operator.forward(tensor([[[[1, 0], [0, 0]]]], { dtype: 'float64' })) // biome-ignore format: a picture
const methods: readonly (readonly [string, AnyMethod, number])[] = [
  ['repaint', repaint, 0],
  ['mcg', mcg, 0],
  ['tds', tds, 0.3],
]
const few = { repaint: { jump: 2, repeats: 2 }, mcg: { scale: 0.1 }, tds: { particles: 3 } } as const

describe.each(methods)('%s', (name, method, sigma) => {
  const problem = { operator, noise: sigma === 0 ? noNoise() : gaussianNoise(sigma), y }
  const settings = { steps: 6, seed: 4, ...few[name as keyof typeof few] }

  test('with v = −1 it takes β̃, with v = 1 β, with a gradient through the network or without', async () => {
    for (const [v, variance] of [
      [-1, 'small'],
      [1, 'large'],
    ] as const) {
      const prior = countCalls(gaussian)
      const told = telling(gaussian, (x) => x.mul(0).add(v))
      const learned = await run(method.run(problem, told, { ...settings, variance: 'learned-range' }))
      const fixed = await run(method.run(problem, prior, { ...settings, variance }))
      learned.dataSync().forEach((value, k) => expect(value).toBeCloseTo(fixed.dataSync()[k]!, 9))
    }
  })

  test('is refused before any work where the network does not say its variance', () => {
    const prior = countCalls(gaussian)
    const asked = () => method.run(problem, prior, { ...settings, variance: 'learned-range' })
    expect(asked).toThrow(OptionError)
    expect(asked).toThrow(/variance: 'learned-range' needs a network that says where its variance lies/)
    expect(prior.calls.total).toBe(0)
  })
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

test('a variance that is right makes few steps exact where β̃ and β do not: pixels that nothing is said of', async () => {
  const { schedule } = gaussian
  const rows = 2000
  const problem = {
    operator,
    noise: noNoise(),
    y: fromData(new Float64Array(rows).fill(1), [rows, 1, 1], { dtype: 'float64' }),
  }
  const seen: number[] = []
  const settings = { steps: 5, seed: 11, repeats: 1, jump: 1 }
  for await (const { t } of repaint({ ...problem, y }, gaussian, settings)) seen.push(t)
  const v = truth(schedule, seen, 0.09)
  /** Of the two pixels that are independent of the measured one: their variance over 0.09, of 4000 numbers. */
  const ratio = async (prior: Prior, variance: 'small' | 'large' | 'learned-range') => {
    const x = (await run(repaint(problem, prior, { ...settings, variance }))).dataSync()
    let sum = 0
    for (let i = 0; i < rows; i++) sum += x[4 * i + 2]! ** 2 + x[4 * i + 3]! ** 2
    return sum / (2 * rows) / 0.09
  }
  // The last step goes to x̂₀ = E[x₀ | x_t]: of its variance the spread at the last time is missing.
  const last = seen.at(-1)!
  const [alpha, sigma] = [schedule.alpha(last), schedule.sigma(last)]
  const exact = (alpha ** 2 * 0.09) / (alpha ** 2 * 0.09 + sigma ** 2)
  const standardError = exact * Math.sqrt(2 / (2 * rows))
  const learned = await ratio(
    telling(gaussian, (x, t) => x.mul(0).add(v(t))),
    'learned-range',
  )
  expect(Math.abs(learned - exact)).toBeLessThan(5 * standardError)
  for (const variance of ['small', 'large'] as const)
    expect(Math.abs((await ratio(gaussian, variance)) - exact)).toBeGreaterThan(10 * standardError)
})

test('the way back is that of x̂₀ alone, whatever v says; of a pipeline with another variance it is refused', () => {
  const x = tensor([[[[0.3, -1], [0.5, 2]]]], { dtype: 'float64' }) // biome-ignore format: a picture
  const c = tensor([[[[1, 2], [-1, 0.5]]]], { dtype: 'float64' }) // biome-ignore format: a picture
  const told = telling(gaussian, (xt) => xt.mul(3))
  const asked = { variance: 'learned-range', through: true } as const
  const back = ancestralLook(told, x, 400, asked).pullback(c).dataSync()
  expect([...back]).toEqual([...lookAt(gaussian, x, 400, true).pullback(c).dataSync()])
  const { pipeline } = told
  const fixed: Prior = { ...told, ...(pipeline && { pipeline: { ...pipeline, variance: 'small' } }) }
  expect(() => ancestralLook(fixed, x, 400, asked)).toThrow("'learned-range' needs a network")
})
