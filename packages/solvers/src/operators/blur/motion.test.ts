import { randomKey, randomUnits } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { motionKernel } from './motion-kernel.ts'
import type { Point } from './motion-path.ts'
import { directionsOf, jitterOf, motionPath, stepLength, triangular } from './motion-path.ts'

/** Uniform numbers on (0, 1] of a seed. */
function stream(seed: number) {
  const units = randomUnits(randomKey(seed), 1_000_000)
  let at = 0
  return () => 1 - units[at++]!
}
const draws = (count: number, draw: () => number) => Array.from({ length: count }, draw)
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** The part of `values` up to `at` is `p` within six standard errors. */
function below(values: readonly number[], at: number, p: number): void {
  const part = values.filter((value) => value <= at).length / values.length
  expect(Math.abs(part - p)).toBeLessThan(6 * Math.sqrt((p * (1 - p)) / values.length))
}

describe('the laws of a path', () => {
  const count = 20_000
  test('steps are Beta(1, 30), cut off', () => {
    const next = stream(1)
    const scale = 7
    const free = draws(count, () => stepLength(next, scale, Infinity))
    const cut = draws(count, () => stepLength(next, scale, 0.3))
    // P(x ≤ t) = 1 − (1 − t)³⁰; below c, over that of c.
    const beta = (t: number) => 1 - (1 - t) ** 30
    for (const t of [0.01, 0.03, 0.08]) below(free, t * scale, beta(t))
    for (const t of [0.01, 0.02, 0.04]) below(cut, t * scale, beta(t) / beta(0.3 / 7))
    expect(Math.max(...cut)).toBeLessThanOrEqual(0.3 * (1 + 1e-12))
    expect(Math.min(...cut, ...free)).toBeGreaterThanOrEqual(0)
    // However short the rest, a step is a part of it, about uniform there.
    const tiny = draws(count, () => stepLength(next, 1, 1e-12) / 1e-12)
    for (const t of [0.25, 0.5, 0.75]) below(tiny, t, t)
  })

  test('signs change with a probability of Beta(2, 20)', () => {
    const next = stream(2)
    const values = draws(count, () => jitterOf(next))
    // P(x ≤ t) = 1 − (1 − t)²¹ − 21·t·(1 − t)²⁰: at least two of 21.
    for (const t of [0.04, 0.08, 0.16]) below(values, t, 1 - (1 - t) ** 21 - 21 * t * (1 - t) ** 20)
  })

  test('angles are triangular', () => {
    const next = stream(3)
    for (const [mode, end] of [
      [0.3, 1.1],
      [0, 2],
      [1.5, 1.6],
    ] as const) {
      const values = draws(count, () => triangular(next, mode, end))
      // t²/(end·mode) up to the mode, 1 − (end − t)²/(end·(end − mode)) from it on.
      for (const t of [0.3 * end, 0.6 * end, 0.9 * end]) {
        const p = t < mode ? t ** 2 / (end * mode) : 1 - (end - t) ** 2 / (end * (end - mode))
        below(values, t, p)
      }
    }
  })

  test('directions keep their sign, mostly, and have the sizes of their law', () => {
    const next = stream(5)
    const [paths, count] = [1000, 51]
    for (const intensity of [0.5, 1]) {
      const all = Array.from({ length: paths }, () => directionsOf(next, intensity, count))
      // Changes of sign: Beta(2, 20) on average 1/11, of variance 40/(22²·23), and a binomial of 50 on top.
      const changes = all.map((angles) => mean(angles.slice(1).map((a, i) => (a * angles[i]! < 0 ? 1 : 0))))
      const jitter = Math.sqrt((40 / (22 ** 2 * 23) + 1 / 11 / 50) / paths)
      expect(Math.abs(mean(changes) - 1 / 11)).toBeLessThan(6 * jitter)
      // Sizes: (Iθ + θ + 0.1)/3 for a θ uniform up to Iπ; a triangular law has a variance of at most end²/18.
      const widest = intensity * Math.PI
      const sizes = all.map((angles) => mean(angles.slice(1).map(Math.abs)))
      const spread = Math.sqrt(
        ((((1 + intensity) / 3) * widest) ** 2 / 12 + (widest + 0.1) ** 2 / 18 / 50) / paths,
      )
      expect(Math.abs(mean(sizes) - (((1 + intensity) * widest) / 2 + 0.1) / 3)).toBeLessThan(6 * spread)
    }
  })
})

const lengthOf = (path: readonly Point[]) =>
  path.reduce((sum, [x, y], i) => {
    const [px, py] = path[Math.max(0, i - 1)]!
    return sum + Math.hypot(x - px, y - py)
  }, 0)

