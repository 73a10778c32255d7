import { OptionError, randomKey, randomUnits } from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Resampler } from './index.ts'
import { resamplers } from './index.ts'
import { inverseCdf } from './resample.ts'

const entries = Object.entries(resamplers)
const key = randomKey(17)
/** How often each of K particles was drawn. */
const counts = (ancestors: Int32Array, K: number): number[] => {
  const found = new Array<number>(K).fill(0)
  for (const k of ancestors) found[k]!++
  return found
}
// Of sum 64: multiples of 1/64, so that grids of midpoints integrate over uniform numbers without error.
const weights = [5, 0, 1, 30, 2, 17, 9, 0]
const K = weights.length
const share = weights.map((w) => w / 64)
const midpoints = (n: number) => Array.from({ length: n }, (_, j) => (j + 0.5) / n)

describe('inverseCdf', () => {
  test('is the least k whose partial sum exceeds the position', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(9), { minLength: 1, maxLength: 12 }).filter((w) => w.some((v) => v > 0)),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (some, p) => {
          const total = some.reduce((a, b) => a + b, 0)
          let sum = 0
          const expected = some.findIndex((w) => (sum += w) > p * total)
          expect(inverseCdf(some, [p])[0]).toBe(expected)
        },
      ),
    )
  })

  test('at the ends: no particle of weight 0, and none beyond the last', () => {
    expect(Array.from(inverseCdf([0, 1, 0, 1, 0], [0, 0.5, 1 - 2 ** -53]))).toEqual([1, 3, 3])
    // The sum of these rounds: what exceeds it all belongs to the last.
    expect(Array.from(inverseCdf([0.1, 0.2, 0.3, 0], [1 - 2 ** -53]))).toEqual([2])
  })

  test('of systematic positions has the exact mean K·W_k and the least variance, f(1 − f)', () => {
    // Integrated over u: counts change at multiples of 1/8 only.
    const drawn = midpoints(8).map((u) =>
      counts(
        inverseCdf(
          weights,
          midpoints(K).map((_, i) => (i + u) / K),
        ),
        K,
      ),
    )
    for (let k = 0; k < K; k++) {
      const mean = drawn.reduce((total, c) => total + c[k]!, 0) / 8
      const variance = drawn.reduce((total, c) => total + (c[k]! - mean) ** 2, 0) / 8
      const f = (K * share[k]!) % 1
      expect(mean).toBe(K * share[k]!)
      expect(variance).toBeCloseTo(f * (1 - f), 14)
      expect(variance).toBeLessThanOrEqual(K * share[k]! * (1 - share[k]!))
    }
  })

  test('of stratified positions has the exact mean K·W_k', () => {
    const mean = new Array<number>(K).fill(0)
    for (let i = 0; i < K; i++) {
      for (const u of midpoints(8)) mean[inverseCdf(weights, [(i + u) / K])[0]!]! += 1 / 8
    }
    expect(mean).toEqual(share.map((w) => K * w))
  })
})

