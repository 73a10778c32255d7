import { randomKey } from '@tweedie/tensor'
import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import type { Stream } from '../posteriors/stream.ts'
import { streamOf } from '../posteriors/stream.ts'
import { exponential, gamma, laplaceVariance } from './draws.ts'
import type { Increments } from './increments.ts'
import { increments, signal } from './increments.ts'
import { measuredChain } from './measured.ts'
import type { GibbsChain } from './walk.ts'
import { walkChain } from './walk.ts'

const stream = (name: string) => streamOf(randomKey(5).fold(name))
const sigma = 0.6
const y = [1.9, 2.6]
const A = new Matrix([
  [1, -0.4],
  [0.3, 0.8],
])

/** The densities of the continuous parts, normalised, by their formulas. */
const densities: Record<string, (u: number) => number> = {
  gauss: (u) => Math.exp(-2 * u * u) * Math.sqrt(2 / Math.PI),
  laplace: (u) => Math.exp(-Math.abs(u)) / 2,
  'student-1': (u) => 1 / (Math.PI * (1 + u * u)),
  'student-2': (u) => 1 / (2 + u * u) ** 1.5,
  'student-3': (u) => 2 / (Math.PI * Math.sqrt(3) * (1 + (u * u) / 3) ** 2),
}
const step = 0.04
/** Midpoints, so that no point is on the kink of |u|. */
const grid = Array.from({ length: 400 }, (_, i) => (i - 199.5) * step)

/** Atoms with their masses: a law on the line as a sum over them. */
const atomsOf = (law: Increments): [u: number, mass: number][] => {
  const p = law.jumps?.probability ?? 1
  const density = densities[law.jumps ? 'laplace' : law.name] ?? (() => Number.NaN)
  const jumps = grid.map((u): [number, number] => [u, p * density(u) * step])
  return law.jumps ? [[0, 1 - p], ...jumps] : jumps
}

type Pair = readonly [x1: number, x2: number]
/** x₁, x₂, x₁², x₁x₂, x₂² of a signal of two increments. */
const moments = ([a, b]: Pair) => [a, b, a * a, a * b, b * b]
/** Whether its increments are 0. */
const stillness = ([a, b]: Pair) => [Number(a === 0), Number(b === a)]

/** What they are in the mean over the posterior given y, by quadrature over both increments. */
function byQuadrature(law: Increments, A: Matrix, y: readonly number[], of: (x: Pair) => number[]): number[] {
  const sums: number[] = []
  let total = 0
  const atoms = atomsOf(law)
  for (const [a, massA] of atoms)
    for (const [b, massB] of atoms) {
      const x = [a, a + b] as const
      const misfit = [0, 1].reduce(
        (sum, r) => sum + ((y[r] ?? 0) - A.get(r, 0) * x[0] - A.get(r, 1) * x[1]) ** 2,
        0,
      )
      const weight = massA * massB * Math.exp(-misfit / (2 * sigma ** 2))
      total += weight
      of(x).forEach((value, i) => {
        sums[i] = (sums[i] ?? 0) + weight * value
      })
    }
  return sums.map((sum) => sum / total)
}

/** The same of a chain, with standard errors by the means of 50 batches. */
function byChain(chain: GibbsChain, of: (x: Pair) => number[], sweeps: number) {
  for (let i = 0; i < 200; i++) chain.sweep()
  const batches = Array.from({ length: 50 }, () => {
    const sums: number[] = []
    for (let i = 0; i < sweeps; i++) {
      const [a = 0, b = 0] = chain.sweep()
      of([a, b]).forEach((value, k) => {
        sums[k] = (sums[k] ?? 0) + value / sweeps
      })
    }
    return sums
  })
  return (batches[0] ?? []).map((_, k) => {
    const values = batches.map((batch) => batch[k] ?? 0)
    const value = values.reduce((a, b) => a + b, 0) / 50
    return { value, error: Math.sqrt(values.reduce((sum, v) => sum + (v - value) ** 2, 0) / (49 * 50)) }
  })
}

