import { expect, test } from 'vitest'
import { histogramOf, logRange, logTicks, uniformBand } from './lines.ts'

test('every rank falls into its bin, bins have as many ranks', () => {
  const all = Array.from({ length: 100 }, (_, rank) => rank)
  expect(histogramOf(all, 99, 10)).toEqual(Array.from({ length: 10 }, () => 10))
  expect(histogramOf([0, 9, 10, 99], 99, 10)).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 1])
})

test('the band holds 99 of 100 counts of uniform ranks', () => {
  const [low, high] = uniformBand(200, 10)
  expect(low).toBeCloseTo(20 - 2.576 * Math.sqrt(18), 6)
  expect(high).toBeCloseTo(20 + 2.576 * Math.sqrt(18), 6)
  expect(uniformBand(4, 10)[0]).toBe(0)
})

test('a range has its values in it, and ticks in it', () => {
  for (const values of [[0.031, 0.4], [50, 50], [3, 900], [1e-4], []]) {
    const range = logRange(values)
    expect(range[1]).toBeGreaterThan(range[0])
    for (const value of values) expect(value >= range[0] && value <= range[1]).toBe(true)
    for (const tick of logTicks(range)) expect(tick >= range[0] * 0.99 && tick <= range[1] * 1.01).toBe(true)
    expect(logTicks(range).length).toBeGreaterThan(0)
  }
  expect(logRange([0.031, 0.4])).toEqual([0.03, 0.4])
  expect(logRange([0.1, 0.18])).toEqual([0.1, 0.2])
  expect(logTicks([0.1, 0.2])).toEqual([0.1, 0.15, 0.2])
  expect(logTicks([0.02, 0.5])).toEqual([0.02, 0.05, 0.1, 0.2, 0.5])
})
