import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Tensor } from '@tweedie/tensor'
import { fromData, OptionError, tensor } from '@tweedie/tensor'
import { describe, expect, test, vi } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator, unknownGain } from '../../operators/index.ts'
import { countCalls, gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import {
  expectExactByRightVariance,
  farthest,
  float64,
  formulaPrior,
  gaussian,
  operator,
  telling,
  y,
} from '../../samplers/learned-variance.test.helper.ts'
import { vpLinear } from '../../schedules/index.ts'
import type { Prior, Problem } from '../../types.ts'
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

test.each(trajectories.map((one) => [one.times.length, one] as const))(
  "DPS as its authors' code, with a learned variance: %i steps",
  async (steps, { times, scale, start, matrix, y, draws: drawn, states }) => {
    const shape = [1, 2, 3]
    const prior = formulaPrior(vpLinear())
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
        // Theirs is computed in float32, and each step stretches what the one before was off by.
        expect(farthest(x, states[i]!)).toBeLessThan(5e-5)
      }
    } finally {
      draws = undefined
    }
  },
)

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

test('DPS: a variance that is right makes few steps exact for pixels that nothing is said of; β̃ and β do not', () =>
  expectExactByRightVariance((seen, prior, options) =>
    dps({ ...plain, y: seen }, prior, { ...options, scale: 0.2 }),
  ))
