import { randomKey } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { pointsOf } from '../points.ts'
import { streamOf } from '../posteriors/stream.ts'
import type { Case } from '../types.ts'
import { sampleMean, sampleStd, zStd } from './columns.ts'
import { sampleRmse } from './rmse.ts'

const judged = (truth: number[]) => ({
  // What these metrics do not look at is left out.
  posed: { truth: Float64Array.from(truth) } as unknown as Case,
  draws: pointsOf(new Float64Array(truth.length), truth.length),
})

const samples = pointsOf(Float64Array.of(1, 10, 3, 14, 5, 18), 2)

test('mean, spread and distance of samples', () => {
  expect(sampleMean.of(samples, judged([0, 0]))).toEqual([(3 + 14) / 2])
  expect(sampleStd.of(samples, judged([0, 0]))[0]).toBeCloseTo(Math.sqrt((4 + 16) / 2), 12)
  const squares = [1, 10, 3, 14, 5, 18].map((v, i) => (v - (i % 2 ? 10 : 2)) ** 2)
  expect(sampleRmse.of(samples, judged([2, 10]))[0]).toBeCloseTo(
    Math.sqrt(squares.reduce((sum, v) => sum + v, 0) / 6),
    12,
  )
  expect(zStd.of(samples, judged([7, 10]))).toEqual([expect.closeTo(4, 12), expect.closeTo(1, 12)])
})

test('samples that are all the same are a million of their spreads off', () => {
  expect(zStd.of(pointsOf(Float64Array.of(1, 1, 1), 1), judged([2]))).toEqual([1e12])
})

test('the standard deviation of z is its root mean square over cases', () => {
  expect(zStd.over([[4], [16]]).value).toBeCloseTo(Math.sqrt(10), 12)
})

test('where truth and samples are of one law it is what the source says, within 5 standard errors', () => {
  const stream = streamOf(randomKey(1))
  const [cases, n] = [4000, 20]
  const found = Array.from({ length: cases }, () => {
    const drawn = pointsOf(
      Float64Array.from({ length: n }, () => 3 + 2 * stream.normal()),
      1,
    )
    return zStd.of(drawn, judged([3 + 2 * stream.normal()]))
  })
  const { value, low, high } = zStd.over(found)
  const expected = Math.sqrt(((1 + 1 / n) * (n - 1)) / (n - 3))
  expect(Math.abs(value - expected)).toBeLessThan(((high - low) / 2 / 1.96) * 5)
})
