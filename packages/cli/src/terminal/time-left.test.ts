import { expect, test } from 'vitest'
import { duration, Estimate } from './time-left.ts'

test('time is told in the largest units that say enough', () => {
  expect([0.2, 40, 89, 90, 600, 5399, 5400, 11_100].map(duration)).toEqual([
    '1 s',
    '40 s',
    '89 s',
    '2 min',
    '10 min',
    '1 h 30 min',
    '1 h 30 min',
    '3 h 5 min',
  ])
})

test('what is left takes as long a pixel as what is done; bytes stand for pixels that nobody has counted', () => {
  const estimate = new Estimate([100, 100, 200, 50])
  expect(estimate.left).toBeUndefined()
  estimate.read(3, 0) // nothing to be done for it
  estimate.read(0, 1000)
  expect(estimate.progress(0, 0.5)).toBeCloseTo(500 / 4000, 12)
  estimate.finished(0, 10)
  expect(estimate.left).toBeCloseTo(30, 12)
  estimate.read(1, 3000)
  // 4000 pixels in 200 bytes: the third has 4000 in its 200.
  expect(estimate.left).toBeCloseTo(70, 12)
  estimate.finished(1, 30)
  expect(estimate.left).toBeCloseTo(40, 12)
  estimate.read(2, 4000)
  expect(estimate.progress(2, 1)).toBe(1)
})
