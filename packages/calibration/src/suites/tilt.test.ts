import type { ExactPrior } from '@tweedie/solvers'
import { memory } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { pointAt } from '../points.ts'
import type { ChainPosterior } from '../posteriors/chain.ts'
import { worstConvergence } from '../posteriors/convergence.ts'
import { doubleWell } from '../posteriors/double-well.ts'
import type { Case } from '../types.ts'
import { doubleWellCase } from './double-well.ts'

const isLaw = (prior: Case['prior']): prior is ExactPrior => 'law' in prior
const isChain = (posterior: Case['posterior']): posterior is ChainPosterior => 'chains' in posterior

const posed = doubleWellCase(1)
const { posterior, conditional, prior, problem } = posed
if (!isLaw(prior) || conditional === undefined || !isLaw(conditional)) throw new Error('no law')

/** λ' of the reward −½·λ'·‖x‖², at the temperature of the paper. */
const lambda = 0.5
const tilted = doubleWell(4, lambda, 2)

test('the reward is what the problem says to methods', () => {
  expect(problem.noise.sigma).toBeCloseTo(Math.sqrt(1 / lambda), 12)
  const x = Float64Array.of(1, -2, 0.5, 3, -1, 0.2)
  const free = doubleWell(4, 0, 2)
  const reward = (-lambda / 2) * x.reduce((sum, v) => sum + v * v, 0)
  expect(posterior.logDensity?.(x)).toBeCloseTo(free.logDensity(x) + reward, 9)
  expect(Array.from(problem.y.dataSync())).toEqual([0, 0, 0, 0, 0, 0])
})

test('E x·∇(−log p) is the dimension, within 5 standard errors', () => {
  if (!isChain(posterior)) throw new Error('no chains')
  const { states } = posterior.chains()
  const along = states.map((points) => ({
    values: Float64Array.from({ length: points.count }, (_, i) => {
      const x = pointAt(points, i)
      return -tilted.score(x).reduce((sum, s, j) => sum + s * (x[j] ?? 0), 0)
    }),
    count: points.count,
    dimension: 1,
  }))
  const all = along.flatMap(({ values }) => Array.from(values))
  const mean = all.reduce((sum, v) => sum + v, 0) / all.length
  const variance = all.reduce((sum, v) => sum + (v - mean) ** 2, 0) / all.length
  expect(Math.abs(mean - 6)).toBeLessThan(5 * Math.sqrt(variance / worstConvergence(along).effective))
})

test('the tilted law of the states is that of the chains up to their number and their blur', () => {
  // Half of 800 weighed states: E‖x‖² errs by some √(Var ‖x‖²/400), and a blur of 0.1 adds 6·0.01.
  const spread =
    conditional.law.covariance().trace() + conditional.law.mean().reduce((sum, m) => sum + m * m, 0)
  const exact = posterior.covariance().trace() + posterior.mean().reduce((sum, m) => sum + m * m, 0)
  const squares: number[] = []
  for (const { mean } of conditional.law.components) squares.push(mean.reduce((sum, m) => sum + m * m, 0))
  const centre = squares.reduce((sum, v) => sum + v, 0) / squares.length
  const variance = squares.reduce((sum, v) => sum + (v - centre) ** 2, 0) / squares.length
  expect(Math.abs(spread - exact)).toBeLessThan(5 * Math.sqrt(variance / 400) + 0.06)
  // The prior itself is far from it.
  expect(prior.law.covariance().trace() - exact).toBeGreaterThan(4)
})

test('what is observed of a state are the distances of its particles', () => {
  const x = Float64Array.of(1, -2, 0.5, 3, -1, 0.2)
  expect(posed.observed?.(x)).toEqual(tilted.distances(x))
})

test('all seeds have one law, each its own truth', () => {
  const before = memory().tensors
  const other = doubleWellCase(2)
  other.problem.y.dispose()
  expect(memory().tensors).toBe(before)
  expect(doubleWellCase(2).truth).toEqual(other.truth)
  expect(other.posterior).toBe(posterior)
  expect(other.truth).not.toEqual(posed.truth)
})
