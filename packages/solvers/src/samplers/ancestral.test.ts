import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fromData, OptionError, tensor } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import type { AnyMethod } from '../methods/define.ts'
import { mcg, repaint, tds } from '../methods/index.ts'
import { gaussianNoise, noNoise } from '../noise/index.ts'
import { countCalls } from '../priors/index.ts'
import { lookAt, run } from '../run/index.ts'
import { betaSchedules, vpLinear } from '../schedules/index.ts'
import type { Prior } from '../types.ts'
import { ancestral, ancestralLook, ancestralReverse } from './ancestral.ts'
import {
  expectExactByRightVariance,
  farthest,
  float64,
  formulaPrior,
  gaussian,
  operator,
  telling,
  y,
} from './learned-variance.test.helper.ts'

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

const schedules = {
  linear: (T: number) => vpLinear({ T }),
  cosine: (T: number) => betaSchedules.squaredcos_cap_v2({ T, betaMin: 0, betaMax: 0 }),
}

describe("guided-diffusion's sampler with a learned variance", () => {
  test.each(trajectories.map((one) => [one.schedule, one.times.length, one] as const))(
    '%s, %i steps',
    (_, __, { schedule: name, timesteps, times, start, draws, states }) => {
      const schedule = schedules[name](timesteps)
      const prior = formulaPrior(schedule)
      const state = (values: readonly number[]) => fromData(values, [2, 1, 2, 3], float64)
      let x = state(start)
      times.forEach((t, i) => {
        const look = ancestralLook(prior, x, t, { variance: 'learned-range', through: false })
        const { kernel } = ancestral('learned-range', look.v)
        const at = { t, s: times[i + 1] ?? schedule.clean, schedule }
        x = kernel(x, look.x0hat, () => state(draws[i]!), at)
        // Theirs is computed in float32.
        expect(farthest(x, states[i]!)).toBeLessThan(2e-5)
      })
    },
  )
})

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

test('a variance that is right makes few steps exact where β̃ and β do not: pixels that nothing is said of', () =>
  expectExactByRightVariance((seen, prior, options) =>
    repaint({ operator, noise: noNoise(), y: seen }, prior, { ...options, repeats: 1, jump: 1 }),
  ))

test('the way back is that of x̂₀ alone, whatever v says; of a pipeline with another variance it is refused', () => {
  const x = tensor([[[[0.3, -1], [0.5, 2]]]], float64) // biome-ignore format: a picture
  const c = tensor([[[[1, 2], [-1, 0.5]]]], float64) // biome-ignore format: a picture
  const told = telling(gaussian, (xt) => xt.mul(3))
  const asked = { variance: 'learned-range', through: true } as const
  const back = ancestralLook(told, x, 400, asked).pullback(c).dataSync()
  expect([...back]).toEqual([...lookAt(gaussian, x, 400, true).pullback(c).dataSync()])
  const { pipeline } = told
  const fixed: Prior = { ...told, ...(pipeline && { pipeline: { ...pipeline, variance: 'small' } }) }
  expect(() => ancestralLook(fixed, x, 400, asked)).toThrow("'learned-range' needs a network")
  const { reverse: _, ...without } = pipeline ?? expect.fail()
  expect(() => ancestralReverse({ ...told, pipeline: without }, asked)).toThrow('take pipelinePrior')
})
