import { inverse, Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import type { SampleMetric } from '../types.ts'
import { caseWith, gaussian, judgedBy, mapped, normals, oneOf, plain } from './plain.test.helper.ts'
import {
  varianceRatio,
  varianceRatioMeasured,
  varianceRatioUnmeasured,
  whitened,
  whitenedMeasured,
  whitenedUnmeasured,
} from './spread.ts'

const sigma = [[2, 0.6, -0.3], [0.6, 1, 0.2], [-0.3, 0.2, 0.5]] // biome-ignore format: a matrix
const posterior = gaussian([0, 0, 0], sigma)
const samples = normals(4, 12, 3)

/** The samples' covariance over N − 1, in the coordinates of the rows of a basis. */
function covarianceIn(basis: readonly (readonly number[])[]): Matrix {
  const z = plain(samples).map((x) => basis.map((u) => u.reduce((sum, v, j) => sum + v * (x[j] ?? 0), 0)))
  const means = basis.map((_, k) => z.reduce((sum, v) => sum + (v[k] ?? 0), 0) / z.length)
  return new Matrix(
    basis.map((_, k) =>
      basis.map(
        (_, l) =>
          z.reduce((s, v) => s + ((v[k] ?? 0) - (means[k] ?? 0)) * ((v[l] ?? 0) - (means[l] ?? 0)), 0) / 11,
      ),
    ),
  )
}
/** Both ratios in the span of an orthonormal basis. */
function ratiosIn(basis: readonly (readonly number[])[]): [plain: number, whitened: number] {
  const B = new Matrix(basis.map((u) => [...u]))
  const exact = B.mmul(new Matrix(sigma)).mmul(B.transpose())
  const S = covarianceIn(basis)
  return [S.trace() / exact.trace(), inverse(exact).mmul(S).trace() / basis.length]
}

const h = Math.SQRT1_2
const whole = [[1, 0, 0], [0, 1, 0], [0, 0, 1]] // biome-ignore format: a matrix
/** A, then bases of its row space and of what is orthogonal to that. */
const maps = {
  'one row': { A: [[2, 2, 0]], inside: [[h, h, 0]], outside: [[h, -h, 0], [0, 0, 1]] },
  'rows that repeat': { A: [[2, 2, 0], [1, 1, 0], [-3, -3, 0]], inside: [[h, h, 0]], outside: [[h, -h, 0], [0, 0, 1]] },
  'two rows': { A: [[1, 1, 0], [5, 5, 1e-3]], inside: [[h, h, 0], [0, 0, 1]], outside: [[h, -h, 0]] },
} // biome-ignore format: matrices

const close = (metric: SampleMetric, A: number[][] | undefined, wanted: number) => {
  const judged = judgedBy({ posterior, ...(A && { matrix: new Matrix(A) }) })
  expect(metric.lacks(judged.posed)).toBeUndefined()
  expect(oneOf(metric, samples, judged)).toBeCloseTo(wanted, 9)
}

describe('variance ratios', () => {
  test('over the whole space, by the inverse', () => {
    const [ratio, white] = ratiosIn(whole)
    close(varianceRatio, undefined, ratio)
    close(whitened, undefined, white)
  })

  test.each(Object.entries(maps))('in the row space of A and out of it: %s', (_, { A, inside, outside }) => {
    const [ratio, white] = ratiosIn(inside)
    close(varianceRatioMeasured, A, ratio)
    close(whitenedMeasured, A, white)
    const [rest, whiteRest] = ratiosIn(outside)
    close(varianceRatioUnmeasured, A, rest)
    close(whitenedUnmeasured, A, whiteRest)
  })

  test('where A measures all, out of it there is nothing; in it is all', () => {
    const A = [[1, 0, 0], [1, 1, 0], [0, 0, 3]] // biome-ignore format: a matrix
    const posed = caseWith({ posterior, matrix: new Matrix(A) })
    expect(varianceRatioUnmeasured.lacks(posed)).toBe('directions that are unmeasured')
    expect(whitenedUnmeasured.lacks(posed)).toBe('directions that are unmeasured')
    const [ratio, white] = ratiosIn(whole)
    close(varianceRatioMeasured, A, ratio)
    close(whitenedMeasured, A, white)
  })

  test('what a case lacks', () => {
    expect(varianceRatioMeasured.lacks(caseWith({ posterior }))).toBe('a linear measurement')
    expect(whitenedUnmeasured.lacks(caseWith({ posterior }))).toBe('a linear measurement')
    const flat = caseWith({ posterior: gaussian([0, 0], [[1, 0], [0, 0]]), matrix: new Matrix([[1, 0]]) }) // biome-ignore format: a line
    expect(whitened.lacks(flat)).toBe('a posterior that varies in every direction')
    expect(whitenedMeasured.lacks(flat)).toBeUndefined()
    expect(whitenedUnmeasured.lacks(flat)).toBe('a posterior that varies in every direction')
    expect(varianceRatio.lacks(flat)).toBeUndefined()
    expect(whitened.of(normals(1, 5, 2), { posed: flat, draws: normals(1, 5, 2) })).toEqual([Number.NaN])
  })

  test('samples scaled by a factor have its square of every ratio', () => {
    const judged = judgedBy({ posterior, matrix: new Matrix([[1, 2, 3]]) })
    const wide = mapped(samples, (x) => x.map((v) => 1.05 * v + 7))
    for (const metric of [varianceRatio, varianceRatioMeasured, varianceRatioUnmeasured, whitened, whitenedMeasured, whitenedUnmeasured])
      expect(oneOf(metric, wide, judged) / oneOf(metric, samples, judged)).toBeCloseTo(1.1025, 9)
  }) // biome-ignore format: a line
})
