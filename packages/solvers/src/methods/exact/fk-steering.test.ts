import { fromData, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { matrixOperator } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace } from '../../schedules/index.ts'
import { fkSteering } from '../index.ts'
import type { Vector } from '../written-out.test.helper.ts'
import { ddimFrom, times } from '../written-out.test.helper.ts'
import {
  A,
  firstSample,
  names,
  priorOn,
  problemOf,
  schedules,
  seed,
  y,
} from '../written-out-problem.test.helper.ts'
import { chainOf, ddimOf, estimated, given, mean, slopeOf } from './chain.test.helper.ts'
import { drawnAll, followParticles, logNormalOf } from './follow-particles.test.helper.ts'

const potentials = ['difference', 'max', 'sum'] as const
const at = { interval: 3, from: 1, to: 6 } // 1 and 4, of 8 steps

describe('every step is the formula', () => {
  const [K, sigmaY, steps] = [5, 1.5, 8]
  it.each([
    ['difference', {}],
    ['max', { threshold: 0.7 }],
    ['sum', { eta: 0.5 }],
    ['sum', { lambda: 0.2, threshold: 0.9 }],
    ['difference', { from: 7 }],
    ['max', { interval: 1, to: 30, threshold: 0 }],
    ['difference', { to: 4 }],
    ['sum', { resampler: 'multinomial' }],
  ] as const)('%s, %o', async (potential, options) => {
    const all = { ...at, eta: 1, lambda: 1, threshold: 1, resampler: 'stratified' as const, ...options }
    let resampled = 0
    for (const name of names) {
      const [schedule, levels] = schedules[name]
      const path = respace(schedule, steps, 'leading')
      const reward = (x0: Vector) =>
        times(A, x0).reduce((sum, m, j) => sum + logNormalOf(y[j]!, m, sigmaY ** 2), 0)
      const weighed = (i: number) => i >= all.from && i <= all.to && (i - all.from) % all.interval === 0
      /** The rewards of a particle at its potentials, and the logarithms of these. */
      const past = new Map<
        Vector,
        { readonly rewards: readonly number[]; readonly logs: readonly number[] }
      >()
      const pastOf = (x: Vector) => past.get(x) ?? { rewards: [], logs: [] }
      const ran = await followParticles(
        fkSteering(problemOf(sigmaY), priorOn(name), {
          ...{ particles: K, seed, firstSample, steps, potential },
          ...all,
        }),
        { times: path, particles: K, resampler: all.resampler, threshold: all.threshold },
        {
          start: () => ({ xs: drawnAll(0, 'start', K).map((z) => z.map((v) => v * levels.sigma(path[0]!.t))), log: 0 }),
          keeps: ({ i, last }) => last || !weighed(i),
          weigh: (x, x0, { i, last }) => {
            if (last || !weighed(i)) return 0
            const { rewards, logs } = pastOf(x)
            const now = [...rewards, reward(x0)]
            const log = all.lambda * {
              difference: now.at(-1)! - (rewards.at(-1) ?? 0),
              max: Math.max(...now),
              sum: now.reduce((a, b) => a + b, 0),
            }[potential]
            past.set(x, { rewards: now, logs: [...logs, log] })
            return log
          },
          move: (x, x0, z, { t, s, last }) => {
            const next = last ? [...x0] : ddimFrom(levels, [t, s], all.eta, x, x0, z)
            past.set(next, pastOf(x))
            return { x: next, log: last ? all.lambda * reward(x0) - pastOf(x).logs.reduce((a, b) => a + b, 0) : 0 }
          },
        },
      ) // biome-ignore format: formulas
      resampled += ran.resampled
    }
    expect(resampled > 0).toBe(all.threshold > 0 && all.from < steps - 1)
  })
})

describe('the law of the sampler, tilted', () => {
  const [N, steps, sigmaY] = [200, 10, 0.8]
  const a = [1, 0.5]
  const prior = gaussianPrior({ mean: [0.3, -0.2], covariance: [[1, 0.6], [0.6, 0.8]] }) // biome-ignore format: a matrix
  const problem = (count: number) => ({
    operator: matrixOperator(tensor([a], { dtype: 'float64' })),
    noise: gaussianNoise(sigmaY),
    y: fromData(new Float64Array(count).fill(1.1), [count, 1]),
  })
  const chain = (eta: number) => chainOf(prior, respace(prior.schedule, steps, 'leading'), ddimOf(eta))
  /** p(y | x)^λ is N(y; a·x, σ_y²/λ) but for a constant. */
  const tilted = (lambda: number, eta: number) => {
    const state = given(chain(eta), a, 1.1, sigmaY ** 2 / lambda)
    const constant = (Math.log((2 * Math.PI * sigmaY ** 2) / lambda) - lambda * Math.log(2 * Math.PI * sigmaY ** 2)) / 2
    return { ...state, log: state.log + constant }
  } // biome-ignore format: formulas

  // Standard errors off, of three allowed: −0.2, 2.1, 1.5.
  it.each([
    ['difference', 1, 1, 1],
    ['max', 2, 1, 0.5],
    ['sum', 0.5, 0.7, 1],
  ] as const)(
    'its integral is estimated without bias: %s, λ = %d',
    async (potential, lambda, eta, threshold) => {
      let logs: readonly number[] = []
      const options = { ...at, steps, particles: 24, potential, lambda, eta, threshold, seed: 4 }
      await run(fkSteering(problem(N), prior, options), { onStep: (step) => void (logs = step.logEvidence) })
      const { mean: Z, error } = estimated(logs.map((log) => Math.exp(log - tilted(lambda, eta).log)))
      if (process.env['SHOW']) console.log(potential, ((Z - 1) / error).toFixed(2), error.toFixed(3))
      expect(error).toBeLessThan(0.1)
      expect(Math.abs(Z - 1)).toBeLessThan(3 * error)
    },
  )

  it.each(potentials)('the error of the mean falls as K^−½: %s', async (potential) => {
    // Of N runs of two numbers a logarithm has a standard error of 1/√(4N), the slope one of √2/ln 9 of that: 0.03.
    const counts = [12, 36, 108]
    const truth = tilted(1, 1).mean.to1DArray()
    const errors: number[] = []
    for (const particles of counts) {
      let off: number[] = []
      await run(fkSteering(problem(N / 2), prior, { ...at, steps, particles, potential, seed: 3 }), {
        onStep: ({ particles: { x }, weights }) => {
          const data = x.dataSync()
          off = weights.map((w, row) =>
            truth.reduce((sum, m, j) => {
              const found = w.reduce((s, v, k) => s + v * data[2 * (row * particles + k) + j]!, 0)
              return sum + (found - m) ** 2
            }, 0),
          )
        },
      })
      errors.push(Math.sqrt(mean(off)))
    }
    if (process.env['SHOW']) console.log(potential, slopeOf(counts, errors).toFixed(3), errors)
    expect(Math.abs(slopeOf(counts, errors) + 0.5)).toBeLessThan(0.2)
  })
})
