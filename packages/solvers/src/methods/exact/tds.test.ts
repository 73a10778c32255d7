import { OptionError, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise, noNoise, poissonNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace } from '../../schedules/index.ts'
import type { Problem } from '../../types.ts'
import type { TdsStep } from '../index.ts'
import { dps, tds, UnfitError } from '../index.ts'
import { length, matrixOf, plus, pullBack, times, transposed } from '../written-out.test.helper.ts'
import type { Name } from '../written-out-problem.test.helper.ts'
import {
  A,
  decomposition,
  firstSample,
  n,
  names,
  network,
  priorOn,
  problemOf,
  schedules,
  seed,
  y,
} from '../written-out-problem.test.helper.ts'
import { drawnAll, followParticles, logNormalOf } from './follow-particles.test.helper.ts'

const K = 5
const common = { particles: K, seed, firstSample }
const sum = (v: readonly number[]) => v.reduce((a, b) => a + b, 0)

describe('every step is the formula', () => {
  const sigmaY = 0.4
  const written = async (
    name: Name,
    { spread = 'noise-level', variance = 'large', clip = Infinity, threshold = 0.8, tau = 1 } = {},
  ) => {
    const [schedule, { alpha, sigma }] = schedules[name]
    const path = respace(schedule, 6, 'guided')
    const extra = (t: number) =>
      ({
        none: 0,
        'noise-level': (sigma(t) / alpha(t)) ** 2,
        pigdm: (sigma(t) ** 2 * tau) / (alpha(t) ** 2 * tau + sigma(t) ** 2),
      })[spread] ?? Number.NaN
    const total = (t: number) => sigmaY ** 2 + extra(t)
    const logTwist = (x0: readonly number[], v: number) =>
      sum(times(A, x0).map((m, j) => logNormalOf(y[j]!, m, v)))
    const options = {
      ...common, steps: 6, spread, variance, threshold, dataVariance: tau, resampler: 'stratified',
      ...(clip < Infinity && { clip: [-clip, clip] }),
    } // biome-ignore format: one line
    const ran = await followParticles(
      tds.run(problemOf(sigmaY), priorOn(name), options) as ReturnType<typeof tds>,
      { times: path, particles: K, resampler: 'stratified', threshold },
      {
        start: () => ({ xs: drawnAll(0, 'start', K).map((z) => plus([sigma(path[0]!.t), z])), log: 0 }),
        weigh: (_, x0, { t }) => logTwist(x0, total(t)),
        move: (x, x0, z, { t, s, last }) => {
          if (last) return { x: x0, log: logTwist(x0, sigmaY ** 2) - logTwist(x0, total(t)) }
          const r = plus([1, y], [-1, times(A, x0)])
          const g = pullBack(network, x, t, times(transposed(A), r).map((v) => v / total(t)))
          const guided = plus([1, x0], [sigma(t) ** 2 / alpha(t), g]).map((v) => Math.min(Math.max(v, -clip), clip))
          const b = sigma(t) ** 2 - ((alpha(t) / alpha(s)) * sigma(s)) ** 2
          const mean = (of: readonly number[]) =>
            plus([(alpha(s) * b) / sigma(t) ** 2, of], [((alpha(t) / alpha(s)) * sigma(s) ** 2) / sigma(t) ** 2, x])
          const v = variance === 'large' ? b : (b * sigma(s) ** 2) / sigma(t) ** 2
          const next = plus([1, mean(guided)], [Math.sqrt(v), z])
          const density = (of: readonly number[]) => sum(next.map((c, j) => logNormalOf(c, mean(of)[j]!, v)))
          return { x: next, log: density(x0) - density(guided) - logTwist(x0, total(t)) }
        },
      },
    ) // biome-ignore format: formulas
    return ran.resampled
  }

  it.each(names)('on %s', async (name) => {
    expect(await written(name)).toBeGreaterThan(0)
  })

  it.each([
    { spread: 'none' },
    { spread: 'pigdm', tau: 0.3 },
    { variance: 'small' },
    { clip: 0.5 },
    { threshold: 1 },
  ])('with %o', async (options) => {
    expect(await written('linear', options)).toBeGreaterThan(0)
  })

  it('without resampling weights are carried to the end', async () => {
    expect(await written('cosine', { threshold: 0 })).toBe(0)
  })

  it('without noise: sets what is measured, by the density of the last kernel', async () => {
    const turned = { ...decomposition, s: [1, 1, 0] }
    const [schedule] = schedules['linear of 50']
    const path = respace(schedule, 6, 'guided')
    const rows = matrixOf(turned)
    const inside = times(rows, times(transposed(rows), y)) // what y has in the range of A
    const problem = problemOf(0, turned)
    for await (const step of tds(problem, priorOn('linear of 50'), { ...common, steps: 6 })) {
      if (step.i < path.length - 1) continue
      const xs = Array.from(step.particles.x.dataSync())
      for (let k = 0; k < K; k++) {
        const x = xs.slice(k * n, (k + 1) * n)
        expect(length(plus([1, times(rows, x)], [-1, inside]))).toBeLessThan(1e-12)
      }
      // The twist of the last level is that density: nothing is left to weigh.
      for (const w of step.weights[0]!) expect(w).toBeCloseTo(1 / K, 12)
    }
  })
})

