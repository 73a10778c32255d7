import { randomKey } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { pointAt } from '../points.ts'
import { runChains } from './chain.ts'
import { worstConvergence } from './convergence.ts'
import { doubleWell } from './double-well.ts'
import { gradientOf } from './finite-differences.test.helper.ts'
import { streamOf } from './stream.ts'

const normals = (key: string, count: number, scale = 2): Float64Array => {
  const stream = streamOf(randomKey(2).fold(key))
  return Float64Array.from({ length: count }, () => scale * stream.normal())
}

describe('four particles', () => {
  const system = doubleWell(4, 0.3, 1.7)
  const x = normals('x', 6)

  test('coordinates keep distances, and the mean of the particles is 0', () => {
    const p = system.places(x)
    const sum = (first: number) => [0, 1, 2, 3].reduce((total, i) => total + (p[2 * i + first] ?? 0), 0)
    expect(sum(0)).toBeCloseTo(0, 12)
    expect(sum(1)).toBeCloseTo(0, 12)
    const squared = (values: Float64Array) => values.reduce((total, v) => total + v * v, 0)
    expect(squared(p)).toBeCloseTo(squared(x), 10)
    expect(squared(system.distances(x))).toBeCloseTo(4 * squared(x), 10)
    expect(system.distances(x)).toHaveLength(6)
  })

  test('the density is that of the wells of all pairs and of the reward', () => {
    const p = system.places(x)
    let expected = 0
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) {
        const d = Math.hypot((p[2 * i] ?? 0) - (p[2 * j] ?? 0), (p[2 * i + 1] ?? 0) - (p[2 * j + 1] ?? 0))
        if (i !== j) expected -= (0.9 * (d - 4) ** 4 - 4 * (d - 4) ** 2) / (2 * 1.7)
      }
      expected -= 0.15 * ((p[2 * i] ?? 0) ** 2 + (p[2 * i + 1] ?? 0) ** 2)
    }
    expect(system.logDensity(x)).toBeCloseTo(expected, 9)
  })

  test('the score is its gradient', () => {
    const gradient = gradientOf(system.logDensity, x)
    system.score(x).forEach((value, i) => {
      expect(Math.abs(value - (gradient[i] ?? 0))).toBeLessThan(1e-6 * (1 + Math.abs(value)))
    })
    expect(Array.from(system.score(new Float64Array(6)))).toEqual(
      [0, 0, 0, 0, 0, 0].map(() => expect.closeTo(0, 12)),
    )
  })

  test('a symmetry changes places, but neither the density nor the set of distances', () => {
    const stream = streamOf(randomKey(3))
    for (let i = 0; i < 20; i++) {
      const turned = system.symmetry(x, stream)
      expect(turned).not.toEqual(x)
      expect(system.logDensity(turned)).toBeCloseTo(system.logDensity(x), 9)
      const [a, b] = [system.distances(turned).sort(), system.distances(x).sort()]
      for (const [k, d] of a.entries()) expect(d).toBeCloseTo(b[k] ?? 0, 10)
    }
  })
})

test('chains of two particles have the moments of their distance by quadrature, within 5 standard errors', () => {
  const pull = 0.2
  const system = doubleWell(2, pull)
  // x is the difference over √2 in the plane: p(d) ∝ d·exp(−E(d) − ½·pull·d²/2).
  const weight = (d: number) => d * Math.exp(-(0.9 * (d - 4) ** 4 - 4 * (d - 4) ** 2) - (pull * d * d) / 4)
  const integral = (f: (d: number) => number) => {
    let sum = 0
    for (let i = 1; i < 9000; i++) sum += f(i / 1000) * weight(i / 1000)
    return sum
  }
  const { states } = runChains(system, {
    starts: [Float64Array.of(1.8, 0), Float64Array.of(0, -4)],
    key: randomKey(4),
    leaps: 10,
    symmetry: system.symmetry,
    warmUp: 1000,
    states: 10_000,
    every: 3,
  })
  for (const f of [(d: number) => d, (d: number) => d * d, (d: number) => (d < 4 ? 1 : 0)]) {
    const exact = integral(f) / integral(() => 1)
    const along = states.map((points) => ({
      values: Float64Array.from({ length: points.count }, (_, i) =>
        f(system.distances(pointAt(points, i))[0] ?? 0),
      ),
      count: points.count,
      dimension: 1,
    }))
    const all = along.flatMap(({ values }) => Array.from(values))
    const mean = all.reduce((sum, v) => sum + v, 0) / all.length
    const variance = all.reduce((sum, v) => sum + (v - mean) ** 2, 0) / all.length
    expect(Math.abs(mean - exact)).toBeLessThan(5 * Math.sqrt(variance / worstConvergence(along).effective))
  }
})