describe.each(entries)('%s', (name, by: Resampler) => {
  test('draws what its key says, as many as asked, none of weight 0, whatever the sum', () => {
    for (const count of [0, 1, 5, K, 40]) {
      const drawn = by(key, weights, count)
      expect(drawn.length).toBe(count)
      expect(by(key, share, count)).toEqual(drawn)
      expect(by(key, weights, count)).toEqual(drawn)
      expect(drawn.every((k) => weights[k]! > 0)).toBe(true)
    }
    expect(by(key, weights).length).toBe(K)
    expect(by(key, weights, 40)).not.toEqual(by(key.fold(1), weights, 40))
    expect(Array.from(by(key, [0, 3], 3))).toEqual([1, 1, 1])
  })

  test('particle k comes count·W_k times on average, within 6 standard errors', () => {
    const [runs, count] = [4000, 10]
    const total = new Array<number>(K).fill(0)
    for (let run = 0; run < runs; run++) {
      counts(by(key.fold(run), weights, count), K).forEach((c, k) => {
        total[k]! += c
      })
    }
    share.forEach((w, k) => {
      // None has a larger variance than the multinomial.
      const se = Math.sqrt((count * w * (1 - w)) / runs)
      expect(Math.abs(total[k]! / runs - count * w)).toBeLessThanOrEqual(6 * se)
    })
  })

  test('equal weights of any number: each once, but for the multinomial', () => {
    for (const n of [1, 3, 49, 1000]) {
      const drawn = by(key, new Array<number>(n).fill(1 / n)).toSorted()
      if (name !== 'multinomial') expect(Array.from(drawn)).toEqual(Array.from({ length: n }, (_, k) => k))
      expect(drawn.length).toBe(n)
    }
  })

  test('errors', () => {
    expect(() => by(key, [1, -1, 2])).toThrow(/weights.*-1 of particle 1/)
    expect(() => by(key, [Number.NaN])).toThrow(OptionError)
    expect(() => by(key, [Infinity])).toThrow(OptionError)
    expect(() => by(key, [0, 0])).toThrow(/positive sum/)
    expect(() => by(key, [])).toThrow(/positive sum/)
    expect(() => by(key, [1], -1)).toThrow(/count/)
    expect(() => by(key, [1], 1.5)).toThrow(/count/)
  })
})

describe('what tells them apart', () => {
  const { multinomial, systematic, residual, stratified } = resamplers
  const count = 10

  test('multinomial: independent draws by the uniform numbers of the key', () => {
    expect(multinomial(key, weights, 6)).toEqual(inverseCdf(weights, randomUnits(key, 6)))
    // The variance of each count is count·W(1 − W): its estimate has the variance (μ₄ − σ⁴)/runs.
    const runs = 4000
    share.forEach((w, k) => {
      const spread = count * w * (1 - w)
      const fourth = spread * (1 + 3 * (count - 2) * w * (1 - w))
      let total = 0
      for (let run = 0; run < runs; run++) {
        total += (counts(multinomial(key.fold(run), weights, count), K)[k]! - count * w) ** 2
      }
      const error = Math.abs(total / runs - spread)
      expect(error).toBeLessThanOrEqual(6 * Math.sqrt((fourth - spread ** 2) / runs))
    })
  })

  test('systematic: every count is ⌊count·W⌋ or ⌈count·W⌉; one uniform number', () => {
    for (let run = 0; run < 200; run++) {
      const drawn = systematic(key.fold(run), weights, count)
      counts(drawn, K).forEach((c, k) => {
        expect(Math.abs(c - count * share[k]!)).toBeLessThan(1)
      })
      const u = randomUnits(key.fold(run), 1)[0]!
      expect(drawn).toEqual(
        inverseCdf(
          weights,
          Array.from({ length: count }, (_, i) => (i + u) / count),
        ),
      )
    }
  })

  test('residual: ⌊count·W⌋ copies for sure; the variance of what is left, multinomial', () => {
    const rest = share.map((w) => (count * w) % 1)
    const missing = rest.reduce((a, b) => a + b, 0)
    const runs = 4000
    const squares = new Array<number>(K).fill(0)
    for (let run = 0; run < runs; run++) {
      counts(residual(key.fold(run), weights, count), K).forEach((c, k) => {
        expect(c).toBeGreaterThanOrEqual(Math.floor(count * share[k]!))
        squares[k]! += (c - count * share[k]!) ** 2 / runs
      })
    }
    rest.forEach((r, k) => {
      const p = r / missing
      const spread = missing * p * (1 - p)
      const fourth = spread * (1 + 3 * (missing - 2) * p * (1 - p))
      const slack = 6 * Math.sqrt(Math.max(0, fourth - spread ** 2) / runs)
      expect(Math.abs(squares[k]! - spread)).toBeLessThanOrEqual(slack + 1e-12)
    })
  })

  test('stratified: one in each part, by uniform numbers of their own', () => {
    const units = randomUnits(key, count)
    const positions = units.map((u, i) => (i + u) / count)
    expect(stratified(key, weights, count)).toEqual(inverseCdf(weights, positions))
    expect(new Set(units).size).toBe(count)
  })
})
