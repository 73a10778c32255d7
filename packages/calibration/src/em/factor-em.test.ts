import { factorMixture } from '@tweedie/solvers'
import { normal, randomKey } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import type { Points } from '../points.ts'
import { pointAt, pointsOf } from '../points.ts'
import { fitFactorMixture, meanLogLikelihood } from './factor-em.ts'
import type { FactorModel } from './model.ts'

const host = { dtype: 'float64', device: 'reference' } as const
const numbers = (name: string, count: number) =>
  Array.from(normal(randomKey(3).fold(name), [count], host).dataSync(), Number)

const n = 4
const root = Matrix.from1DArray(n, n, numbers('root', n * n)).mul(0.3)
const truth = factorMixture({
  weights: [0.3, 0.7],
  means: [numbers('a', n).map((v) => 2 * v), numbers('b', n).map((v) => 2 * v)],
  factors: [0, 1].map((k) => Matrix.from1DArray(n, 1, numbers(`W${k}`, n))),
  background: root.mmul(root.transpose()).add(Matrix.eye(n, n, 0.1)),
})
const drawn = (count: number, name: string) =>
  pointsOf(
    Float64Array.from(
      truth.sample(Array.from({ length: count }, (_, i) => randomKey(i).fold(name))).dataSync(),
      Number,
    ),
    n,
  )
const points = drawn(600, 'training')
const options = { components: 2, factors: 1, ridge: 1e-3, iterations: 40, seed: 0, dtype: 'float64' } as const

const meanLog = (law: { logDensity(x: Float64Array): number }, of: Points) =>
  Array.from({ length: of.count }, (_, i) => law.logDensity(pointAt(of, i))).reduce((a, b) => a + b, 0) /
  of.count
const lawOf = (model: FactorModel) => factorMixture(model)

describe('fitting a mixture of factor analysers', () => {
  const steps = [...fitFactorMixture(points, options)]

  it('never lowers its objective, and its log-likelihood is that of the law', () => {
    for (const [i, step] of steps.entries()) {
      if (i > 0) expect(step.objective - (steps[i - 1]?.objective ?? 0)).toBeGreaterThan(-1e-10)
      const before = steps[i - 1]?.model
      if (!before) continue
      expect(step.logLikelihood).toBeCloseTo(meanLog(lawOf(before), points), 9)
      const penalty = (options.ridge * inverse(before.background).trace()) / 2
      expect(step.objective).toBeCloseTo(step.logLikelihood - penalty, 9)
      expect(meanLogLikelihood(points, before, { dtype: 'float64' })).toBeCloseTo(step.logLikelihood, 9)
    }
    expect((steps.at(-1)?.objective ?? 0) - (steps[0]?.objective ?? 0)).toBeGreaterThan(0.1)
  })

  it('an iteration is the one written out: densities, then regressions with weights', () => {
    const model = steps[4]?.model
    const next = steps[5]?.model
    if (!model || !next) throw new TypeError('too few iterations')
    const law = lawOf(model)
    const left = Matrix.zeros(n, n)
    model.factors.forEach((W, k) => {
      const sigma = law.components[k]?.covariance ?? W
      const mean = Matrix.columnVector(Array.from(model.means[k] ?? []))
      // E[z | x] = WᵀΣ⁻¹(x − μ), Cov = I − WᵀΣ⁻¹W: by dense matrices.
      const gain = W.transpose().mmul(inverse(sigma))
      const spread = Matrix.eye(1, 1).sub(gain.mmul(W))
      const [cross, inner] = [Matrix.zeros(n, 2), Matrix.zeros(2, 2)]
      for (let i = 0; i < points.count; i++) {
        const x = Matrix.columnVector(Array.from(pointAt(points, i)))
        const r = law.responsibilities(pointAt(points, i))[k] ?? 0
        const z = gain.mmul(Matrix.sub(x, mean)).get(0, 0)
        cross.add(x.mmul(new Matrix([[r * z, r]])))
        inner.add(
          new Matrix([
            [r * (z * z + spread.get(0, 0)), r * z],
            [r * z, r],
          ]),
        )
      }
      const found = cross.mmul(inverse(inner))
      for (let i = 0; i < n; i++) {
        expect(next.factors[k]?.get(i, 0)).toBeCloseTo(found.get(i, 0), 9)
        expect(next.means[k]?.[i]).toBeCloseTo(found.get(i, 1), 9)
      }
      expect(next.weights[k]).toBeCloseTo(inner.get(1, 1) / points.count, 10)
      left.sub(found.mmul(cross.transpose()))
    })
    for (let p = 0; p < points.count; p++) {
      const x = Matrix.columnVector(Array.from(pointAt(points, p)))
      left.add(x.mmul(x.transpose()))
    }
    left.div(points.count).add(Matrix.eye(n, n, options.ridge))
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) expect(next.background.get(i, j)).toBeCloseTo(left.get(i, j), 9)
  })

  it('finds the law that the points are of: held out, as likely as under the truth but for what 600 points leave open', () => {
    const held = drawn(2000, 'held out')
    const { model } = steps.at(-1) ?? { model: undefined }
    if (!model) throw new TypeError('no iterations')
    const excess = meanLog(truth, held) - meanLog(lawOf(model), held)
    // Wilks: parameters/(2·600) in expectation, 27 of them: 0.0225; twice that and its spread.
    expect(excess).toBeLessThan(0.07)
    expect(excess).toBeGreaterThan(-0.03)
    expect(model.weights.toSorted()[0]).toBeCloseTo(0.3, 1)
  })

  it('is the same by single precision but for rounding, and in any batches', () => {
    const last = steps.at(-1)?.logLikelihood ?? 0
    const others = [{ dtype: 'float32' } as const, { batch: 77 }].map((o) =>
      [...fitFactorMixture(points, { ...options, ...o })].at(-1),
    )
    for (const other of others) expect(Math.abs((other?.logLikelihood ?? 0) - last)).toBeLessThan(1e-4)
  })

  it('refuses what it cannot fit', () => {
    expect(() => fitFactorMixture(drawn(3, 'few'), options).next()).toThrow('two a component')
    expect(() => fitFactorMixture(points, { ...options, ridge: 0 }).next()).toThrow('ridge')
  })
})

/** By Gauss and Jordan. */
function inverse(M: Matrix): Matrix {
  const size = M.rows
  const work = Array.from({ length: size }, (_, i) => [...M.getRow(i), ...Matrix.eye(size, size).getRow(i)])
  for (let i = 0; i < size; i++) {
    const pivot = work[i]?.[i] ?? 1
    work[i] = (work[i] ?? []).map((v) => v / pivot)
    for (let j = 0; j < size; j++) {
      const f = j === i ? 0 : (work[j]?.[i] ?? 0)
      work[j] = (work[j] ?? []).map((v, c) => v - f * (work[i]?.[c] ?? 0))
    }
  }
  return new Matrix(work.map((row) => row.slice(size)))
}
