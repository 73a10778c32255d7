import { gaussianMixture } from '@tweedie/solvers'
import { randomKey } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { expect, test } from 'vitest'
import { pointsOf } from '../points.ts'
import { mixturePosterior } from '../posteriors/mixture.ts'
import type { Case } from '../types.ts'
import { gaussianDistance, gaussianW2 } from './gaussian-w2.ts'

test('along axes it is that of means and standard deviations', () => {
  const [A, B] = [Matrix.diag([1, 4, 9]), Matrix.diag([4, 4, 0.25])]
  const expected = Math.hypot(1, -2, 0, 1 - 2, 2 - 2, 3 - 0.5)
  expect(gaussianDistance([0, 0, 0], A, [1, -2, 0], B)).toBeCloseTo(expected, 10)
})

test('where covariances do not commute it is what 2×2 matrices give in closed form', () => {
  const A = new Matrix([
    [2, 0.7],
    [0.7, 1],
  ])
  const B = new Matrix([
    [1, -0.4],
    [-0.4, 3],
  ])
  // tr √M = √(tr M + 2√det M) of a 2×2 M, here of A^½BA^½, which has trace and determinant of AB.
  const AB = A.mmul(B)
  const determinant = AB.get(0, 0) * AB.get(1, 1) - AB.get(0, 1) * AB.get(1, 0)
  const cross = Math.sqrt(AB.trace() + 2 * Math.sqrt(determinant))
  expect(gaussianDistance([0, 0], A, [0, 0], B) ** 2).toBeCloseTo(3 + 4 - 2 * cross, 10)
  expect(gaussianDistance([0, 0], B, [0, 0], A)).toBeCloseTo(gaussianDistance([0, 0], A, [0, 0], B), 10)
})

const law = gaussianMixture({
  weights: [1],
  means: [[1, 2]],
  covariances: [
    [2, 0.5],
    [0.5, 1],
  ],
})
const posterior = mixturePosterior(law.posterior([[0, 0]], [0], 1))
// What the metric does not look at is left out.
const judged = { posed: { posterior } as unknown as Case, draws: pointsOf(new Float64Array(2), 2) }

test('samples with the moments of the posterior are at 0', () => {
  // ±√2 times the columns of a root of the covariance: mean and, over N − 1 = 3, covariance are exact.
  const L = [
    [Math.SQRT2, 0],
    [0.5 / Math.SQRT2, Math.sqrt(1 - 0.125)],
  ]
  const scale = Math.sqrt(3 / 2)
  const values = [0, 1].flatMap((k) =>
    [1, -1].flatMap((sign) => [0, 1].map((i) => i + 1 + sign * scale * (L[i]?.[k] ?? 0))),
  )
  expect(gaussianW2.of(pointsOf(Float64Array.from(values), 2), judged)[0]).toBeLessThan(1e-6)
})

test('moved samples are as far as they were moved; the floor falls as 1/√N', () => {
  const keys = Array.from({ length: 4000 }, (_, i) => randomKey(i))
  const draws = posterior.sample(keys)
  const at = (count: number, moved: number) =>
    gaussianW2.of(
      pointsOf(
        draws.values.slice(0, 2 * count).map((v) => v + moved),
        2,
      ),
      judged,
    )[0] ?? Number.NaN
  // W₂² of n draws has the mean (tr Σ + O(1)·tr Σ/4)/n at most.
  expect(at(4000, 0)).toBeLessThan(5 * Math.sqrt(3 / 4000))
  expect(at(100, 0)).toBeLessThan(5 * Math.sqrt(3 / 100))
  expect(Math.abs(at(4000, 3) - 3 * Math.SQRT2)).toBeLessThan(5 * Math.sqrt(3 / 4000))
})