describe('paths', () => {
  const diagonal = Math.SQRT2 * 122
  // Of 2000 paths of the published code (commit 00208d5c, numpy's seed 0) in a frame of 122: mean and standard error
  // of length, number of points, and mean square distance from the middle.
  test.each([
    [0, [64.554, 0.859], [11.675, 0.1503], [529.45, 10.45]],
    [0.5, [80.123, 0.878], [24.989, 0.2805], [607.74, 11.09]],
    [1, [130.303, 1.189], [235.963, 2.1755], [674.91, 18.06]],
  ] as const)('at intensity %d have the law of the published code', (intensity, length, points, spread) => {
    const paths = Array.from({ length: 2000 }, (_, i) =>
      motionPath(randomKey(9).fold(i), intensity, diagonal),
    )
    // As many here as there: the error of the difference is √2 that of one mean.
    const agree = (values: readonly number[], [expected, error]: readonly [number, number]) =>
      expect(Math.abs(mean(values) - expected)).toBeLessThan(6 * Math.SQRT2 * error)
    agree(paths.map(lengthOf), length)
    agree(
      paths.map((path) => path.length),
      points,
    )
    agree(
      paths.map((path) => mean(path.map(([x, y]) => x ** 2 + y ** 2))),
      spread,
    )
  })

  test('are centred, and straight at intensity 0', () => {
    for (let seed = 0; seed < 50; seed++) {
      for (const intensity of [0, 0.5, 1]) {
        const path = motionPath(randomKey(seed), intensity, diagonal)
        expect(Math.abs(mean(path.map(([x]) => x)))).toBeLessThan(1e-10)
        expect(Math.abs(mean(path.map(([, y]) => y)))).toBeLessThan(1e-10)
      }
      const line = motionPath(randomKey(seed), 0, diagonal)
      const [ax, ay] = line[0]!
      const [bx, by] = line.at(-1)!
      for (const [x, y] of line)
        expect(Math.abs((x - ax) * (by - ay) - (y - ay) * (bx - ax))).toBeLessThan(1e-9)
    }
  })

  test('lie at all angles alike', () => {
    // The direction of a straight path is uniform on [0, π).
    const angles = Array.from({ length: 2000 }, (_, i) => {
      const line = motionPath(randomKey(4).fold(i), 0, diagonal)
      const [ax, ay] = line[0]!
      const [bx, by] = line.at(-1)!
      return Math.atan2(by - ay, bx - ax)
    })
    for (const t of [0.25, 0.5, 0.75]) below(angles, t * Math.PI, t)
  })
})

describe('kernels', () => {
  test('have sum 1, nothing below 0, and depend on key, size and intensity alone', () => {
    for (const size of [1, 2, 9, 24, 61]) {
      const kernel = motionKernel(randomKey(5), size, 0.5)
      expect(kernel.data.length).toBe(size ** 2)
      expect(kernel.data.every((value) => value >= 0)).toBe(true)
      expect(kernel.data.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12)
      expect(motionKernel(randomKey(5), size, 0.5)).toEqual(kernel)
      if (size > 2) {
        expect(motionKernel(randomKey(6), size, 0.5)).not.toEqual(kernel)
        expect(motionKernel(randomKey(5), size, 0.6)).not.toEqual(kernel)
      }
    }
  })

  test.each([
    [61, 0],
    [64, 0],
    [40, 0],
  ])('of %d pixels are their path at half its size: its middle, direction and length', (size, intensity) => {
    let compared = 0
    for (let seed = 0; seed < 30; seed++) {
      const key = randomKey(seed)
      const path = motionPath(key.fold(0), intensity, Math.SQRT2 * 2 * size)
      const most = Math.max(...path.flat().map(Math.abs)) / 2
      // Wholly inside, and long beside the width of the line.
      if (most > size / 2 - 4 || lengthOf(path) / 2 < 15) continue
      compared++
      const [ax, ay] = path[0]!
      const [bx, by] = path.at(-1)!
      const middle = [(ax + bx) / 4, (ay + by) / 4] as const
      const { data } = motionKernel(key, size, intensity)
      const moment = (f: (x: number, y: number) => number) =>
        data.reduce(
          (sum, v, i) => sum + v * f((i % size) - (size - 1) / 2, Math.floor(i / size) - (size - 1) / 2),
          0,
        )
      expect(Math.abs(moment((x) => x) - middle[0])).toBeLessThan(0.15)
      expect(Math.abs(moment((_, y) => y) - middle[1])).toBeLessThan(0.15)
      // A line of length ℓ has the covariance ℓ²/12·uuᵀ; the pen adds its own: σ = ½ of softness, and width ½.
      const [ux, uy] = [(bx - ax) / 2, (by - ay) / 2]
      const pen = 1
      const centred = (f: (x: number, y: number) => number) =>
        moment((x, y) => f(x - middle[0], y - middle[1]))
      expect(Math.abs(centred((x) => x ** 2) - ux ** 2 / 12)).toBeLessThan(pen + 0.05 * ux ** 2)
      expect(Math.abs(centred((_, y) => y ** 2) - uy ** 2 / 12)).toBeLessThan(pen + 0.05 * uy ** 2)
      expect(Math.abs(centred((x, y) => x * y) - (ux * uy) / 12)).toBeLessThan(pen + 0.02 * Math.abs(ux * uy))
    }
    expect(compared).toBeGreaterThan(5)
  })
})
