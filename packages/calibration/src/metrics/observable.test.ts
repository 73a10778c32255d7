import { expect, test } from 'vitest'
import { pointsOf } from '../points.ts'
import { observableDistance } from './observable.ts'
import { trial } from './trials.ts'

const { judged } = trial({ problem: 'gaussian', samples: 4, seed: 1 })
const [samples, draws] = [
  pointsOf(Float64Array.of(1, -2, 3, -4), 2),
  pointsOf(Float64Array.of(0, 5, 2, 2), 2),
]

test('W₁ of all that is observed of samples and draws, as numbers in order', () => {
  const of = (observed: (x: Float64Array) => Float64Array) =>
    observableDistance.of(samples, { ...judged, draws, posed: { ...judged.posed, observed } })
  // 1 2 3 4 beside 0 2 2 5; −1 −1 beside 5 4.
  expect(of((x) => x.map(Math.abs))[0]).toBeCloseTo((1 + 0 + 1 + 1) / 4, 12)
  expect(of((x) => Float64Array.of((x[0] ?? 0) + (x[1] ?? 0)))[0]).toBeCloseTo((5 + 6) / 2, 12)
})

test('a case of which nothing is observed lacks it', () => {
  expect(observableDistance.lacks(judged.posed)).toBe('something to observe of a sample')
})
