import { tensor } from '@tweedie/tensor'
import { describe, expect, it, vi } from 'vitest'
import { gaussianNoise } from '../../noise/index.ts'
import { sr } from '../../operators/index.ts'
import { gaussianPrior } from '../../priors/index.ts'
import { run } from '../../run/index.ts'
import { respace, ve, vpLinear } from '../../schedules/index.ts'
import type { ScoreSdeOptions } from '../index.ts'
import { scoreSde } from '../index.ts'
import { lawOfMethod, lawsOfMethod } from '../law-of-method.test.helper.ts'
import { evaluate, length, plus, times } from '../written-out.test.helper.ts'
import {
  A,
  close,
  decomposition,
  drawn,
  firstSample,
  float64,
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
import { ancestral, conditional, exchanged, pair, pairOf, seenBy } from './measured.test.helper.ts'

vi.mock('../../run/streams.ts', async (original) => {
  const { probed } = await import('../law-of-method.test.helper.ts')
  return probed(await original())
})

describe.each(names)('Score-SDE with projection on %s', (name) => {
  const [schedule, levels] = schedules[name]
  const problem = { ...problemOf(0.3), operator: invertibleOf(decomposition) }
  const cases: readonly ScoreSdeOptions[] = [
    {},
    { lambda: 0.7, snr: 0.3, corrections: 2, spacing: 'trailing' },
    { lambda: 0.4, corrections: 0, spacing: 'linspace' },
  ]

  it.each(cases)('%j, every step written out', async (options) => {
    const { lambda = 1, snr = 0.517, corrections = 1, spacing = 'log-snr' } = options
    const pairs = respace(schedule, 5, spacing)
    const { alpha, sigma } = levels
    let x = plus([sigma(pairs[0]!.t), drawn(0, 'start')])
    let seen = 0
    for await (const step of scoreSde(problem, priorOn(name), { ...options, steps: 5, seed, firstSample })) {
      const { i } = step
      const { t, s } = pairs[i]!
      const project = (of: typeof x, purpose: string) =>
        exchanged(decomposition, [alpha(t), sigma(t)], y, of, drawn(i, purpose), lambda)
      x = project(x, 'measured for the corrector')
      for (let k = 0; k < corrections; k++) {
        // x + ε·score + √(2ε)·z with ε = 2·(r·σ)² of (α·x̂₀ − x)/σ².
        const length = 2 * (snr * sigma(t)) ** 2
        const score = plus([alpha(t) / sigma(t) ** 2, evaluate(network, x, t)], [-1 / sigma(t) ** 2, x])
        x = plus([1, x], [length, score], [Math.sqrt(2 * length), drawn(i, `correction ${k}`)])
      }
      x = project(x, 'measured for the predictor')
      const x0 = evaluate(network, x, t)
      if (i < 4) x = ancestral(levels, [t, s], 'large', x, x0, drawn(i, 'step'))
      else {
        const again = plus([alpha(t), x0], [sigma(t), drawn(i, 'step')])
        x = exchanged(decomposition, [1, 0], y, evaluate(network, again, t), [0, 0, 0, 0])
      }
      close(step.x0hat.dataSync(), x0, `x̂₀ of step ${i}`)
      close(step.x.dataSync(), x, `x of step ${i}`)
      close(step.residual, [length(plus([1, y], [-1, times(A, x0)]))], `residual of step ${i}`)
      seen++
    }
    expect(seen).toBe(5)
  })
})

describe('Score-SDE with projection', () => {
  it('says what it costs', () => {
    expect(scoreSde.info.evaluations(1000)).toBe(2001)
    expect(scoreSde.info.evaluations(10, { corrections: 0 })).toBe(11)
    expect(scoreSde.info.evaluations(10, { corrections: 4 })).toBe(51)
  })

  it.each([vpLinear(), ve({ sigmaMax: 50 })])(
    'ends at A x = y, even for λ < 1, on $name',
    async (schedule) => {
      const prior = gaussianPrior({
        mean: new Array(16).fill(0.1),
        covariance: 0.5,
        shape: [1, 4, 4],
        schedule,
      })
      const operator = sr([1, 4, 4], { factor: 2 })
      const y = tensor([[[[0.3, -1.2], [2.5, 0]]]], float64) // biome-ignore format: rows
      const x = await run(
        scoreSde({ operator, noise: gaussianNoise(0.5), y }, prior, { steps: 5, lambda: 0.6 }),
      )
      expect(Math.max(...list(operator.forward(x).sub(y).abs()))).toBeLessThan(1e-12)
    },
  )

  describe('on a Gaussian', () => {
    const prior = pairOf(vpLinear())
    const bias = async (options: ScoreSdeOptions) => {
      const { mean, covariance } = await lawOfMethod(
        (count, resume) => scoreSde(seenBy([1, 0], count), prior, { ...options, resume }),
        [2],
      )
      expect(mean.get(0, 0)).toBeCloseTo(1, 12)
      expect(Math.abs(covariance.get(0, 0))).toBeLessThan(1e-15)
      const [m, v] = [conditional.mean.get(1, 0), conditional.covariance.get(1, 1)]
      return [m - mean.get(1, 0), covariance.get(1, 1) - v] as const
    }

    it('what is hidden lags behind y and is too wide; corrections and finer steps lessen it', async () => {
      const runs = [
        await bias({ steps: 20, corrections: 0 }),
        await bias({ steps: 20, corrections: 1 }),
        await bias({ steps: 20, corrections: 3 }),
        await bias({ steps: 50, corrections: 3 }),
      ]
      for (const [k, [mean, variance]] of runs.entries()) {
        expect(mean).toBeGreaterThan(0)
        expect(variance).toBeGreaterThan(0)
        if (k === 0) continue
        expect(mean).toBeLessThan(0.9 * runs[k - 1]![0])
        expect(variance).toBeLessThan(0.95 * runs[k - 1]![1])
      }
      // Of the 0.3 that the mean should move, and the 0.36 that the variance should lose.
      expect(runs[3]![0]).toBeLessThan(0.06)
      expect(runs[3]![1]).toBeLessThan(0.06)
    })

    it('with λ = 0 draws from the prior until the end', async () => {
      const laws = await lawsOfMethod(
        (count, resume) => scoreSde(seenBy([1, 0], count), prior, { steps: 30, lambda: 0, resume }),
        [2],
      )
      // Before the last step: the prior's law at the last level, but for the error of the steps.
      const { mean, covariance } = laws.at(-2)!
      for (const [j, m] of pair.mean.entries()) expect(Math.abs(mean.get(j, 0) - m)).toBeLessThan(0.02)
      expect(covariance.get(0, 1)).toBeGreaterThan(0.5)
      expect(covariance.get(0, 1)).toBeLessThan(0.7)
      expect(covariance.get(0, 0)).toBeGreaterThan(0.9)
      expect(covariance.get(0, 0)).toBeLessThan(1.2)
    })
  })
})
