import { expect, test } from 'vitest'
import type { SampleMetric } from '../types.ts'
import { sampleMetrics } from './catalog.ts'
import { defineSampleMetric } from './define.ts'
import { metricPower } from './power.ts'
import type { Change, TrialProblem } from './trials.ts'

const named = (...names: string[]): SampleMetric[] =>
  sampleMetrics.filter(({ info }) => names.includes(info.name))

/** Metrics that see a change in nine repetitions of ten or more. */
const caught = (problem: TrialProblem, samples: number, metrics: readonly SampleMetric[]) => {
  const found = metricPower(problem, metrics, { samples, cases: 10, exact: 20, repetitions: 10 })
  return (change: Change) => found.filter(({ power }) => power[change] >= 0.9).map(({ name }) => name)
}

// The least clear, variance-ratio on the Gaussian, has a standard deviation of 0.014 over repetitions and moves by 0.10; the
// threshold, the second greatest of 20, lies some two of them out. The others are farther.
test('samples wider or narrower by 5 % are caught by three metrics at least', () => {
  const spreads = named(
    'variance-error-relative',
    'variance-ratio',
    'whitened',
    'whitened-measured',
    'mean-error',
  )
  const gaussian = caught('gaussian', 1000, spreads)
  const mixture = caught('mixture', 500, spreads)
  for (const change of ['wider', 'narrower'] as const) {
    expect(gaussian(change)).toEqual([
      'variance-error-relative',
      'variance-ratio',
      'whitened',
      'whitened-measured',
    ])
    expect(mixture(change)).toEqual([
      'variance-error-relative',
      'variance-ratio',
      'whitened',
      'whitened-measured',
    ])
  }
  // A mean off by 0.05 σ is 2.5 standard errors of 1,000 samples, seen over ten cases.
  expect(gaussian('shifted')).toContain('mean-error')
  expect(gaussian('exact')).toEqual([])
  expect(mixture('exact')).toEqual([])
  expect(mixture('reweighted').length).toBeGreaterThanOrEqual(3)
})

test('thresholds, floors and what is left out', () => {
  const size = { samples: 20, cases: 2, exact: 20, repetitions: 4 }
  const progress: number[] = []
  const found = metricPower(
    'gaussian',
    named('variance-ratio', 'crps', 'weights-error', 'evidence-bias'),
    size,
    (done) => progress.push(done),
  )
  // One mode, and no estimates of the evidence: both are left out. Scores stand twice.
  expect(found.map(({ name, paired }) => [name, paired])).toEqual([['variance-ratio', false], ['crps', false], ['crps', true]]) // biome-ignore format: a line
  expect(progress).toEqual(Array.from({ length: 24 }, (_, k) => (k + 1) / 24))
  const [plain, paired] = [found[1], found[2]]
  expect(paired?.floor.deviation).toBeLessThan(0.5 * (plain?.floor.deviation ?? 0))
  expect(metricPower('gaussian', named('crps'), size)).toEqual(found.slice(1))
})

test('worse is above, below, or away from the target', () => {
  // Exact draws have 1 … 20 by repetition, in an order of its own; changed ones 1000 or −1000.
  const counted = (better: 'lower' | 'higher' | 'target', wrong: number, target?: number) => {
    let made = 0
    return defineSampleMetric({
      name: 'counted', title: '', unit: '', source: '', better, ...(target !== undefined && { target }),
      of: () => (made++ < 20 ? 1 + ((7 * made) % 20) : (made - 20) % 5 === 1 ? 19.5 : wrong),
    }) // biome-ignore format: a table
  }
  const size = { samples: 2, cases: 1, exact: 20, repetitions: 2 }
  const power = (metric: SampleMetric) => metricPower('gaussian', [metric], size)[0]?.power
  // The threshold is the 19th of the 20, in the direction that is worse: 19, 2, and from 0 again 19.
  expect(power(counted('lower', 1000))).toEqual({
    exact: 1,
    wider: 1,
    narrower: 1,
    shifted: 1,
    reweighted: 1,
  })
  expect(power(counted('lower', -1000))).toEqual({
    exact: 1,
    wider: 0,
    narrower: 0,
    shifted: 0,
    reweighted: 0,
  })
  expect(power(counted('higher', -1000))).toEqual({
    exact: 0,
    wider: 1,
    narrower: 1,
    shifted: 1,
    reweighted: 1,
  })
  expect(power(counted('target', -1000, 0))).toEqual({
    exact: 1,
    wider: 1,
    narrower: 1,
    shifted: 1,
    reweighted: 1,
  })
  expect(power(counted('target', 0, 0))?.wider).toBe(0)
  // Without a target, from the mean of exact draws, 10.5: the threshold is 9.5.
  expect(power(counted('target', 21))).toMatchObject({ exact: 0, wider: 1 })
  expect(power(counted('target', 19))).toMatchObject({ wider: 0 })
})
