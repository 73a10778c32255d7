import { gaussianMixture } from '@tweedie/solvers'
import { OptionError, randomKey } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import type { Points } from '../points.ts'
import { chainPosterior, importance, runChains } from './chain.ts'
import { worstConvergence } from './convergence.ts'
import type { Drawable, Target } from './target.ts'
import { mixtureTarget } from './target.ts'

const gaussian = (mean: number[], variance: number | number[][]) =>
  mixtureTarget(gaussianMixture({ weights: [1], means: [mean], covariances: variance }))

const modes = gaussianMixture({
  weights: [0.5, 0.3, 0.2],
  means: [
    [-6, 0],
    [6, 2],
    [0, 8],
  ],
  covariances: {
    each: [
      1,
      0.5,
      [
        [2, 0.8],
        [0.8, 1],
      ],
    ],
  },
})

/** E f of states, and its standard error by the effective draws of f. */
function expectation(states: readonly Points[], f: (x: Float64Array) => number) {
  const series = states.map(({ values, count, dimension }) => ({
    values: Float64Array.from({ length: count }, (_, i) =>
      f(values.subarray(i * dimension, (i + 1) * dimension)),
    ),
    count,
    dimension: 1,
  }))
  const all = series.flatMap(({ values }) => Array.from(values))
  const mean = all.reduce((sum, v) => sum + v, 0) / all.length
  const variance = all.reduce((sum, v) => sum + (v - mean) ** 2, 0) / all.length
  return { mean, error: Math.sqrt(variance / worstConvergence(series).effective) }
}

const off = (states: readonly Points[], f: (x: Float64Array) => number, exact: number) => {
  const { mean, error } = expectation(states, f)
  return Math.abs(mean - exact) / error
}

const at = (i: number) => (x: Float64Array) => x[i] ?? 0
const product = (i: number, j: number, centre: Float64Array) => (x: Float64Array) =>
  ((x[i] ?? 0) - (centre[i] ?? 0)) * ((x[j] ?? 0) - (centre[j] ?? 0))

/** Of seven moments, each within 5 standard errors: none fails of 10⁶ seeds. */
function expectMoments(
  states: readonly Points[],
  mean: Float64Array,
  covariance: readonly (readonly number[])[],
) {
  for (let i = 0; i < mean.length; i++) {
    expect(off(states, at(i), mean[i] ?? 0)).toBeLessThan(5)
    for (let j = 0; j <= i; j++)
      expect(off(states, product(i, j, mean), covariance[i]?.[j] ?? 0)).toBeLessThan(5)
  }
}

const far = [Float64Array.of(-8, 3), Float64Array.of(8, -3)]

describe('what chains keep', () => {
  test('a Hamiltonian move of one leap keeps a Gaussian whose widths differ', () => {
    const covariance = [
      [1, 0.6],
      [0.6, 0.5],
    ]
    const { states, accepted } = runChains(gaussian([1, -2], covariance), {
      starts: far,
      key: randomKey(1),
      leaps: 1,
      warmUp: 500,
      states: 20_000,
      every: 1,
    })
    // The step size is set to this acceptance: at it a chain without the acceptance would be off by far.
    expect(accepted.moves).toBeGreaterThan(0.7)
    expect(accepted.moves).toBeLessThan(0.9)
    expectMoments(states, Float64Array.of(1, -2), covariance)
  })

  test('several leaps keep it as well', () => {
    const { states } = runChains(gaussian([0, 0], 2), {
      starts: far,
      key: randomKey(2),
      leaps: 4,
      warmUp: 500,
      states: 10_000,
      every: 1,
    })
    expectMoments(states, Float64Array.of(0, 0), [
      [2, 0],
      [0, 2],
    ])
  })

  test('jumps from a law that is wider, and moved, get to each mode as often as it has mass', () => {
    const { states, accepted } = runChains(mixtureTarget(modes), {
      starts: far,
      key: randomKey(3),
      leaps: 2,
      jump: gaussian(
        [1, 2],
        [
          [60, 0],
          [0, 30],
        ],
      ),
      warmUp: 500,
      states: 8000,
      every: 1,
    })
    expect(accepted.jumps).toBeGreaterThan(0.02)
    expectMoments(states, modes.mean(), modes.covariance().to2DArray())
    for (const [k, weight] of [0.5, 0.3, 0.2].entries())
      expect(off(states, (x) => modes.responsibilities(x)[k] ?? 0, weight)).toBeLessThan(5)
  })

  test('jumps that are taken half the time, from a law beside it, keep a Gaussian', () => {
    const { states, accepted } = runChains(gaussian([0], 1), {
      starts: [Float64Array.of(-4), Float64Array.of(4)],
      key: randomKey(9),
      leaps: 1,
      jump: gaussian([1.5], 4),
      warmUp: 500,
      states: 20_000,
      every: 1,
    })
    expect(accepted.jumps).toBeGreaterThan(0.3)
    expectMoments(states, Float64Array.of(0), [[1]])
  })

  test('a symmetry is a move', () => {
    const pair = gaussianMixture({ weights: [1, 1], means: [[-9], [9]], covariances: 1 })
    const { states } = runChains(mixtureTarget(pair), {
      starts: [Float64Array.of(-9), Float64Array.of(-8)],
      key: randomKey(4),
      leaps: 3,
      symmetry: (x, stream) => (stream.uniform() < 0.5 ? x.map((v) => -v) : x),
      warmUp: 200,
      states: 4000,
      every: 1,
    })
    expectMoments(states, Float64Array.of(0), [[82]])
  })
})

