import type { ExactPrior } from '@tweedie/solvers'
import { methods, respace } from '@tweedie/solvers'
import { normal, randomKey } from '@tweedie/tensor'
import { inverse, Matrix, SingularValueDecomposition } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { rowsOfMethod } from '../rows/of-method.ts'
import { gmm } from './gmm.ts'

const problemOf = (name: string) => {
  const found = gmm.problems.find((problem) => problem.name === name)
  if (found === undefined) throw new Error(name)
  return found
}
const [d, m] = [8, 2]
const pose = (seed: number) => problemOf(`d=${d},dy=${m},steps=20`).pose(seed)

/** log N(x; μ, C). */
function logNormal(x: Matrix, mu: Matrix, C: Matrix): number {
  const r = Matrix.sub(x, mu)
  const { diagonal } = new SingularValueDecomposition(C)
  const logDet = diagonal.reduce((sum, s) => sum + Math.log(s), 0)
  return -(r.transpose().mmul(inverse(C)).mmul(r).get(0, 0) + logDet + x.rows * Math.log(2 * Math.PI)) / 2
}

describe('a case of the mixture of 25', () => {
  it('has the law, the measurement and the noise of the protocol', () => {
    for (const seed of [0, 1, 2]) {
      const { prior, matrix, problem, truth } = pose(seed)
      const { components } = (prior as ExactPrior).law
      const means = components.map(({ mean }) => Array.from(mean))
      expect(new Set(means.map((mean) => mean.join())).size).toBe(25)
      for (const mean of means) {
        expect(mean.every((v, i) => v === mean[i % 2] && Math.abs(v) % 8 === 0 && Math.abs(v) <= 16)).toBe(
          true,
        )
      }
      expect(components.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12)
      using z = normal(randomKey(seed).fold('gmm').fold('weights'), [25], {
        dtype: 'float64',
        device: 'reference',
      })
      const squares = Array.from(z.dataSync(), (v) => v * v)
      const total = squares.reduce((sum, v) => sum + v, 0)
      components.forEach(({ weight }, k) => {
        expect(weight).toBeCloseTo((squares[k] ?? 0) / total, 12)
      })
      expect(components[0]?.covariance.to2DArray()).toEqual(Matrix.eye(d).to2DArray())
      expect([matrix?.rows, matrix?.columns]).toEqual([m, d])
      const s = new SingularValueDecomposition(matrix!.transpose()).diagonal
      expect(s.every((value) => value > 0 && value < 1)).toBe(true)
      const sigma = problem.noise.sigma ?? Number.NaN
      expect(sigma > 0 && sigma < Math.max(...s)).toBe(true)
      const clean = matrix!.mmul(Matrix.columnVector(Array.from(truth))).to1DArray()
      const y = Array.from(problem.y.dataSync())
      // Five standard deviations of two numbers, with fixed seeds.
      expect(y.every((v, i) => Math.abs(v - (clean[i] ?? 0)) < 5 * sigma)).toBe(true)
      expect(y).not.toEqual(clean)
    }
  })

  it('has the posterior in closed form', () => {
    const { matrix: A, problem, posterior, prior } = pose(4)
    const { components } = (prior as ExactPrior).law
    const sigma = problem.noise.sigma ?? Number.NaN
    const y = Matrix.columnVector(Array.from(problem.y.dataSync()))
    const S = A!.mmul(A!.transpose()).add(Matrix.eye(m, m, sigma ** 2))
    const gain = A!.transpose().mmul(inverse(S))
    const logs = components.map(({ weight, mean }) => {
      const mu = Matrix.columnVector(Array.from(mean))
      return Math.log(weight) + logNormal(y, A!.mmul(mu), S)
    })
    const top = Math.max(...logs)
    const total = logs.reduce((sum, log) => sum + Math.exp(log - top), 0)
    expect(posterior.logEvidence).toBeCloseTo(top + Math.log(total), 9)
    const expected = new Float64Array(d)
    components.forEach(({ mean }, k) => {
      const mu = Matrix.columnVector(Array.from(mean))
      const moved = Matrix.add(mu, gain.mmul(Matrix.sub(y, A!.mmul(mu))))
      const weight = Math.exp((logs[k] ?? 0) - top) / total
      expect(posterior.modes?.weights[k]).toBeCloseTo(weight, 9)
      for (let i = 0; i < d; i++) expected[i] = (expected[i] ?? 0) + weight * moved.get(i, 0)
    })
    posterior.mean().forEach((v, i) => {
      expect(v).toBeCloseTo(expected[i] ?? Number.NaN, 9)
    })
  })

  it('is the same for the same seed, and another for another', () => {
    const y = (seed: number) => pose(seed).problem.y.dataSync()
    expect(y(7)).toEqual(y(7))
    expect(y(7)).not.toEqual(y(8))
    // Steps are no part of the case: numbers at 20 and 100 of them are of the same measurements.
    expect(problemOf(`d=${d},dy=${m},steps=100`).pose(7).problem.y.dataSync()).toEqual(y(7))
  })
})

