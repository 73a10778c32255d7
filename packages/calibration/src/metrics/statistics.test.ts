import { OptionError } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { mean, normals } from './plain.test.helper.ts'
import { chiSquareTail, pairedDifference, studentQuantile, studentTails, wilson } from './statistics.ts'

describe('tails', () => {
  test('χ² of an even number of degrees is a sum of a Poisson law', () => {
    for (const degrees of [2, 4, 10, 40])
      for (const x of [0, 0.3, 2, 9, 40, 90]) {
        let [term, sum] = [Math.exp(-x / 2), 0]
        for (let k = 0; k < degrees / 2; k++) {
          sum += term
          term *= x / 2 / (k + 1)
        }
        expect(Math.abs(chiSquareTail(x, degrees) - sum)).toBeLessThan(1e-10)
      }
    expect(chiSquareTail(3.841458820694124, 1)).toBeCloseTo(0.05, 10)
    expect([chiSquareTail(-1, 3), chiSquareTail(1e4, 3)]).toEqual([1, 0])
  })

  test("Student's t of 1, 2 and 3 degrees", () => {
    for (const x of [-4, -1, 0, 0.2, 1, 3, 50]) {
      const size = Math.abs(x)
      expect(studentTails(x, 1)).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(size), 7)
      expect(studentTails(x, 2)).toBeCloseTo(1 - size / Math.sqrt(2 + x * x), 7)
      const angle = Math.atan(size / Math.sqrt(3))
      expect(studentTails(x, 3)).toBeCloseTo(
        1 - (2 / Math.PI) * (angle + Math.sin(angle) * Math.cos(angle)),
        7,
      )
    }
    for (const degrees of [1, 2, 5, 30, 400])
      expect(studentTails(studentQuantile(0.975, degrees), degrees)).toBeCloseTo(0.05, 6)
  })
})

test("Wilson's ends are where the rate is 1.96 standard deviations away", () => {
  for (const [rate, count] of [[0.9, 20], [0.5, 7], [0.123, 400]] as const) {
    const { value, low, high } = wilson(rate, count)
    expect(value).toBe(rate)
    for (const [end, sign] of [[low, 1], [high, -1]] as const)
      expect((rate - end) / Math.sqrt((end * (1 - end)) / count)).toBeCloseTo(sign * 1.959963984540054, 10)
  }
  expect([wilson(0, 10).low, wilson(0, 10).value, wilson(1, 10).value]).toEqual([0, 0, 1])
  expect(wilson(1, 10).high).toBeCloseTo(1, 14)
  expect(wilson(1, 10).high).toBeLessThanOrEqual(1)
}) // biome-ignore format: lines

describe('paired differences', () => {
  test('by hand: all signs the same, and one that is not', () => {
    const same = pairedDifference([1.2, 2.3, 3.1, 4.4, 5.2], [1, 2, 3, 4, 5])
    expect(same).toMatchObject({ count: 5, by: 'sign flips', p: 2 / 32 })
    expect(same.value).toBeCloseTo(0.24, 12)
    // Deviations −.04 .06 −.14 .16 −.04: variance .013, t₄ 2.7764.
    expect(same.high - same.value).toBeCloseTo(2.776445 * Math.sqrt(0.013 / 5), 5)
    expect(same.value - same.low).toBeCloseTo(2.776445 * Math.sqrt(0.013 / 5), 5)
    // Sums of ±1 ±2 ±4: |·| ≥ 5 for 7, 5 and their negatives.
    expect(pairedDifference([1, 0, 4], [0, -2, 0]).p).toBe(2 / 8)
    expect(pairedDifference([0, 2, 4], [1, 0, 0]).p).toBe(4 / 8)
    expect(pairedDifference([1, 1], [1, 1]).p).toBe(1)
    expect(pairedDifference([3], [1])).toEqual({ count: 1, value: 2, low: -Infinity, high: Infinity, p: 1, by: 'sign flips' }) // biome-ignore format: a line
  })

  test('equal shares of a number are as far as it: rounding hides none', () => {
    // 0.1 + 0.2 − 0.3 is not 0 in binary: all 8 patterns are as far from 0 as nothing is.
    expect(pairedDifference([0.1, 0.2, -0.3], [0, 0, 0]).p).toBe(1)
    // And with a half: −0.1 − 0.2 + 0.3 + 0.5 comes out below 0.5; five of eight patterns are that far.
    expect(pairedDifference([0.1, 0.2, -0.3, 0.5], [0, 0, 0, 0]).p).toBe(10 / 16)
  })

  test("beyond 16 pairs Student's t; a shift of both lists changes nothing, exchanging them the sign", () => {
    const a = Array.from(normals(3, 17, 1).values, (z) => z + 0.5)
    const b = Array.from(normals(4, 17, 1).values)
    const found = pairedDifference(a, b)
    const d = a.map((v, i) => v - (b[i] ?? 0))
    const m = mean(d)
    const t = m / Math.sqrt(d.reduce((sum, v) => sum + (v - m) ** 2, 0) / 16 / 17)
    expect(found.by).toBe("Student's t")
    expect(found.p).toBe(studentTails(t, 16))
    expect(pairedDifference(a.slice(1), b.slice(1)).by).toBe('sign flips')
    const turned = pairedDifference(b, a)
    expect(turned.value).toBe(-found.value)
    expect(turned.low).toBeCloseTo(-found.high, 14)
    expect(pairedDifference(d.map(() => 2), d.map(() => 2))).toMatchObject({ value: 0, p: 1 }) // biome-ignore format: a line
  })

  test('lists that make no pairs', () => {
    expect(() => pairedDifference([1, 2], [1])).toThrow(OptionError)
    expect(() => pairedDifference([], [])).toThrow('0 numbers and 0 make no pairs')
  })
})
