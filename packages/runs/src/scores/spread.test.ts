import { expect, test } from 'vitest'
import { meanAndSpread } from './spread.ts'

test('the mean of pictures, and their standard deviation with the largest as 1', () => {
  const of = (...data: number[]) => ({
    channels: 1 as const,
    width: 3,
    height: 1,
    data: Float32Array.from(data),
  })
  const { mean, spread, largest } = meanAndSpread([of(0, 0.5, 0.25), of(1, 0.5, 0.75)])
  expect(Array.from(mean.data)).toEqual([0.5, 0.5, 0.5])
  expect(largest).toBe(0.5)
  expect(Array.from(spread.data)).toEqual([1, 0, 0.5])
})
