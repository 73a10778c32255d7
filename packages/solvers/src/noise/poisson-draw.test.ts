import { fromData, randomKey } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { gammaDraw, uniforms } from './draws.ts'
import { logGamma, logGammaOf } from './log-gamma.ts'
import { poissonDraw } from './poisson-draw.ts'

/**
 * Pearson's χ² of draws against the masses of their cells, in standard deviations of χ² from its mean; the draws are
 * fixed by their seeds, and the true law gives about 0 ± 1.
 */
function chiSquare(draws: readonly number[], cellOf: (draw: number) => number, masses: readonly number[]) {
  const seen = new Array<number>(masses.length).fill(0)
  for (const draw of draws) seen[cellOf(draw)]!++
  const terms = masses.map((mass, i) => (seen[i]! - mass * draws.length) ** 2 / (mass * draws.length))
  const freedom = masses.length - 1
  return (terms.reduce((a, b) => a + b, 0) - freedom) / Math.sqrt(2 * freedom)
}

/** Cells of consecutive counts of at least `least` mass each, with the rest of the law in the outer two. */
function cells(rate: number, least: number) {
  const [ends, masses]: [number[], number[]] = [[], []]
  let [mass, total] = [0, 0]
  for (let k = 0; total + mass < 1 - 2 * least; k++) {
    mass += Math.exp(k * Math.log(rate) - rate - logGamma(k + 1))
    if (mass < least) continue
    ends.push(k)
    masses.push(mass)
    total += mass
    mass = 0
  }
  masses.push(1 - total)
  const cellOf = (k: number) => {
    const found = ends.findIndex((end) => k <= end)
    return found < 0 ? ends.length : found
  }
  return { masses, cellOf }
}

describe('Poisson numbers', () => {
  // Inversion below 10, rejection from there on.
  test.each([0.3, 1, 4, 9.99, 10, 10.5, 17, 60, 255, 5000])('of the rate %d have its masses', (rate) => {
    const next = uniforms(randomKey(11).fold(Math.round(rate * 100)))
    const draws = Array.from({ length: 40_000 }, () => poissonDraw(rate, next))
    expect(draws.every((k) => Number.isInteger(k) && k >= 0)).toBe(true)
    const { masses, cellOf } = cells(rate, 0.004)
    expect(masses.length).toBeGreaterThan(3)
    expect(Math.abs(chiSquare(draws, cellOf, masses))).toBeLessThan(4)
  })

  test('a test of the masses tells a rate that is 3 % off', () => {
    const next = uniforms(randomKey(3))
    const draws = Array.from({ length: 40_000 }, () => poissonDraw(20.6, next))
    const { masses, cellOf } = cells(20, 0.004)
    expect(chiSquare(draws, cellOf, masses)).toBeGreaterThan(10)
  })

  test('a rate of 0 gives 0, and large rates their moments', () => {
    const next = uniforms(randomKey(1))
    expect(Array.from({ length: 100 }, () => poissonDraw(0, next)).every((k) => k === 0)).toBe(true)
    const n = 20_000
    const rate = 1e9
    const draws = Array.from({ length: n }, () => (poissonDraw(rate, next) - rate) / Math.sqrt(rate))
    const mean = draws.reduce((a, b) => a + b, 0) / n
    const variance = draws.reduce((a, b) => a + b * b, 0) / n
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(n))
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / n))
  })
})

test.each([1, 2, 3])('gamma numbers of %d looks have the distribution of Erlang', (looks) => {
  const next = uniforms(randomKey(5).fold(looks))
  const draws = Array.from({ length: 40_000 }, () => gammaDraw(looks, next))
  // P(X ≤ x) = 1 − e⁻ˣ Σ_{i<L} xⁱ/i!.
  const below = (x: number) => {
    let [term, sum] = [1, 1]
    for (let i = 1; i < looks; i++) sum += term *= x / i
    return 1 - Math.exp(-x) * sum
  }
  const edges = Array.from({ length: 20 }, (_, i) => ((i + 1) * 3 * looks) / 20)
  const masses = [...edges, Infinity].map(
    (x, i) => (x === Infinity ? 1 : below(x)) - (i === 0 ? 0 : below(edges[i - 1]!)),
  )
  const cellOf = (x: number) => edges.filter((edge) => x > edge).length
  expect(Math.abs(chiSquare(draws, cellOf, masses))).toBeLessThan(4)
})

test('uniform numbers fill (0, 1), differ by key, and depend on nothing else', () => {
  const take = (seed: number) => {
    const next = uniforms(randomKey(seed))
    return Array.from({ length: 2000 }, next)
  }
  const draws = take(1)
  expect(draws).toEqual(take(1))
  expect(draws).not.toEqual(take(2))
  expect(new Set(draws).size).toBe(2000)
  expect(draws.every((u) => u > 0 && u < 1)).toBe(true)
  const masses = new Array<number>(20).fill(0.05)
  expect(Math.abs(chiSquare(draws, (u) => Math.floor(u * 20), masses))).toBeLessThan(4)
})

test('log Γ: factorials, √π, and the same for tensors', () => {
  let sum = 0
  for (let n = 1; n < 200; n++) {
    expect(Math.abs(logGamma(n) - sum)).toBeLessThan(1e-13 * Math.max(1, sum))
    sum += Math.log(n)
  }
  expect(logGamma(0.5)).toBeCloseTo(0.5 * Math.log(Math.PI), 13)
  const z = Float64Array.of(0.5, 1, 1.5, 2, 7.99, 8, 8.01, 20, 255, 1e4, 1e7)
  logGammaOf(fromData(z, [z.length]))
    .dataSync()
    .forEach((value, i) =>
      expect(Math.abs(value - logGamma(z[i]!))).toBeLessThan(2e-13 * Math.max(1, Math.abs(value))),
    )
})