describe('what chains say', () => {
  const options = { starts: far, key: randomKey(5), leaps: 2, warmUp: 100, states: 200, every: 2 }

  test('the same key gives the same states, another one others', () => {
    const target = gaussian([0, 0], 1)
    const states = (seed: number) => runChains(target, { ...options, key: randomKey(seed) }).states[1]?.values
    expect(states(5)).toEqual(states(5))
    expect(states(5)).not.toEqual(states(6))
  })

  test('chains that stay in modes of their own are refused', () => {
    const apart = gaussianMixture({
      weights: [1, 1],
      means: [
        [-20, 0],
        [20, 0],
      ],
      covariances: 1,
    })
    const starts = [Float64Array.of(-20, 0), Float64Array.of(20, 0)]
    const run = () => runChains(mixtureTarget(apart), { ...options, starts }, { rHat: 1.01, effective: 10 })
    expect(run).toThrow(/R̂ is \d+\.\d+ and \d+ draws are effective after 2 × 1600 states/)
  })

  test('chains go on until they have converged', () => {
    const { states } = runChains(gaussian([0, 0], 1), options, { rHat: 1.05, effective: 700 })
    const counts = states.map(({ count }) => count)
    expect(counts[0]).toBeGreaterThan(200)
    expect(worstConvergence(states).effective).toBeGreaterThan(700)
  })

  test('one chain cannot be compared, and a start must be where there is mass', () => {
    const one = () => runChains(gaussian([0, 0], 1), { ...options, starts: far.slice(0, 1) })
    expect(one).toThrow(OptionError)
    const nowhere: Target = { dimension: 2, logDensity: () => -Infinity, score: (x) => x }
    expect(() => runChains(nowhere, options)).toThrow('the density of a start is 0')
  })
})

test('a posterior of chains has their moments and their states', () => {
  let asked = 0
  const target = gaussian(
    [3, -1],
    [
      [1, 0.4],
      [0.4, 2],
    ],
  )
  const counted = (x: Float64Array) => {
    asked++
    return target.logDensity(x)
  }
  const posterior = chainPosterior({
    name: 'test',
    target: { ...target, logDensity: counted },
    options: { starts: far, key: randomKey(7), leaps: 3, warmUp: 300, states: 4000, every: 1 },
    logEvidence: () => 7,
  })
  expect(asked).toBe(0)
  const { states } = posterior.chains()
  const all = states.flatMap(({ values }) => Array.from(values))
  const count = all.length / 2
  const mean = [0, 1].map((j) => all.reduce((sum, v, i) => sum + (i % 2 === j ? v : 0), 0) / count)
  const dot = (j: number, k: number) =>
    Array.from(
      { length: count },
      (_, i) => ((all[2 * i + j] ?? 0) - (mean[j] ?? 0)) * ((all[2 * i + k] ?? 0) - (mean[k] ?? 0)),
    ).reduce((sum, v) => sum + v, 0) / count
  expect(posterior.mean()[0]).toBeCloseTo(mean[0] ?? 0, 10)
  expect(posterior.covariance().get(0, 1)).toBeCloseTo(dot(0, 1), 10)
  expect(posterior.covariance().get(1, 1)).toBeCloseTo(dot(1, 1), 10)
  expect(posterior.logEvidence).toBe(7)
  const keys = Array.from({ length: 50 }, (_, i) => randomKey(i))
  const drawn = posterior.sample(keys)
  expect(posterior.sample(keys.slice(3, 4)).values).toEqual(drawn.values.slice(6, 8))
  const known = new Set(all.filter((_, i) => i % 2 === 0))
  expect(new Set(drawn.values.filter((_, i) => i % 2 === 0)).size).toBeGreaterThan(40)
  expect(drawn.values.filter((_, i) => i % 2 === 0).every((v) => known.has(v))).toBe(true)
})

test('importance sampling integrates a density, within 5 standard errors', () => {
  const from: Drawable = gaussian([0, 1], 3)
  const target = gaussian([0.5, 0], 1)
  const n = 20_000
  const { logIntegral, effective, weights } = importance(
    { logDensity: (x) => target.logDensity(x) + 5 },
    from,
    randomKey(8),
    n,
  )
  // The relative variance of a weight is n/effective − 1.
  expect(Math.abs(logIntegral - 5)).toBeLessThan(5 * Math.sqrt((n / effective - 1) / n))
  expect(weights.reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 12)
})