describe('the steps of the protocol', () => {
  const { schedule } = pose(0).prior

  it('are equal decrements of √ᾱ, from where 999 steps of β lead to ᾱ = 1', () => {
    let alphaBar = 1
    for (let i = 0; i < 999; i++) alphaBar *= 1 - (0.02 - (i * (0.02 - 1e-4)) / 998)
    const times = respace(schedule, 20, 'trailing')
    expect(times).toHaveLength(20)
    const roots = [...times.map(({ t }) => schedule.alpha(t)), schedule.alpha(times.at(-1)!.s)]
    expect(roots[0]! ** 2).toBeCloseTo(alphaBar, 12)
    expect(roots.at(-1)).toBe(1)
    roots.slice(1).forEach((root, i) => {
      expect(root - roots[i]!).toBeCloseTo((1 - Math.sqrt(alphaBar)) / 20, 12)
    })
  })

  it('belong to a schedule: σ² = 1 − α², slopes and inverse by differences', () => {
    for (const t of [0.001, 0.2, 0.7, 0.999]) {
      const h = 1e-6
      expect(schedule.sigma(t) ** 2 + schedule.alpha(t) ** 2).toBeCloseTo(1, 12)
      const { alpha, sigma } = schedule.slopes(t)
      expect(alpha).toBeCloseTo((schedule.alpha(t + h) - schedule.alpha(t - h)) / (2 * h), 6)
      const slope = (schedule.sigma(t + h) - schedule.sigma(t - h)) / (2 * h)
      expect(Math.abs(sigma / slope - 1)).toBeLessThan(1e-5)
      expect(schedule.timeOfNoiseLevel(schedule.sigma(t) / schedule.alpha(t))).toBeCloseTo(t, 12)
    }
    expect([schedule.sigma(0), schedule.timeOfNoiseLevel(0)]).toEqual([0, 0])
    expect(() => schedule.alpha(1.1)).toThrow(/\[0, 1\]/)
    expect(() => schedule.timeOfNoiseLevel(1e6)).toThrow(/must lie in/)
  })

  it('are those of every method but the iterative ones, with η where the protocol has it', () => {
    const words = (name: string, steps: number) =>
      rowsOfMethod(
        { entry: methods.find(name), settings: {} },
        gmm,
        problemOf(`d=8,dy=1,steps=${steps}`),
      ).map((row) => row.words)
    expect(words('dps', 20)).toEqual(['dps:scale=0.1,steps=20,spacing=trailing,eta=0.6'])
    expect(words('dps', 100)).toEqual(['dps:scale=0.1,steps=100,spacing=trailing,eta=0.85'])
    expect(words('ddrm', 100)).toEqual(['ddrm:steps=100,spacing=trailing,eta=0.85,etaB=1'])
    expect(words('mcg-diff', 20)).toEqual([
      'mcg-diff:steps=20,spacing=trailing,eta=0.6,kappa=0.0001,particles=1000 (one run)',
    ])
    expect(words('daps', 20)[0]).toMatch(/^daps:steps=50,/)
    expect(words('rto-tu', 20)).toEqual(['rto-tu:sigmaMax=100'])
    expect(words('dpnp', 100)).toEqual(['dpnp:priorSteps=15,eta0=30'])
  })
})

it('has published numbers of its own problems, each once, and none of what was not rerun', () => {
  const keys = gmm.published.map(({ problem, row }) => `${problem} ${row}`)
  expect(new Set(keys).size).toBe(keys.length)
  expect(keys).toHaveLength(11 * 8)
  for (const { problem, provenance } of gmm.published) {
    expect(gmm.problems.map(({ name }) => name)).toContain(problem)
    expect(provenance).toBe('rerun by us')
  }
  const of = (problem: string, row: string) =>
    gmm.published.find((p) => p.problem === problem && p.row === row)
  expect(of('d=80,dy=4,steps=20', 'mcg-diff (one run)')).toMatchObject({ value: 0.54, error: 0.08 })
  expect(of('d=8,dy=2,steps=100', 'prior')).toMatchObject({ value: 10.47, error: 1.44 })
  expect(of('d=800,dy=4,steps=20', 'prior')).toBeUndefined()
})
