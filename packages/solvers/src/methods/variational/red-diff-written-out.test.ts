import { describe, expect, it } from 'vitest'
import { respace } from '../../schedules/index.ts'
import type { RedDiffOptions } from '../index.ts'
import { redDiff } from '../index.ts'
import type { Vector } from '../written-out.test.helper.ts'
import { adamStep, evaluate, length, plus, times, transposed } from '../written-out.test.helper.ts'
import {
  A,
  close,
  decomposition,
  drawn,
  firstSample,
  n,
  names,
  network,
  priorOn,
  problemOf,
  schedules,
  seed,
  U,
  V,
  y,
} from '../written-out-problem.test.helper.ts'

const weightings: Record<NonNullable<RedDiffOptions['weighting']>, (k: number) => number> = {
  linear: (k) => k,
  sqrt: (k) => k ** 0.5,
  square: (k) => k * k,
  log: (k) => Math.log(1 + k),
  clip: (k) => Math.min(1, k),
  const: () => 1,
}

describe.each(names)('RED-diff on %s', (name) => {
  const [schedule, levels] = schedules[name]
  const prior = priorOn(name)
  const cases: readonly RedDiffOptions[] = [
    {},
    ...(Object.keys(weightings) as (keyof typeof weightings)[]).map((weighting) => ({
      weighting,
      lambda: 0.6,
      learningRate: 0.05,
    })),
    { reduction: 'sum', dataWeight: 0.7, lambda: 0.1 },
    { sigmaX0: 0.3, spacing: 'quadratic', init: 'zeros' },
    { beta1: 0.5, beta2: 0.8, init: 'adjoint', dataWeight: 2 },
  ]

  it.each(cases)('%j, every step shown', async (options) => {
    const sigmaY = 0.4
    const { lambda = 0.25, learningRate: rate = 0.1, beta1 = 0.9, beta2 = 0.99, dataWeight = 1 } = options
    const { weighting = 'linear', reduction = 'mean', sigmaX0 = 0, spacing = 'linspace' } = options
    const [m, elements] = reduction === 'mean' ? [3, n] : [1, 1]
    const uty = times(transposed(U), y)
    const gain = (s: number) => s / (s * s + sigmaY * sigmaY)
    const starts = {
      auto: times(V, [...decomposition.s.map((s, k) => gain(s) * uty[k]!), 0]),
      adjoint: times(transposed(A), y),
      zeros: [0, 0, 0, 0],
    }
    let mu: number[] = starts[(options.init ?? 'auto') as keyof typeof starts]
    let state = { m: [0, 0, 0, 0] as Vector, v: [0, 0, 0, 0] as Vector, k: 0 }
    const pairs = respace(schedule, 6, spacing)
    let seen = 0
    for await (const step of redDiff(problemOf(sigmaY), prior, { ...options, steps: 6, seed, firstSample })) {
      const { t } = pairs[step.i]!
      const [alpha, sigma] = [levels.alpha(t), levels.sigma(t)]
      const epsilon = drawn(step.i, 'epsilon')
      const x = plus([alpha, mu], [alpha * sigmaX0, drawn(step.i, 'epsilon0')], [sigma, epsilon])
      const x0 = evaluate(network, x, t)
      const difference = plus([1 / sigma, x], [-alpha / sigma, x0], [-1, epsilon])
      const w = (lambda * weightings[weighting](sigma / alpha)) / elements
      const r = plus([1, y], [-1, times(A, mu)])
      const gradient = plus([-dataWeight / m, times(transposed(A), r)], [w, difference])
      close(step.x0hat.dataSync(), x0, `x̂₀ of step ${step.i}`)
      close(step.residual, [length(r)], `residual of step ${step.i}`)
      close(step.lossData, [(dataWeight * length(r) ** 2) / (2 * m)], `data loss of step ${step.i}`)
      const inner = difference.reduce((sum, d, k) => sum + d * mu[k]!, 0)
      close(step.lossPrior, [w * inner], `prior loss of step ${step.i}`)
      const moved = adamStep(state, mu, gradient, { rate, beta1, beta2 })
      ;({ state, x: mu } = moved)
      close(step.x.dataSync(), mu, `μ of step ${step.i}`)
      seen++
    }
    expect(seen).toBe(6)
  })
})
