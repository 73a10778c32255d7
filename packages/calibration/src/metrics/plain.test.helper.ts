import { normal, randomKey } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import type { Points } from '../points.ts'
import { pointAt, pointsOf } from '../points.ts'
import type { Case, Judged, Posterior, SampleMetric } from '../types.ts'
import { trialCase } from './trials.ts'

/** Points of rows. */
export const rows = (...list: readonly (readonly number[])[]): Points =>
  pointsOf(Float64Array.from(list.flat()), list[0]?.length ?? 0)

/** Standard normal points. */
export function normals(seed: number, count: number, dimension: number): Points {
  using drawn = normal(randomKey(seed), [count * dimension], { dtype: 'float64', device: 'reference' })
  return pointsOf(Float64Array.from(drawn.dataSync(), Number), dimension)
}

/** The rows of points, as plain numbers. */
export const plain = (points: Points): number[][] =>
  Array.from({ length: points.count }, (_, i) => Array.from(pointAt(points, i)))

/** Points made of others, one by one. */
export const mapped = (points: Points, f: (x: number[]) => number[]): Points => rows(...plain(points).map(f))

/** A Gaussian posterior of given mean and covariance, with its density and score. */
export function gaussian(mean: readonly number[], covariance: readonly (readonly number[])[]): Posterior {
  const sigma = new Matrix(covariance.map((row) => [...row]))
  return {
    name: 'Gaussian',
    dimension: mean.length,
    sample: () => {
      throw new TypeError('not drawn from')
    },
    mean: () => Float64Array.from(mean),
    covariance: () => sigma.clone(),
    logDensity: (x) => -Array.from(x).reduce((sum, v, j) => sum + (v - (mean[j] ?? 0)) ** 2, 0) / 2,
  }
}

/** A case with some of its parts given. */
export const caseWith = (parts: Partial<Case>): Case => {
  const { matrix: _, ...rest } = trialCase('gaussian', 0)
  return { ...rest, ...parts }
}

/** What a metric is given: a case and draws. */
export const judgedBy = (parts: Partial<Case>, draws: Points = rows([0])): Judged => ({
  posed: caseWith(parts),
  draws,
})

/** The one number of a case. */
export const oneOf = (metric: SampleMetric, samples: Points, judged: Judged): number => {
  const [value = Number.NaN, ...more] = metric.of(samples, judged)
  if (more.length > 0) throw new TypeError(`${metric.info.name} has ${1 + more.length} numbers`)
  return value
}

export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

/** The mean and its standard error. */
export function estimated(values: readonly number[]): { readonly value: number; readonly error: number } {
  const value = mean(values)
  const squares = values.reduce((sum, v) => sum + (v - value) ** 2, 0)
  return { value, error: Math.sqrt(squares / (values.length - 1) / values.length) }
}
