import type { ExactPrior } from '@tweedie/solvers'
import { fillSettings, methods, respace } from '@tweedie/solvers'
import { fromData, randomKey } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { pointAt } from '../points.ts'
import type { ChainPosterior } from '../posteriors/chain.ts'
import { importance } from '../posteriors/chain.ts'
import { gradientOf, hessianOf } from '../posteriors/finite-differences.test.helper.ts'
import { mixtureTarget } from '../posteriors/target.ts'
import type { Case } from '../types.ts'
import { bipsda } from './bipsda.ts'

const pose = (name: string, seed: number): Case => {
  const problem = bipsda.problems.find((one) => one.name === name)
  if (!problem) throw new Error(`no problem ${name}`)
  return problem.pose(seed)
}
const isLaw = (prior: Case['prior']): prior is ExactPrior => 'law' in prior
const isChain = (posterior: Case['posterior']): posterior is ChainPosterior => 'chains' in posterior

test('the prior has the modes of the paper', () => {
  const { prior } = pose('inpainting-low', 0)
  if (!isLaw(prior)) throw new Error('no law')
  const { components } = prior.law
  expect(components.map(({ weight }) => weight)).toEqual([0.4, 0.3, 0.3].map((w) => expect.closeTo(w, 12)))
  expect(components.map(({ mean }) => mean[7])).toEqual([-5, 0, 5])
  expect(components[0]?.covariance.trace()).toBe(10)
  // Turned by Q: the same trace and trace of the square as diag(1 … 2), and not diagonal.
  const [plain, turned] = [components[1]?.covariance, components[2]?.covariance]
  if (!plain || !turned) throw new Error('no covariances')
  expect(plain.get(9, 9)).toBe(2)
  expect(turned.trace()).toBeCloseTo(15, 10)
  expect(turned.mmul(turned).trace()).toBeCloseTo(plain.mmul(plain).trace(), 10)
  expect(Math.abs(turned.get(0, 1))).toBeGreaterThan(1e-3)
})

test('variants are methods with settings that they take, and have numbers of others beside them', () => {
  const { variants = [], published } = bipsda
  for (const { method, settings } of variants) {
    const { name, options } = methods.find(method).info
    expect(() => fillSettings(name, options, settings)).not.toThrow()
  }
  const rows = [...methods.names, ...variants.map(({ name }) => name), 'exact']
  const without = published.filter(({ row }) => !rows.includes(row)).map(({ row }) => row)
  expect(new Set(without)).toEqual(new Set(['lang (which is not said)']))
})

test('the levels of 200 steps are those of 7th roots from 10 to 0.01', () => {
  const { schedule } = pose('inpainting-low', 0).prior
  const times = respace(schedule, 200, 'karras')
  times.forEach(({ t }, i) => {
    const root = 10 ** (1 / 7) + (i / 199) * (0.01 ** (1 / 7) - 10 ** (1 / 7))
    expect(schedule.sigma(t)).toBeCloseTo(root ** 7, 10)
  })
  expect(times.at(-1)?.s).toBe(schedule.clean)
})

describe.each(['x-ray', 'phase-retrieval'])('%s', (name) => {
  const posed = pose(name, 2)
  const { prior, problem, posterior } = posed
  if (!isLaw(prior) || !isChain(posterior)) throw new Error('not as it was posed')
  const { logDensity, score } = posterior
  if (!logDensity || !score) throw new Error('no density')

  test('the density is that of the prior times what methods take for the likelihood', () => {
    const { likelihood } = problem.noise
    if (!likelihood) throw new Error('no likelihood')
    for (const scale of [1, 0.4, -1.3]) {
      const x = posed.truth.map((value, i) => scale * value + 0.2 * i)
      using clean = problem.operator.forward(fromData(x, [1, 10], { dtype: 'float64' }))
      using log = likelihood.log(problem.y, clean)
      const expected = prior.law.logDensity(x) + (log.dataSync()[0] ?? Number.NaN)
      expect(Math.abs(logDensity(x) - expected)).toBeLessThan(1e-8 * Math.abs(expected))
    }
  })

  test('the score is its gradient', () => {
    const x = posed.truth.map((value, i) => value + 0.3 * Math.sin(i))
    const gradient = gradientOf(logDensity, x)
    score(x).forEach((value, i) => {
      expect(Math.abs(value - (gradient[i] ?? Number.NaN))).toBeLessThan(1e-5 * (1 + Math.abs(value)))
    })
    expect(hessianOf(score, x).flat().every(Number.isFinite)).toBe(true)
  })

  test('the chains have converged, and are long', () => {
    const { states, convergence, accepted } = posterior.chains()
    expect(states).toHaveLength(4)
    expect(convergence.rHat).toBeLessThan(1.01)
    expect(convergence.effective).toBeGreaterThan(4000)
    expect(accepted.jumps).toBeGreaterThan(0.05)
  })

  test('mean, variance and evidence are those of weighed draws of the prior', () => {
    const n = 150_000
    const { points, weights, effective, logIntegral } = importance(
      { logDensity },
      mixtureTarget(prior.law),
      randomKey(11),
      n,
    )
    expect(effective).toBeGreaterThan(100)
    expect(Math.abs((posterior.logEvidence ?? Number.NaN) - logIntegral)).toBeLessThan(
      5 * Math.sqrt(1 / effective + 1 / 1000),
    )
    const [mean, covariance] = [posterior.mean(), posterior.covariance()]
    for (let j = 0; j < 10; j++) {
      let [average, square, error] = [0, 0, 0]
      for (let i = 0; i < n; i++) average += (weights[i] ?? 0) * (pointAt(points, i)[j] ?? 0)
      for (let i = 0; i < n; i++) {
        const off = ((pointAt(points, i)[j] ?? 0) - average) ** 2
        square += (weights[i] ?? 0) * off
        error += (weights[i] ?? 0) ** 2 * off
      }
      // The delta method's variance of a weighed mean, and that of the chain.
      const of = Math.sqrt(error + covariance.get(j, j) / 4000)
      expect(Math.abs(average - (mean[j] ?? 0))).toBeLessThan(5 * of)
      // Squares of what is nearly normal, or of two modes, vary by at most three times their mean.
      expect(Math.abs(square - covariance.get(j, j))).toBeLessThan(
        5 * 3 * covariance.get(j, j) * Math.sqrt(1 / effective),
      )
    }
  })

  test('rows of a case share its chains; another seed has others', () => {
    const again = pose(name, 2).posterior
    expect(again).toBe(posterior)
    expect(pose(name, 3).posterior).not.toBe(posterior)
  })
})

test.each(['x-ray', 'phase-retrieval'])('%s: y is off A(x₀) by its noise', (name) => {
  let [sum, count] = [0, 0]
  for (let seed = 0; seed < 40; seed++) {
    const { problem, truth } = pose(name, seed)
    using x = fromData(truth, [1, 10], { dtype: 'float64' })
    using clean = problem.operator.forward(x)
    const [expected, y] = [clean, problem.y].map((t) => Array.from(t.dataSync(), Number))
    for (const [i, mean] of (expected ?? []).entries()) {
      // The variance of a count is its mean, which is one more than what stands for it.
      const variance = problem.noise.sigma ? problem.noise.sigma ** 2 : mean + 1
      sum += ((y?.[i] ?? 0) - mean) ** 2 / variance
      count++
    }
  }
  // Squares of counts of λ photons vary by 2 + 1/λ, and λ is rarely below 5.
  expect(Math.abs(sum / count - 1)).toBeLessThan(5 * Math.sqrt(2.3 / count))
})
