import type { Points } from '../points.ts'
import type { Case, Judged, SampleMetric, SampleMetricInfo, Summary } from '../types.ts'

/** What a metric may need of a case beside draws. */
const needs = {
  logDensity: { of: ({ posterior }: Case) => posterior.logDensity, missing: 'the posterior density' },
  score: { of: ({ posterior }: Case) => posterior.score, missing: "the posterior's score" },
  modes: { of: ({ posterior }: Case) => posterior.modes, missing: 'modes of the posterior' },
  logEvidence: { of: ({ posterior }: Case) => posterior.logEvidence, missing: 'the evidence of y' },
  observed: { of: ({ observed }: Case) => observed, missing: 'something to observe of a sample' },
  matrix: { of: ({ matrix }: Case) => matrix, missing: 'a linear measurement' },
} as const

/** A word for it. */
export type SampleNeed = keyof typeof needs

/** What is written of a metric. */
export interface SampleMetricDefinition extends SampleMetricInfo {
  readonly needs?: readonly SampleNeed[]
  /** What else a case lacks for it. */
  lacks?(posed: Case): string | undefined
  of(samples: Points, judged: Judged): readonly number[] | number
  /** A mean with its interval where left out. */
  over?(cases: readonly (readonly number[])[]): Summary
}

/**
 * Defines a metric: what a case must have for it stands in `needs`, the numbers of a case come from `of`, those of all cases
 * from `over`, a mean with its interval where left out.
 * @example
 * ```ts
 * import { defineSampleMetric } from '@tweedie/calibration'
 * const greatest = defineSampleMetric({
 *   name: 'greatest',
 *   title: 'the greatest coordinate of all',
 *   unit: '',
 *   better: 'lower',
 *   source: 'mine',
 *   of: ({ values }) => values.reduce((a, b) => Math.max(a, b)),
 * })
 * greatest.over([[1], [3]]).value // => 2
 * ```
 */
export function defineSampleMetric({
  needs: asked = [],
  lacks,
  of,
  over = meanOver,
  ...info
}: SampleMetricDefinition): SampleMetric {
  return {
    info,
    lacks: (posed) => {
      const need = asked.find((name) => needs[name].of(posed) === undefined)
      return need === undefined ? lacks?.(posed) : needs[need].missing
    },
    of: (samples, judged) => {
      const found = of(samples, judged)
      return typeof found === 'number' ? [found] : found
    },
    over,
  }
}

/**
 * The mean over cases of what a case's numbers average to, ± 1.96 standard errors. The interval is all of ℝ for one case, and
 * where the mean is not finite.
 */
export function meanOver(cases: readonly (readonly number[])[]): Summary {
  const values = cases.map(average)
  const value = average(values)
  const variance = values.reduce((sum, v) => sum + (v - value) ** 2, 0) / (values.length - 1)
  if (values.length < 2 || !Number.isFinite(value)) return { value, low: -Infinity, high: Infinity }
  const half = 1.96 * Math.sqrt(variance / values.length)
  return { value, low: value - half, high: value + half }
}

/** The mean of numbers; NaN of none. */
export const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
