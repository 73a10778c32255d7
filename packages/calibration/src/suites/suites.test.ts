import type { ExactPrior, MixtureComponent } from '@tweedie/solvers'
import { memory } from '@tweedie/tensor'
import { CholeskyDecomposition, inverse, Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { sampleMetrics } from '../metrics/catalog.ts'
import { pointAt } from '../points.ts'
import { gradientOf } from '../posteriors/finite-differences.test.helper.ts'
import { drawKeys } from '../rows/references.ts'
import type { Case, PosedProblem } from '../types.ts'
import { bipsda } from './bipsda.ts'
import { calibration1d } from './calibration-1d.ts'
import { ksd } from './ksd.ts'
import { mgps } from './mgps.ts'
import { tilt } from './tilt.ts'

const suites = [ksd, bipsda, tilt, mgps, calibration1d]
const all = suites.flatMap((suite) => suite.problems.map((problem) => ({ suite: suite.name, problem })))
const named = all
  .map(({ suite, problem }) => [`${suite} ${problem.name}`, problem] as const)
  // Its chains take seconds: its own tests are those of tilt.
  .filter(([, { name }]) => name !== 'dw-4,T=2')

const measuredBy = ({ problem }: Case): Float64Array => Float64Array.from(problem.y.dataSync(), Number)
const isLaw = (prior: Case['prior']): prior is ExactPrior => 'law' in prior

/** Σ⁻¹ + AᵀA/σ² and what follows of it, with log p(y) from p(x)p(y | x)/p(x | y) at x = 0. */
function informed({ mean, covariance, weight }: MixtureComponent, A: Matrix, y: Float64Array, sigma: number) {
  const precision = inverse(covariance)
  const both = Matrix.add(
    precision,
    A.transpose()
      .mmul(A)
      .div(sigma ** 2),
  )
  const pull = precision.mmul(Matrix.columnVector(mean)).add(
    A.transpose()
      .mmul(Matrix.columnVector(y))
      .div(sigma ** 2),
  )
  const posterior = inverse(both)
  const centre = posterior.mmul(pull)
  const logNormal = (at: Matrix, P: Matrix) => {
    const L = new CholeskyDecomposition(Matrix.add(P, P.transpose()).div(2)).lowerTriangularMatrix
    const distance = at.transpose().mmul(P).mmul(at).get(0, 0)
    return (
      L.diag().reduce((sum, l) => sum + Math.log(l), 0) - distance / 2 - (P.rows / 2) * Math.log(2 * Math.PI)
    )
  }
  const noise = Matrix.eye(y.length, y.length, 1 / sigma ** 2)
  const log =
    logNormal(Matrix.columnVector(mean), precision) +
    logNormal(Matrix.columnVector(y), noise) -
    logNormal(centre, both)
  return { log: log + Math.log(weight), centre: Float64Array.from(centre.to1DArray()), posterior }
}

/** Moments and log p(y) of a linear case by precisions: nothing of it is what its posterior was made of. */
function momentsOf(posed: Case) {
  const { prior, problem, matrix } = posed
  if (!isLaw(prior) || !matrix || problem.noise.sigma === undefined) throw new Error('not linear')
  const { sigma } = problem.noise
  const y = measuredBy(posed)
  const parts = prior.law.components.map((component) => informed(component, matrix, y, sigma))
  const top = Math.max(...parts.map(({ log }) => log))
  const total = parts.reduce((sum, { log }) => sum + Math.exp(log - top), 0)
  const d = prior.law.dimension
  const mean = Matrix.zeros(d, 1)
  for (const { log, centre } of parts) mean.add(Matrix.columnVector(centre).mul(Math.exp(log - top) / total))
  const covariance = Matrix.zeros(d, d)
  for (const { log, centre, posterior } of parts) {
    const off = Matrix.columnVector(centre).sub(mean)
    covariance.add(Matrix.add(posterior, off.mmul(off.transpose())).mul(Math.exp(log - top) / total))
  }
  return { mean: mean.to1DArray(), covariance, logEvidence: top + Math.log(total) }
}

test('what suites name is there, once', () => {
  for (const { problems, quick, full, published, metrics } of suites) {
    const names = problems.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const extent of [quick, full])
      for (const name of extent.problems ?? []) expect(names).toContain(name)
    expect(published.filter(({ problem }) => !names.includes(problem))).toEqual([])
    expect(published.filter(({ metric }) => !metrics.includes(metric))).toEqual([])
    const known = sampleMetrics.map(({ info }) => info.name)
    expect(metrics.filter((name) => !known.includes(name))).toEqual([])
  }
})

