import { OptionError, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise, poissonNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { countCalls, gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace } from '../../schedules/index.ts'
import type { Problem } from '../../types.ts'
import type { DmplugOptions } from '../index.ts'
import { dmplug } from '../index.ts'
import { adamStep, length, plus, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  close,
  drawn,
  firstSample,
  float64,
  list,
  names,
  priorOn,
  problemOf,
  schedules,
  seed,
  y,
} from '../written-out-problem.test.helper.ts'
import { generated } from './written-out-latent.test.helper.ts'

describe.each(names)('DMPlug on %s, in plain numbers', (name) => {
  const cases: readonly DmplugOptions[] = [
    { stop: 'none' },
    { learningRate: 0.4, samplerSteps: 2, samplerSpacing: 'trailing', clip: [-0.4, 0.6] },
  ]
  it.each(cases)('%j', async (options) => {
    const { learningRate: rate = 0.01, clip, samplerSteps = 3, samplerSpacing = 'leading' } = options
    const [schedule, levels] = schedules[name]
    const latent = { levels, times: respace(schedule, samplerSteps, samplerSpacing), ...(clip && { clip }) }
    let z: readonly number[] = drawn(0, 'start')
    let state = { m: z.map(() => 0), v: z.map(() => 0), k: 0 } as Parameters<typeof adamStep>[0]
    const steps = dmplug(problemOf(0.4), priorOn(name), { ...options, steps: 6, seed, firstSample })
    for await (const { i, x, residual } of steps) {
      const { x: expected, back } = generated(latent, z)
      close(list(x), expected, `x of step ${i}`)
      const r = plus([1, y], [-1, times(A, expected)])
      close(residual, [length(r)], `residual of step ${i}`)
      const gradient = plus([-2 / y.length, back(times(transposed(A), r))])
      ;({ x: z, state } = adamStep(state, z, gradient, { rate, beta1: 0.9, beta2: 0.999 }))
    }
  })
})

const prior = gaussianPrior({ mean: [0.5, -0.3, 0.2], covariance: 0.5 })
const measured = [
  [0.9, -0.4],
  [-0.7, 0.6],
  [0.1, 0.2],
]
const problem = (rows: readonly number[] = [0, 1, 2]): Problem => ({
  operator: matrixOperator(
    tensor(
      [
        [1, -0.5, 0.3],
        [0.2, 0.8, -0.4],
      ],
      float64,
    ),
  ),
  noise: gaussianNoise(0.2),
  y: tensor(
    rows.map((row) => measured[row]!),
    float64,
  ),
})
const options = { steps: 200, learningRate: 0.05, seed: 8 } as const

describe('the discrepancy rule', () => {
  it.each([1, 0.5])(
    'with τ = %d keeps the first iterate that y allows, of each sample, and ends when all have',
    async (tau) => {
      const free: { x: number[]; residual: readonly number[] }[] = []
      for await (const { x, residual } of dmplug(problem(), prior, { ...options, stop: 'none' }))
        free.push({ x: list(x), residual })
      const bound = tau * Math.sqrt(2) * 0.2
      const firsts = [0, 1, 2].map((row) => free.findIndex(({ residual }) => residual[row]! <= bound))
      expect(new Set(firsts).size).toBeGreaterThan(1)
      expect(Math.min(...firsts)).toBeGreaterThanOrEqual(0)
      const seen: { x: number[]; residual: readonly number[] }[] = []
      const counted = countCalls(prior)
      const stopped = dmplug(problem(), counted, { ...options, stop: 'discrepancy', tau })
      for await (const { x, residual } of stopped) seen.push({ x: list(x), residual })
      expect(seen.length).toBe(Math.max(...firsts) + 1)
      expect(counted.calls.total).toBe(3 * seen.length)
      firsts.forEach((first, row) => {
        seen.forEach(({ x, residual }, k) => {
          const of = free[Math.min(k, first)]!
          expect(x.slice(3 * row, 3 * row + 3)).toEqual(of.x.slice(3 * row, 3 * row + 3))
          expect(residual[row]).toBe(of.residual[row])
        })
      })
    },
  )

  it('a sample stops alone as it does among others, and a run that goes on after one has stopped', async () => {
    const stop = { ...options, stop: 'discrepancy', tau: 0.5 } as const
    const whole = list(await run(dmplug(problem(), prior, stop)))
    for (const row of [0, 1, 2]) {
      const single = await run(dmplug(problem([row]), prior, { ...stop, firstSample: row }))
      expect(list(single)).toEqual(whole.slice(3 * row, 3 * row + 3))
    }
    let resumed = 0
    for await (const { i, steps, state } of dmplug(problem(), prior, stop)) {
      if (i % 5 !== 4 || i === steps - 1) continue
      const rest = dmplug(problem(), prior, { ...stop, resume: { next: i + 1, state } })
      expect(list(await run(rest))).toEqual(whole)
      resumed++
    }
    expect(resumed).toBeGreaterThan(1)
  })

  it('needs a σ_y above 0, before any work', () => {
    const counted = countCalls(prior)
    const asked = (noise: Problem['noise']) => () =>
      dmplug({ ...problem(), noise }, counted, { stop: 'discrepancy' })
    expect(asked(poissonNoise())).toThrow(OptionError)
    expect(asked(poissonNoise())).toThrow("'discrepancy' needs the noise level σ_y")
    expect(asked(gaussianNoise(0))).toThrow(OptionError)
    expect(counted.calls.total).toBe(0)
  })
})

describe('the stop by variance', () => {
  const stop = { ...options, learningRate: 0.3, window: 5, patience: 4 } as const
  /** Σ ‖x^w − x̄‖² of the window of five that iterate k closes. */
  const spread = (path: readonly number[][], k: number) => {
    const window = path.slice(k - 4, k + 1)
    const mean = (i: number) => window.reduce((sum, x) => sum + x[i]!, 0) / 5
    return [0, 1, 2].reduce((sum, i) => sum + window.reduce((s, x) => s + (x[i]! - mean(i)) ** 2, 0), 0)
  }

  it('returns the iterate of the least variance of each sample, and ends before the last step', async () => {
    const free: number[][] = []
    for await (const { x } of dmplug(problem(), prior, { ...stop, stop: 'none' })) free.push(list(x))
    const expected = [0, 1, 2].map((row) => {
      const path = free.map((x) => x.slice(3 * row, 3 * row + 3))
      let [least, waited, best] = [Infinity, 0, -1]
      for (let k = 4; k < path.length; k++) {
        const variance = spread(path, k)
        if (variance < least) [least, waited, best] = [variance, 0, k]
        else if (++waited === 4) return { end: k, x: path[best]! }
      }
      return { end: path.length - 1, x: path[best]! }
    })
    let last = { i: -1, x: [] as number[] }
    for await (const { i, x } of dmplug(problem(), prior, stop)) last = { i, x: list(x) }
    expect(last.i).toBe(Math.max(...expected.map(({ end }) => end)))
    expect(last.i).toBeLessThan(199)
    expected.forEach(({ x }, row) => x.forEach((v, j) => expect(last.x[3 * row + j]).toBe(v)))
  })

  it('returns it as well where the steps end before the patience does', async () => {
    const wandering = { ...stop, steps: 30 } as const
    const free: number[][] = []
    for await (const { x } of dmplug(problem(), prior, { ...wandering, stop: 'none' })) free.push(list(x))
    const x = list(await run(dmplug(problem(), prior, { ...wandering, patience: 100 })))
    for (const row of [0, 1, 2]) {
      const path = free.map((all) => all.slice(3 * row, 3 * row + 3))
      const ends = path.map((_, k) => k).slice(4)
      const least = ends.reduce((a, b) => (spread(path, b) < spread(path, a) ? b : a))
      expect(x.slice(3 * row, 3 * row + 3)).toEqual(path[least])
    }
  })

  it('a sample stops alone as it does among others', async () => {
    const whole = list(await run(dmplug(problem(), prior, stop)))
    for (const row of [0, 1, 2]) {
      const single = await run(dmplug(problem([row]), prior, { ...stop, firstSample: row }))
      expect(list(single)).toEqual(whole.slice(3 * row, 3 * row + 3))
    }
  })

  it('goes on from any step, bit for bit', async () => {
    const whole = list(await run(dmplug(problem(), prior, stop)))
    for await (const { i, state } of dmplug(problem(), prior, stop)) {
      if (i !== 2 && i !== 9) continue
      const rest = dmplug(problem(), prior, { ...stop, resume: { next: i + 1, state } })
      expect(list(await run(rest))).toEqual(whole)
    }
  })
})

it('without a stop it meets y, and where R is linear from any start with one of the pictures that do', async () => {
  const x = await run(dmplug(problem(), prior, { steps: 1500, learningRate: 0.05, stop: 'none' }))
  for (const r of list(problem().y.sub(problem().operator.forward(x)))) expect(Math.abs(r)).toBeLessThan(1e-5)
})

it('makes more iterations than a schedule has steps', () => {
  expect(dmplug.info.options.steps.default).toBe(5000)
  expect(() => dmplug(problem(), prior)).not.toThrow()
})
