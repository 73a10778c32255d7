import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DegenerateWeightsError, evidenceIncrement, normaliseWeights } from './index.ts'

describe('normaliseWeights', () => {
  test('hand cases', () => {
    const equal = normaliseWeights([-3, -3, -3, -3])
    expect(Array.from(equal.weights)).toEqual([0.25, 0.25, 0.25, 0.25])
    expect(equal.ess).toBe(4)
    expect(equal.logMean).toBeCloseTo(-3, 14)
    expect(equal.logSum).toBeCloseTo(-3 + Math.log(4), 14)
    // Weights 1 : 2 : 5 of 8: ESS 64/30.
    const some = normaliseWeights([0, Math.log(2), Math.log(5)])
    for (const [k, w] of [1 / 8, 2 / 8, 5 / 8].entries()) expect(some.weights[k]).toBeCloseTo(w, 14)
    expect(some.ess).toBeCloseTo(64 / 30, 13)
    expect(some.logSum).toBeCloseTo(Math.log(8), 14)
    expect(some.logMean).toBeCloseTo(Math.log(8 / 3), 14)
    // One that has it all, one that has nothing.
    const one = normaliseWeights([-Infinity, 7])
    expect([Array.from(one.weights), one.ess, one.logSum]).toEqual([[0, 1], 1, 7])
    expect(one.logMean).toBeCloseTo(7 - Math.log(2), 14)
  })

  test('a shift changes the sums alone, exactly where it can be added exactly', () => {
    const exact = fc.array(fc.integer({ min: -5000, max: 5000 }), { minLength: 1, maxLength: 9 })
    fc.assert(
      fc.property(exact, fc.integer({ min: -10_000, max: 10_000 }), (steps, shift) => {
        const plain = normaliseWeights(steps.map((n) => n / 256))
        const shifted = normaliseWeights(steps.map((n) => n / 256 + shift))
        expect(shifted.weights).toEqual(plain.weights)
        expect(shifted.ess).toBe(plain.ess)
        expect(Math.abs(shifted.logSum - plain.logSum - shift)).toBeLessThan(1e-11)
        expect(Math.abs(shifted.logMean - plain.logMean - shift)).toBeLessThan(1e-11)
      }),
    )
  })

  test('ESS lies between 1 and K, weights sum to 1, order does not matter', () => {
    const any = fc.array(fc.double({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 9 })
    fc.assert(
      fc.property(any, (logWeights) => {
        const { weights, ess, logSum } = normaliseWeights(logWeights)
        expect(Math.abs(weights.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-14)
        expect(ess).toBeGreaterThanOrEqual(1 - 1e-14)
        expect(ess).toBeLessThanOrEqual(logWeights.length)
        const backwards = normaliseWeights(logWeights.toReversed())
        expect(Math.abs(backwards.logSum - logSum)).toBeLessThanOrEqual(1e-14 * (1 + Math.abs(logSum)))
      }),
    )
  })

  test.each([1e4, -1e4, 1e300, -1e300])('nothing overflows or vanishes at %d', (far) => {
    const { weights, ess, logMean } = normaliseWeights([far, far, -Infinity, far])
    expect(Array.from(weights)).toEqual([1 / 3, 1 / 3, 0, 1 / 3])
    expect(ess).toBeCloseTo(3, 14)
    expect(Math.abs(logMean - far - Math.log(3 / 4))).toBeLessThanOrEqual(1e-12 + Math.abs(far) * 2 ** -52)
  })

  test('what cannot be normalised is named', () => {
    const fault = (logWeights: readonly number[], sample?: number) => {
      try {
        normaliseWeights(logWeights, sample)
      } catch (error) {
        if (error instanceof DegenerateWeightsError) return [error.fault, error.sample]
      }
      return undefined
    }
    expect(fault([0, Number.NaN], 3)).toEqual(['nan', 3])
    expect(fault([Infinity, Number.NaN])).toEqual(['nan', undefined])
    expect(fault([Infinity, 0], 1)).toEqual(['infinite', 1])
    expect(fault([-Infinity, -Infinity], 2)).toEqual(['vanished', 2])
    expect(fault([])).toEqual(['vanished', undefined])
    expect(() => normaliseWeights([-Infinity], 4)).toThrow(/sample 4: all weights are 0/)
  })
})

describe('evidenceIncrement', () => {
  test('a hand case: a mean by the weights before', () => {
    // Weights ¼ and ¾, potentials 8 and 4: their mean is 5.
    expect(evidenceIncrement([50, 50 + Math.log(3)], [Math.log(8), Math.log(4)])).toBeCloseTo(Math.log(5), 12)
    expect(evidenceIncrement([0, 0], [-Infinity, 0])).toBeCloseTo(Math.log(0.5), 14)
  })

  test('summed over steps it is the log of the mean weight', () => {
    const potentials = [
      [0.3, -2, 1],
      [-1e4, -1e4 + 3, -1e4 - 1],
      [5, 5.5, -Infinity],
    ]
    let logWeights: number[] = [0, 0, 0]
    let total = 0
    for (const step of potentials) {
      total += evidenceIncrement(logWeights, step)
      logWeights = logWeights.map((value, k) => value + step[k]!)
    }
    expect(Math.abs(total - normaliseWeights(logWeights).logMean)).toBeLessThan(1e-11)
  })

  test('a missing increment is no silent 0', () => {
    expect(() => evidenceIncrement([0, 0], [1])).toThrow(DegenerateWeightsError)
  })
})