test.each(named)('%s: the same seed poses the same, y is of double precision', (_, problem) => {
  const [a, b, other] = [problem.pose(3), problem.pose(3), problem.pose(4)]
  expect(a.problem.y.dtype).toBe('float64')
  expect(a.problem.y.shape).toEqual([1, ...a.problem.operator.outShape])
  expect(a.truth).toEqual(b.truth)
  expect(measuredBy(a)).toEqual(measuredBy(b))
  expect(`${measuredBy(a)} ${a.truth}`).not.toBe(`${measuredBy(other)} ${other.truth}`)
})

test.each(named)('%s: of what posing makes the caller has y alone to free', (_, problem) => {
  problem.pose(5).problem.y.dispose()
  const before = memory().tensors
  problem.pose(6).problem.y.dispose()
  expect(memory().tensors).toBe(before)
})

/** Whose posteriors are known by chains alone; they have tests of their own. */
const byChains = ['x-ray', 'phase-retrieval']
const linear = named.filter(([, { name }]) => !byChains.includes(name))

// Elsewhere y is what was asked for, and the truth a draw of the posterior.
const drawn = linear.filter(([name]) => !/tilt|y=1.5/.test(name))

test.each(drawn)('%s: y is off A x₀ by noise of the standard deviation σ_y', (_, problem) => {
  let [sum, count] = [0, 0]
  for (let seed = 0; seed < 20; seed++) {
    const posed = problem.pose(seed)
    const clean = posed.matrix?.mmul(Matrix.columnVector(posed.truth)).to1DArray() ?? []
    for (const [i, y] of measuredBy(posed).entries()) {
      sum += ((y - (clean[i] ?? 0)) / (posed.problem.noise.sigma ?? 0)) ** 2
      count++
    }
  }
  // χ²: variance 2 a number, and for few numbers a long tail.
  expect(Math.abs(sum / count - 1)).toBeLessThan(5 * Math.sqrt(2 / count) + 10 / count)
})

describe.each(linear)('%s', (_, problem: PosedProblem) => {
  const posed = problem.pose(1)
  const { posterior, conditional, matrix, truth } = posed
  const found = momentsOf(posed)
  const precision = inverse(found.covariance)

  test('moments and evidence are those that precisions give', () => {
    posterior.mean().forEach((value, i) => {
      expect(value).toBeCloseTo(found.mean[i] ?? Number.NaN, 8)
    })
    const covariance = posterior.covariance()
    const worst = Matrix.sub(covariance, found.covariance).abs().max()
    expect(worst).toBeLessThan(1e-8)
    // Terms of 10⁵ cancel in it.
    expect(posterior.logEvidence).toBeCloseTo(found.logEvidence, 6)
  })

  test('the score is the gradient of the density', () => {
    const x = truth.map((value, i) => value + 0.3 * Math.sin(i + 1))
    if (!posterior.logDensity) throw new Error('no density')
    const gradient = gradientOf(posterior.logDensity, x)
    posterior.score?.(x).forEach((value, i) => {
      const expected = gradient[i] ?? Number.NaN
      expect(Math.abs(value - expected)).toBeLessThan(1e-5 * (1 + Math.abs(expected)))
    })
  })

  test('the operator is the matrix, the conditional prior the posterior', async () => {
    using x = posed.problem.y.mul(0).sum().add(1).broadcastTo([1, truth.length])
    using y = posed.problem.operator.forward(x)
    expect(Array.from(y.dataSync(), Number)).toEqual(
      Array.from(matrix?.to2DArray() ?? [], (row) =>
        expect.closeTo(
          row.reduce((a, b) => a + b, 0),
          10,
        ),
      ),
    )
    if (!conditional || !isLaw(conditional)) throw new Error('no conditional prior')
    expect(conditional.law.mean()).toEqual(posterior.mean())
  })

  test('draws have mean and spread of the posterior', () => {
    const n = 600
    const d = posterior.dimension
    const draws = posterior.sample(drawKeys(1, 'test', n))
    const mean = new Float64Array(d)
    for (let i = 0; i < n; i++)
      pointAt(draws, i).forEach((value, j) => {
        mean[j] = (mean[j] ?? 0) + value / n
      })
    const off = Matrix.columnVector(mean.map((value, j) => value - (found.mean[j] ?? 0)))
    // n·(m̄ − m)ᵀΣ⁻¹(m̄ − m) has the law χ² of d, of mean d and variance 2d, but for terms of 1/n.
    const distance = n * off.transpose().mmul(precision).mmul(off).get(0, 0)
    expect(distance).toBeLessThan(d + 8 * Math.sqrt(2 * d) + 12)
    let spread = 0
    for (let i = 0; i < n; i++) {
      const z = Matrix.columnVector(pointAt(draws, i).map((value, j) => value - (found.mean[j] ?? 0)))
      spread += z.transpose().mmul(precision).mmul(z).get(0, 0) / n
    }
    // A whitened square of a mixture has a variance of at most some 6d.
    expect(Math.abs(spread - d)).toBeLessThan(5 * Math.sqrt((6 * d) / n))
  })
})
