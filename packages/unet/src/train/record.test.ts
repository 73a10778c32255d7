import { expect, test } from 'vitest'
import { lossCurve } from './record.ts'

const lines = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    step: i + 1,
    loss: 9,
    lossAverage: 1 / 3,
    learningRate: 9,
    gradNorm: 9,
    imagesPerSecond: 9,
  }))

test('a record keeps some 200 points of the averaged loss, the first and the last among them', () => {
  expect(lossCurve([])).toEqual([])
  expect(lossCurve(lines(3))).toEqual([1, 2, 3].map((step) => [step, 0.33333]))
  const curve = lossCurve(lines(1003)).map(([step]) => step)
  expect(curve).toEqual([...Array.from({ length: 201 }, (_, i) => 1 + 5 * i), 1003])
})
