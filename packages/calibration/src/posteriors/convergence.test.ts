import { randomKey } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { pointsOf } from '../points.ts'
import { convergence, worstConvergence } from './convergence.ts'
import { streamOf } from './stream.ts'

/** x ← φ·x + √(1 − φ²)·z from its stationary law: autocorrelation φᵏ. */
function autoregressive(phi: number, length: number, seed: number): Float64Array {
  const stream = streamOf(randomKey(seed))
  let x = stream.normal()
  return Float64Array.from({ length }, () => (x = phi * x + Math.sqrt(1 - phi ** 2) * stream.normal()))
}

test.each([0, 0.5, 0.9])('effective draws of an autoregression of φ = %s are N(1 − φ)/(1 + φ)', (phi) => {
  const chains = [1, 2, 3, 4].map((seed) => autoregressive(phi, 20_000, seed))
  const { rHat, effective } = convergence(chains)
  const expected = (80_000 * (1 - phi)) / (1 + phi)
  // The spectral density at 0 from windows of some 20/(1 − φ) lags errs by √(4·window/N) of itself at most: 20 % at φ = 0.9.
  expect(effective / expected).toBeGreaterThan(0.75)
  expect(effective / expected).toBeLessThan(1.25)
  expect(rHat - 1).toBeLessThan(5 / Math.sqrt(expected))
})

test('R̂ of chains about different levels is what the variances between and within them say', () => {
  const n = 1000
  // Within each half exactly the variance n/2/(n/2 − 1) about the levels ±1.
  const chain = (level: number) => Float64Array.from({ length: n }, (_, i) => level + (i % 2 ? 1 : -1))
  const half = n / 2
  const within = half / (half - 1)
  const between = (4 * 1) / 3
  const expected = Math.sqrt((((half - 1) / half) * within + between) / within)
  expect(convergence([chain(1), chain(-1)]).rHat).toBeCloseTo(expected, 12)
})

test('the halves of a chain that drifts disagree', () => {
  const drift = Float64Array.from({ length: 1000 }, (_, i) => i / 1000)
  expect(convergence([drift, drift]).rHat).toBeGreaterThan(1.5)
})

test('the worst coordinate is told, and so are chains that agree in the mean but not in the spread', () => {
  const stream = streamOf(randomKey(5))
  const chainOf = (spread: number) =>
    pointsOf(
      Float64Array.from({ length: 4000 }, (_, i) => (i % 2 ? spread : 1) * stream.normal()),
      2,
    )
  expect(worstConvergence([chainOf(1), chainOf(1)]).rHat).toBeLessThan(1.01)
  expect(worstConvergence([chainOf(1), chainOf(3)]).rHat).toBeGreaterThan(1.1)
})

test('a number that never changes is as good as it gets; one that differs between chains never converges', () => {
  const constant = (value: number) => new Float64Array(10).fill(value)
  expect(convergence([constant(1), constant(1)]).rHat).toBe(1)
  expect(convergence([constant(1), constant(2)]).rHat).toBe(Infinity)
})