describe('what it refuses', () => {
  const prior = gaussianPrior({ mean: [0, 0], covariance: 1 })
  const mask = matrixOperator(tensor([[0, 1]]))
  const wide = matrixOperator(tensor([[0.5, 1]]))
  const y1 = tensor([[1]])
  const unfit = (problem: Problem, options = {}) => expect(() => tds.run(problem, prior, options))

  it('a noise of no known density; none at all but for orthonormal rows', () => {
    const { likelihood, ...dark } = poissonNoise()
    expect(likelihood).toBeDefined()
    unfit({ operator: mask, noise: dark, y: y1 }).toThrow(UnfitError)
    unfit({ operator: wide, noise: noNoise(), y: y1 }).toThrow('without noise needs orthonormal rows')
    unfit({ operator: mask, noise: noNoise(), y: y1 }).not.toThrow()
    unfit({ operator: mask, noise: gaussianNoise(0), y: y1 }).not.toThrow()
  })

  it('a spread where there is no σ_y to add it to, and none without noise', () => {
    unfit({ operator: mask, noise: poissonNoise(), y: y1 }).not.toThrow()
    unfit({ operator: mask, noise: poissonNoise(), y: y1 }, { spread: 'none' }).not.toThrow()
    for (const spread of ['noise-level', 'pigdm'])
      unfit({ operator: mask, noise: poissonNoise(), y: y1 }, { spread }).toThrow(`'${spread}' adds to σ_y`)
    unfit({ operator: mask, noise: noNoise(), y: y1 }, { spread: 'none' }).toThrow('has no likelihood')
    unfit({ operator: mask, noise: gaussianNoise(1), y: y1 }, { resampler: 'odd' }).toThrow(OptionError)
    unfit({ operator: mask, noise: gaussianNoise(1), y: y1 }, { threshold: 1.5 }).toThrow('threshold')
    unfit({ operator: mask, noise: gaussianNoise(1), y: y1 }, { particles: 0 }).toThrow('particles')
  })
})

it('where nothing is said, the spread is the noise level for Gaussian noise, and none for any other', async () => {
  const told = async (problem: Problem, options: object) =>
    Array.from((await run(tds.run(problem, priorOn('linear'), { steps: 5, seed: 1, ...options }))).dataSync())
  const gaussian = problemOf(0.4)
  const counts = { ...gaussian, noise: poissonNoise({ peak: 30, background: 40 }) }
  for (const [problem, spread] of [
    [gaussian, 'noise-level'],
    [counts, 'none'],
  ] as const)
    expect(await told(problem, {})).toEqual(await told(problem, { spread }))
  expect(await told(gaussian, {})).not.toEqual(await told(gaussian, { spread: 'pigdm' }))
})

it('one particle without r_t² is DPS by the likelihood, until its last step', async () => {
  const options = { steps: 6, seed: 3, spacing: 'guided' } as const
  const by: number[][] = []
  for await (const { x } of dps(problemOf(0.8), priorOn('linear'), {
    ...options,
    guidance: 'likelihood',
    scale: 1,
  }))
    by.push(Array.from(x.dataSync()))
  let seen = 0
  const one = { ...options, particles: 1, spread: 'none', variance: 'small' } as const
  for await (const { i, x, weights } of tds(problemOf(0.8), priorOn('linear'), one)) {
    expect(Array.from(weights[0]!)).toEqual([1])
    // DPS guides toward the clean end as well, where TDS takes x̂₀.
    if (i < 5) Array.from(x.dataSync()).forEach((v, j) => expect(v).toBeCloseTo(by[i]![j]!, 10))
    seen++
  }
  expect(seen).toBe(6)
})

it('takes counts', async () => {
  const prior = gaussianPrior({ mean: [0.5, 0], covariance: 0.05 })
  const problem = {
    operator: matrixOperator(tensor([[1, 0]])),
    noise: poissonNoise({ peak: 8, background: 1 }),
    y: tensor([[0.5]]),
  }
  let last: TdsStep | undefined
  const x = await run(tds(problem, prior, { steps: 20, particles: 8 }), {
    onStep: (step) => void (last = step),
  })
  expect(last!.logEvidence[0]).toBeLessThan(0)
  expect(last!.ess[0]).toBeGreaterThan(1)
  expect(Math.abs(x.dataSync()[0]! - 0.5)).toBeLessThan(2)
})