describe.each(increments.map((law) => [law.name, law] as const))('Gibbs sampling, %s', (name, law) => {
  const chains = {
    'of the signal, by filtering': [walkChain(y, sigma, law, stream(`walk ${name}`)), Matrix.eye(2, 2)],
    'of the signal, by matrices': [
      measuredChain(Matrix.eye(2, 2), y, sigma, law, stream(`plain ${name}`)),
      Matrix.eye(2, 2),
    ],
    'of a measurement': [measuredChain(A, y, sigma, law, stream(`measured ${name}`)), A],
  } as const
  it.each(Object.entries(chains))('has the moments that quadrature has: %s', (_, [chain, map]) => {
    const expected = byQuadrature(law, map, y, moments)
    byChain(chain, moments, 400).forEach(({ value, error }, k) => {
      // 90 comparisons; 5.5 standard errors of 50 batches are passed by chance once in 10⁴ of such tests.
      expect(Math.abs(value - (expected[k] ?? 0))).toBeLessThan(
        5.5 * error + 1e-3 * Math.abs(expected[k] ?? 0),
      )
      expect(error).toBeLessThan(0.05)
    })
  })

  it('draws increments of its law: quantiles', () => {
    const from = stream(`draws ${name}`)
    const drawn = Array.from({ length: 20_000 }, () => law.draw(from))
    for (const at of [-1.01, -0.31, 0.31, 1.01]) {
      const below = drawn.filter((u) => u < at).length / drawn.length
      // Symmetric: ½ less the mass between at and 0.
      const mass = atomsOf(law).reduce((sum, [u, m]) => sum + (u > 0 && u < Math.abs(at) ? m : 0), 0)
      const atom = law.jumps ? 1 - law.jumps.probability : 0
      const expected = at < 0 ? 0.5 - atom / 2 - mass : 0.5 + atom / 2 + mass
      expect(Math.abs(below - expected)).toBeLessThan(5 * Math.sqrt(0.25 / drawn.length) + 0.005)
    }
  })

  it('its score is the slope of its density', () => {
    const { logDensity, score } = law
    if (!logDensity || !score) return expect(['laplace', 'bernoulli-laplace']).toContain(name)
    for (const u of [-2, 0.3, 1.7])
      expect(score(u)).toBeCloseTo((logDensity(u + 1e-5) - logDensity(u - 1e-5)) / 2e-5, 7)
  })
})

const open = [
  { probability: 0.1, seen: [1, 2.4] },
  { probability: 0.5, seen: [0.5, 0.8] },
]
const chainsOf = {
  filtering: (law: Increments, seen: number[], from: Stream) => walkChain(seen, sigma, law, from),
  matrices: (law: Increments, seen: number[], from: Stream) =>
    measuredChain(Matrix.eye(2, 2), seen, sigma, law, from),
}

describe.each(open)('jumps of probability $probability, where y = $seen leaves them open', (given) => {
  const { probability, seen } = given
  const [, , jumping] = increments
  if (jumping?.jumps === undefined) throw new TypeError('the third law jumps')
  const law = { ...jumping, jumps: { ...jumping.jumps, probability } }
  const expected = byQuadrature(law, Matrix.eye(2, 2), seen, stillness)

  it.each(Object.entries(chainsOf))('are as frequent as quadrature says: by %s', (name, chainOf) => {
    const chain = chainOf(law, seen, stream(`open ${probability} ${name}`))
    const found = byChain(chain, stillness, 3000)
    expect(found).toHaveLength(2)
    found.forEach(({ value, error }, k) => {
      expect(error).toBeLessThan(0.004)
      expect(Math.abs(value - (expected[k] ?? Number.NaN))).toBeLessThan(5.5 * error + 1e-3)
    })
  })
})

describe('draws', () => {
  const from = stream('draws')
  const meanOf = (draw: () => number, count = 40_000) => {
    const values = Array.from({ length: count }, draw)
    const mean = values.reduce((a, b) => a + b, 0) / count
    return { mean, error: Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0)) / count }
  }
  it('of the variance of a Laplace increment: E[w] and E[1/w] by quadrature', () => {
    for (const [u, b] of [
      [0.7, 1],
      [3, 0.5],
      [1e-3, 2],
    ] as const) {
      // w = e^s: the density times w.
      const points = Array.from({ length: 4000 }, (_, i) => Math.exp(-22 + i * 0.008))
      const weigh = (power: number) =>
        points.reduce((sum, w) => sum + w ** (0.5 + power) * Math.exp(-(w / b ** 2 + u ** 2 / w) / 2), 0)
      for (const power of [1, 0.5, -0.25]) {
        const { mean, error } = meanOf(() => laplaceVariance(u, b, from) ** power)
        expect(Math.abs(mean - weigh(power) / weigh(0))).toBeLessThan(5 * error)
      }
    }
  })
  it('of gamma and exponential: mean and variance', () => {
    for (const shape of [1, 1.5, 2, 7]) {
      const one = meanOf(() => gamma(shape, from))
      expect(Math.abs(one.mean - shape)).toBeLessThan(5 * one.error)
      const two = meanOf(() => (gamma(shape, from) - shape) ** 2)
      expect(Math.abs(two.mean - shape)).toBeLessThan(5 * two.error)
    }
    const { mean, error } = meanOf(() => exponential(from))
    expect(Math.abs(mean - 1)).toBeLessThan(5 * error)
  })
  it('a signal is the sums of its increments', () => {
    const law = increments[4]
    if (!law) throw new TypeError('six laws')
    const [x, again] = [signal(law, 5, stream('signal')), stream('signal')]
    let sum = 0
    for (const value of x) expect(value).toBe((sum += law.draw(again)))
  })
})
