import { expect, test } from 'vitest'
import type { Pictures } from './engine/frames.ts'
import { correlationOf, differenceOf, meanOf, momentsOf, planeOf } from './moments.ts'

const pictures: Pictures = {
  shape: [3, 1, 1, 2],
  data: Float32Array.of(1, 0, 2, 0, 6, 3),
}

test('mean and standard deviation of each pixel over the samples', () => {
  const { mean, std } = momentsOf(pictures)
  expect(Array.from(mean.data)).toEqual([3, 1])
  expect(std.data[0]).toBeCloseTo(Math.sqrt(14 / 3), 6)
  expect(std.data[1]).toBeCloseTo(Math.sqrt(2), 6)
  expect(Array.from(differenceOf(mean, planeOf(pictures, 2)).data)).toEqual([3, 2])
})

test('of colours the mean is shown; a sample that is not there is the last', () => {
  const colour: Pictures = { shape: [2, 3, 1, 1], data: Float32Array.of(1, 2, 6, 0, 3, 3) }
  expect([0, 1, 9].map((n) => planeOf(colour, n).data[0])).toEqual([3, 2, 2])
})

test('correlation of maps, and means', () => {
  const plane = (...data: number[]) => ({ height: 1, width: data.length, data: Float32Array.from(data) })
  expect(correlationOf(plane(1, 2, 3), plane(0, 2, 4))).toBeCloseTo(1, 9)
  expect(correlationOf(plane(1, 2, 3), plane(3, 0, 3))).toBeCloseTo(0, 9)
  expect(correlationOf(plane(1, 1, 1), plane(3, 0, 3))).toBeUndefined()
  expect(meanOf([1, 2, 6])).toBe(3)
})
