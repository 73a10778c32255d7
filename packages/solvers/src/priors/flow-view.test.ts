import type { Tensor } from '@tweedie/tensor'
import { tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { run } from '../run/index.ts'
import { byKernel, ddim, ddpm, dpmSolver, flowVelocity, heun, sampleFrom } from '../samplers/index.ts'
import type { TimePair } from '../schedules/index.ts'
import {
  flow,
  flowGrid,
  flowGridFrom,
  flowOf,
  flowScale,
  flowTime,
  leastFlowTime,
  respace,
  shiftedFlow,
  timeOfFlow,
  ve,
  vpContinuous,
  vpCosine,
  vpLinear,
} from '../schedules/index.ts'
import type { Prior, Schedule } from '../types.ts'
import { flowView, gaussianMixturePrior, gaussianPrior, networkPrior, withSchedule } from './index.ts'

const float64 = { dtype: 'float64' } as const
const list = (x: Tensor) => Array.from(x.dataSync())
const all: readonly (readonly [string, Schedule])[] = [
  ['VP', vpLinear()],
  ['cosine', vpCosine({ T: 40 })],
  ['VP-SDE', vpContinuous()],
  ['VE', ve({ sigmaMax: 30 })],
  ['flow', flow()],
]
const law = { weights: [1, 2, 1], means: [[-1, 0.5], [0.8, 0], [0, -1.2]], covariances: 0.2 } // biome-ignore format: a table

describe.each(all)('the straight path of %s', (_, schedule) => {
  const top = flowTime(schedule, schedule.noisiest)

  it('has a time for each of the schedule, from 0 to its noisiest', () => {
    expect(flowTime(schedule, schedule.clean)).toBe(0)
    expect(flowScale(schedule, schedule.clean)).toBe(1)
    for (let u = 1; u < 20; u++) {
      const t = schedule.clean + ((schedule.noisiest - schedule.clean) * u) / 20
      const tau = flowTime(schedule, t)
      expect(tau).toBeCloseTo(schedule.sigma(t) / (schedule.alpha(t) + schedule.sigma(t)), 14)
      expect(flowTime(schedule, timeOfFlow(schedule, tau))).toBeCloseTo(tau, 12)
    }
    expect(timeOfFlow(schedule, top)).toBe(schedule.noisiest)
    if (top < 1) expect(() => timeOfFlow(schedule, (1 + top) / 2)).toThrow('must lie in')
    expect(flowOf(schedule).noisiest).toBeCloseTo(top, 14)
  })

  it('has grids even in τ, none below the least of discrete steps, of any length', () => {
    for (const steps of [1, 7, 30, 400]) {
      const pairs = flowGrid(schedule, steps, 'trailing')
      const taus = pairs.map(({ t }) => flowTime(schedule, t))
      const least = leastFlowTime(schedule)
      const last = steps === 1 ? top : Math.max(least, top / steps)
      const step = steps === 1 ? 0 : (top - last) / (steps - 1)
      expect(taus.length).toBe(steps)
      taus.forEach((tau, k) => {
        expect(tau, `${k} of ${steps}`).toBeCloseTo(top - k * step, 11)
      })
      expect(Math.min(...pairs.map(({ t }) => t))).toBeGreaterThanOrEqual(0)
      pairs.forEach(({ s }, k) => {
        expect(s).toBe(pairs[k + 1]?.t ?? schedule.clean)
      })
      expect(pairs[0]?.t).toBe(schedule.noisiest)
    }
  })

  it('has part of a grid, drawn together', () => {
    const whole = flowGrid(schedule, 10, 'trailing')
    const part = flowGridFrom(schedule, whole, 0.6).map(({ t }) => flowTime(schedule, t))
    const last = Math.max(0.06, leastFlowTime(schedule))
    part.forEach((tau, k) => {
      expect(tau).toBeCloseTo(0.6 - (k * (0.6 - last)) / 9, 11)
    })
    expect(flowGridFrom(schedule, whole, 1)).toEqual(whole)
    expect(flowGridFrom(schedule, flowGridFrom(schedule, whole, 0.5), 0.7)).toEqual(
      flowGridFrom(schedule, whole, 0.5),
    )
  })

  it('has the denoiser and the velocity of the exact flow', () => {
    const own = gaussianMixturePrior({ ...law, schedule })
    const view = flowView(own)
    const exact = gaussianMixturePrior({ ...law, schedule: flow() })
    const x = tensor([[0.4, -0.9], [1.3, 0.2]], float64) // biome-ignore format: a table
    const velocity = flowVelocity(own)
    for (const tau of [0.001, 0.1, 0.5, 0.9, top]) {
      const [found, wanted] = [view, exact].map((prior) => list(prior.denoise(x, tau)))
      found!.forEach((v, i) => {
        expect(v).toBeCloseTo(wanted![i]!, 9)
      })
      // D_t(x) = x + (1 − t)·v, t from noise to data.
      const back = list(x.add(velocity(x, 1 - tau).mul(tau)))
      back.forEach((v, i) => {
        expect(v).toBeCloseTo(wanted![i]!, 9)
      })
    }
    // dx/dt = E[x₀ − ε | x_t] with x₀ = D and ε what is left.
    const [t, D] = [0.7, list(exact.denoise(x, 0.3))]
    list(velocity(x, t)).forEach((v, i) => {
      expect(v).toBeCloseTo(D[i]! - (list(x)[i]! - t * D[i]!) / (1 - t), 9)
    })
  })

  it('is a network of its velocity, told t from noise to data, and back to where it came from', () => {
    const own = gaussianMixturePrior({ ...law, schedule })
    const told: number[] = []
    const network = networkPrior({
      name: 'flow network',
      shape: [2],
      schedule: flowOf(schedule),
      predicts: 'velocity',
      predict: (x, t) => {
        told.push(t)
        return flowVelocity(own)(x, t)
      },
    })
    const back = withSchedule(network, schedule)
    const x = tensor([[0.4, -0.9]], float64)
    const t = timeOfFlow(schedule, 0.35)
    expect(list(back.denoise(x, t))).toEqual(list(own.denoise(x, t)).map((v) => expect.closeTo(v, 9)))
    expect(told).toEqual([expect.closeTo(0.65, 12)])
  })
})

it('the shift of times multiplies the noise level, and keeps the ends', () => {
  for (const tau of [0, 0.2, 0.7, 1]) {
    const moved = shiftedFlow(tau, 4)
    expect(moved).toBeCloseTo((4 * tau) / (1 + 3 * tau), 14)
    if (tau < 1) expect(moved / (1 - moved)).toBeCloseTo((4 * tau) / (1 - tau), 12)
  }
})

/** x of a run in the variables of the path, step by step. */
async function pathOf(prior: Prior, sampler: Parameters<typeof sampleFrom>[1], times: readonly TimePair[]) {
  const path: number[][] = []
  const steps = sampleFrom(prior, sampler, { times, count: 3, seed: 5, ...float64 })
  for await (const { x, i } of steps)
    path.push(list(x.div(flowScale(prior.schedule, times[i]?.s ?? prior.schedule.clean))))
  return path
}

describe.each(all.slice(0, 4))('%s and its view as a flow sample one law', (_, schedule) => {
  const own = gaussianMixturePrior({ ...law, schedule })
  const view = flowView(own)
  const times = flowGrid(schedule, 12, 'trailing')
  const taus = times.map(({ t, s }) => ({ t: flowTime(schedule, t), s: flowTime(schedule, s) }))
  // The last digits of the largest time.
  taus[0] = { t: view.schedule.noisiest, s: taus[0]?.s ?? 0 }

  it.each([
    ['DDIM', byKernel('ddim', ddim(0))],
    ['DDIM with η = 0.7', byKernel('ddim', ddim(0.7))],
    ['DDPM', byKernel('ddpm', ddpm())],
    ['Heun', heun()],
    ['DPM-Solver', dpmSolver()],
  ])('by %s, draw for draw, to 1e-9', async (_, sampler) => {
    const [ours, seen] = [await pathOf(own, sampler, times), await pathOf(view, sampler, taus)]
    expect(ours.length).toBe(12)
    ours.forEach((x, i) => {
      x.forEach((v, k) => {
        expect(Math.abs((seen[i]?.[k] ?? Number.NaN) - v), `step ${i}`).toBeLessThan(1e-9)
      })
    })
  })
})

it('many steps of the view draw the law itself', async () => {
  const view = flowView(gaussianPrior({ mean: [0.4, -1], covariance: [[0.5, 0.3], [0.3, 0.4]], schedule: vpLinear() })) // biome-ignore format: a table
  const times = respace(view.schedule, 250, 'trailing')
  const count = 4000
  const x = await run(sampleFrom(view, byKernel('ddim', ddim(0)), { times, count, seed: 2, ...float64 }))
  const rows = list(x)
  const column = (j: number) => Array.from({ length: count }, (_, i) => rows[2 * i + j] ?? 0)
  const mean = (v: readonly number[]) => v.reduce((a, b) => a + b, 0) / count
  const [a, b] = [column(0), column(1)]
  const [ma, mb] = [mean(a), mean(b)]
  // Five standard errors, and 0.02 for steps of 1/250 and the start without α_T·x₀.
  expect(Math.abs(ma - 0.4)).toBeLessThan(5 * Math.sqrt(0.5 / count) + 0.02)
  expect(Math.abs(mb + 1)).toBeLessThan(5 * Math.sqrt(0.4 / count) + 0.02)
  const covariance = mean(a.map((v, i) => (v - ma) * ((b[i] ?? 0) - mb)))
  expect(Math.abs(covariance - 0.3)).toBeLessThan(5 * Math.sqrt((0.5 * 0.4 + 0.09) / count) + 0.02)
  const variance = mean(a.map((v) => (v - ma) ** 2))
  expect(Math.abs(variance - 0.5)).toBeLessThan(5 * 0.5 * Math.sqrt(2 / count) + 0.02)
})

it('a view goes no further than its prior', () => {
  const view = flowView(gaussianPrior({ mean: [0], covariance: 1, schedule: ve({ sigmaMax: 4 }) }))
  expect(view.schedule.noisiest).toBeCloseTo(0.8, 14)
  expect(() => view.denoise(tensor([[1]]), 0.81)).toThrow('must lie in [0, 0.8')
  expect(() => flowVelocity(view)(tensor([[1]]), 0.1)).toThrow('must lie in [0, 4')
})
