import { tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { matrixOperator } from '../../operators/index.ts'
import { countCalls, gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { noiseLevel, ve, vpLinear } from '../../schedules/index.ts'
import type { KadkhodaieSimoncelliOptions } from '../index.ts'
import { kadkhodaieSimoncelli } from '../index.ts'
import { evaluate, length, matrixOf, plus, times } from '../written-out.test.helper.ts'
import {
  close,
  decomposition,
  drawn,
  firstSample,
  float64,
  inverseOf,
  invertibleOf,
  list,
  names,
  network,
  priorOn,
  problemOf,
  schedules,
  seed,
  y,
} from '../written-out-problem.test.helper.ts'
import { injected, stepLength } from './kadkhodaie-simoncelli-levels.ts'
import { pairOf, seenBy } from './measured.test.helper.ts'

const A = matrixOf(decomposition)
const inverse = inverseOf(decomposition)
const problem = { ...problemOf(0), operator: invertibleOf(decomposition) }

describe.each(names)('Kadkhodaie and Simoncelli on %s', (name) => {
  const [schedule, levels] = schedules[name]
  const cases: readonly KadkhodaieSimoncelliOptions[] = [
    {},
    { sigma0: 0.8, h0: 0.3, beta: 0.5 },
    { sigma0: 3, h0: 0.5, beta: 1 },
    { h0: 1, beta: 0, sigmaL: 0 },
    { h0: 0.9, sigmaL: 0.4 }, // stops by itself
  ]

  it.each(cases)('%j, every step written out', async (options) => {
    const { sigma0 = 2, sigmaL = 0.02, h0 = 0.01, beta = 0.01 } = options
    const { alpha, sigma } = levels
    // The least level of the prior's grid.
    const low = name === 've' ? 0.02 : sigma(0) / alpha(0)
    let level = sigma0
    const denoised = (u: readonly number[]) => {
      const k = Math.max(level, low)
      const a = name === 've' ? 1 : 1 / Math.sqrt(1 + k * k)
      return evaluate(network, plus([a, u]), schedule.timeOfNoiseLevel(k))
    }
    let u = plus([1, times(inverse, y)], [sigma0, drawn(0, 'start')])
    let seen = 0
    let last = false
    for await (const step of kadkhodaieSimoncelli(problem, priorOn(name), {
      ...options,
      steps: 12,
      seed,
      firstSample,
    })) {
      const { i } = step
      expect(last).toBe(false)
      const k = i + 1
      const f = plus([1, denoised(u)], [-1, u])
      const seenPart = times(inverse, times(A, f))
      const d = plus([1, f], [-1, seenPart], [1, times(inverse, plus([1, y], [-1, times(A, u)]))])
      const estimate = length(d) / 2 // √4 numbers
      const h = (h0 * k) / (1 + h0 * (k - 1))
      const gamma = estimate * Math.sqrt((1 - beta * h) ** 2 - (1 - h) ** 2)
      close(step.x0hat.dataSync(), plus([1, f], [1, u]), `x̂₀ of step ${i}`)
      close(
        step.residual,
        [length(plus([1, y], [-1, times(A, plus([1, f], [1, u]))]))],
        `residual of step ${i}`,
      )
      close(step.sigma, [estimate], `σ̂ of step ${i}`)
      close(step.level, [level], `level of step ${i}`)
      u = plus([1, u], [h, d], [gamma, drawn(i, 'step')])
      level = Math.hypot((1 - h) * level, gamma)
      last = estimate <= sigmaL || i === 11
      if (last) u = denoised(u)
      close(step.x.dataSync(), u, `x of step ${i}`)
      expect(step.steps).toBe(12)
      seen++
    }
    expect(last).toBe(true)
    if (options.sigmaL === 0.4) expect(seen).toBeLessThan(12)
  })
})

describe('Kadkhodaie and Simoncelli', () => {
  it('goes from h₀ to 1, and injects nothing for β = 1', () => {
    expect(stepLength(0.01, 1)).toBeCloseTo(0.01, 15)
    expect(stepLength(0.01, 100)).toBeCloseTo(1 / 1.99, 12)
    expect(stepLength(0.01, 1e7)).toBeCloseTo(1, 4)
    expect(injected(0.3, 1)).toBe(0)
    expect(injected(1, 0.01)).toBeCloseTo(0.99, 12)
    expect(injected(0.5, 0)).toBeCloseTo(Math.sqrt(0.75), 12)
  })

  const ys = [y, y.map((v) => 6 * v - 2), plus([0.3, y])]
  const of = (rows: readonly (readonly number[])[]) => ({
    ...problem,
    y: tensor(
      rows.map((row) => [...row]),
      float64,
    ),
  })
  const stopping = { steps: 60, h0: 0.9, sigmaL: 0.25, seed } as const

  it('stops each sample by itself, and leaves it then: a batch of k equals k singles, bit for bit', async () => {
    const prior = priorOn('linear')
    const singles: number[][] = []
    const counts: number[] = []
    for (const [j, row] of ys.entries()) {
      let count = 0
      const x = await run(kadkhodaieSimoncelli(of([row]), prior, { ...stopping, firstSample: j }), {
        onStep: () => void count++,
      })
      singles.push(list(x))
      counts.push(count)
    }
    // They stop at different steps, all before the last.
    expect(new Set(counts).size).toBeGreaterThan(1)
    expect(Math.max(...counts)).toBeLessThan(60)
    let steps = 0
    const batch = await run(kadkhodaieSimoncelli(of(ys), prior, stopping), { onStep: () => void steps++ })
    expect(list(batch)).toEqual(singles.flat())
    expect(steps).toBe(Math.max(...counts))
  })

  it('asks the denoiser for those samples only that go on, and once more for each at its end', async () => {
    const counted = countCalls(priorOn('linear'))
    let steps = 0
    await run(kadkhodaieSimoncelli(of([y]), counted, stopping), { onStep: () => void steps++ })
    expect(counted.calls.total).toBe(steps + 1)
    expect(kadkhodaieSimoncelli.info.evaluations(1000)).toBe(1001)
  })

  it('goes on where some have stopped, and has nothing to do where all have', async () => {
    const prior = priorOn('linear')
    const whole = list(await run(kadkhodaieSimoncelli(of(ys), prior, stopping)))
    let at = 0
    for await (const { i, state } of kadkhodaieSimoncelli(of(ys), prior, stopping)) {
      at++
      if (i !== 2 && i !== 4) continue
      const resumed = await run(
        kadkhodaieSimoncelli(of(ys), prior, { ...stopping, resume: { next: i + 1, state } }),
      )
      expect(list(resumed)).toEqual(whole)
    }
    for await (const { i, state } of kadkhodaieSimoncelli(of(ys), prior, stopping)) {
      if (i < at - 1) continue
      const counted = countCalls(prior)
      const resume = { next: at, state }
      expect(list(await run(kadkhodaieSimoncelli(of(ys), counted, { ...stopping, resume })))).toEqual(whole)
      expect(counted.calls.total).toBe(0)
    }
  })

  it('refuses a σ_L that σ₀ is not above', () => {
    expect(() => kadkhodaieSimoncelli(problem, priorOn('ve'), { sigmaL: 2 })).toThrow(
      'sigmaL: must be below σ₀ = 2, got 2',
    )
  })

  it('starts within the levels of the prior', async () => {
    const schedule = ve({ sigmaMax: 1.5 })
    const prior = { ...priorOn('ve'), schedule }
    for await (const { t, level } of kadkhodaieSimoncelli(problem, prior, { steps: 3 })) {
      expect([t, level[0]]).toEqual([1.5, 1.5])
      break
    }
  })

  it('says where the level would be if the estimates were right', async () => {
    const times: number[] = []
    for await (const { t } of kadkhodaieSimoncelli(problem, priorOn('linear'), {
      steps: 3,
      h0: 0.5,
      beta: 0.4,
      sigmaL: 0,
    }))
      times.push(noiseLevel(vpLinear(), t))
    const expected = [2, 2 * (1 - 0.4 * 0.5), 2 * (1 - 0.4 * 0.5) * (1 - 0.4 * (1 / 1.5))]
    times.forEach((k, i) => expect(k).toBeCloseTo(expected[i]!, 6))
  })
})

describe('Kadkhodaie and Simoncelli on a Gaussian', () => {
  it('takes what the denoiser removes for the noise: σ̂ = ℓ²/√(v + ℓ²) instead of ℓ', async () => {
    // u of the size that N(0, (v + ℓ²)I) has, where A does not see it; the one seen is where y says.
    const [v, level] = [0.25, 0.1]
    const a = Math.sqrt(v + level ** 2)
    const prior = gaussianPrior({ mean: [0, 0, 0, 0], covariance: v, schedule: ve({ sigmaMax: 5 }) })
    const operator = matrixOperator(tensor([[1, 0, 0, 0]], float64))
    const like = (value: number) => tensor([[value]], float64)
    const state = { x: tensor([[0.7, a, -a, a]], float64), level: like(level), stopped: like(0) }
    const problem = { ...seenBy([1, 0], 1), operator, y: like(0.7) }
    for await (const { sigma } of kadkhodaieSimoncelli(problem, prior, {
      steps: 2,
      resume: { next: 0, state },
    })) {
      expect(sigma[0]).toBeCloseTo((Math.sqrt(3 / 4) * level ** 2) / a, 12)
      break
    }
  })

  it('without injected noise climbs to the most likely of those that agree with y', async () => {
    // At the least level σ of the prior: the mean of N(μ, Σ + σ²I) given the first number.
    const sigma = 0.7
    const prior = pairOf(vpLinear())
    const level = {
      ...prior,
      denoise: (x: typeof start, t: number) => {
        const time = prior.schedule.timeOfNoiseLevel(sigma)
        return prior.denoise(x.div(prior.schedule.alpha(t)).mul(prior.schedule.alpha(time)), time)
      },
    }
    const start = tensor([[0, 0]], float64)
    const options = { steps: 200, beta: 1, h0: 0.5, sigmaL: 0 }
    const xs: number[][] = []
    for await (const { x } of kadkhodaieSimoncelli(seenBy([1, 0], 1), level, options)) xs.push(list(x))
    const wanted = -0.3 + (0.6 / (1 + sigma ** 2)) * (1 - 0.5)
    const [seen, hidden] = xs.at(-2)! // the last is denoised once more
    expect(seen).toBeCloseTo(1, 12)
    expect(hidden).toBeCloseTo(wanted, 9)
  })
})
