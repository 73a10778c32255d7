import { normal, OptionError, randomKey, type Tensor, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { matrixOperator } from '../operators/index.ts'
import { policyGradient, smoothedGradient, squaredLoss } from './index.ts'

const float64 = { dtype: 'float64' } as const
const drawn = (shape: readonly number[], seed: number): Tensor => normal(randomKey(seed), shape, float64)
const list = (x: Tensor): number[] => Array.from(x.dataSync())
const never = (): Tensor => {
  throw new Error('asked for f(x)')
}
/** Slope of log b over log a by least squares. */
function slope(a: readonly number[], b: readonly number[]): number {
  const [u, v] = [a.map(Math.log), b.map(Math.log)]
  const [mu, mv] = [u, v].map((w) => w.reduce((s, c) => s + c, 0) / w.length) as [number, number]
  return u.reduce((s, c, i) => s + (c - mu) * (v[i]! - mv), 0) / u.reduce((s, c) => s + (c - mu) ** 2, 0)
}

describe('a smoothed gradient', () => {
  const [N, K, n] = [2, 3, 4]
  const f = (v: readonly number[]) => v.reduce((sum, c, j) => sum + Math.sin(c * (j + 1)) + c ** 3, 0)
  const ours = (x: Tensor) =>
    tensor(
      Array.from({ length: x.shape[0]! }, (_, k) => f(list(x).slice(k * n, (k + 1) * n))),
      float64,
    )

  it.each(['central', 'forward'] as const)('%s: the formula, sample by sample', (scheme) => {
    const [x, z, mu] = [drawn([N, n], 1), drawn([N, K, n], 2), 0.3]
    const found = smoothedGradient(ours, x, z, scheme === 'central' ? never : () => ours(x), { mu, scheme })
    for (let row = 0; row < N; row++) {
      const at = list(x).slice(row * n, (row + 1) * n)
      const terms = Array.from({ length: K }, (_, k) => {
        const u = list(z).slice((row * K + k) * n, (row * K + k + 1) * n)
        const moved = (step: number) => f(at.map((c, j) => c + step * u[j]!))
        const d = scheme === 'central' ? (moved(mu) - moved(-mu)) / (2 * mu) : (moved(mu) - f(at)) / mu
        return u.map((c) => c * d)
      })
      for (let j = 0; j < n; j++) {
        const mean = terms.reduce((s, term) => s + term[j]!, 0) / K
        const variance = terms.reduce((s, term) => s + (term[j]! - mean) ** 2, 0) / (K - 1) / K
        expect(list(found.gradient)[row * n + j]).toBeCloseTo(mean, 9)
        expect(list(found.variance)[row * n + j]).toBeCloseTo(variance, 9)
      }
    }
  })

  it('of a linear f it has no bias, and the variance (g² + ‖g‖²)/K, as it says itself', () => {
    const [rows, K, g] = [3000, 8, [1, -2, 0.5]]
    const f = (x: Tensor) => x.mul(tensor([g], float64)).sum(1)
    const found = smoothedGradient(f, drawn([rows, 3], 3), drawn([rows, K, 3], 4), never, { mu: 0.1, scheme: 'central' })
    const square = g.reduce((s, c) => s + c * c, 0)
    const [all, variances] = [list(found.gradient), list(found.variance)]
    g.forEach((truth, j) => {
      const own = all.filter((_, i) => i % 3 === j)
      const said = variances.filter((_, i) => i % 3 === j)
      const variance = (truth ** 2 + square) / K
      const mean = own.reduce((s, c) => s + c, 0) / rows
      // 0.5 standard errors at most off, of five allowed.
      expect(Math.abs(mean - truth)).toBeLessThan(5 * Math.sqrt(variance / rows))
      const scatter = own.reduce((s, c) => s + (c - truth) ** 2, 0) / rows
      const told = said.reduce((s, c) => s + c, 0) / rows
      // The terms have a kurtosis of up to 27 about their mean: of 3000·8 of them the mean square is within 3 %, five errors 17 %.
      expect(Math.abs(scatter / variance - 1)).toBeLessThan(0.17)
      expect(Math.abs(told / variance - 1)).toBeLessThan(0.17)
    })
  }) // biome-ignore format: formulas

  it('its error falls as K^−½, its bias as μ²', () => {
    const rows = 500
    const g = [1, -2, 0.5]
    const f = (x: Tensor) => x.mul(tensor([g], float64)).sum(1)
    const counts = [8, 32, 128]
    const errors = counts.map((K, k) => {
      const { gradient } = smoothedGradient(f, drawn([rows, 3], 5), drawn([rows, K, 3], 6 + k), never, { mu: 1, scheme: 'central' })
      return Math.sqrt(list(gradient).reduce((s, c, i) => s + (c - g[i % 3]!) ** 2, 0) / rows)
    })
    // Of 1500 numbers the logarithm of each error is within 0.03: the slope within 0.015.
    expect(Math.abs(slope(counts, errors) + 0.5)).toBeLessThan(0.1)
    // f = x³ with z = ±1: 3x² + μ².
    const cube = (x: Tensor) => x.pow(3).sum(1)
    const widths = [0.4, 0.2, 0.1, 0.05]
    const off = widths.map((mu) => {
      const z = tensor([[[1], [-1]]], float64)
      const { gradient } = smoothedGradient(cube, tensor([[0.7]], float64), z, never, { mu, scheme: 'central' })
      return list(gradient)[0]! - 3 * 0.7 ** 2
    })
    expect(slope(widths, off)).toBeCloseTo(2, 6)
  }) // biome-ignore format: formulas

  it('refuses a width of nothing, and a single direction', () => {
    const [x, one] = [drawn([1, 2], 7), drawn([1, 1, 2], 8)]
    for (const mu of [0, -1, Number.NaN, Infinity])
      expect(() => smoothedGradient(never, x, one, never, { mu, scheme: 'central' })).toThrow(OptionError)
    const f = (v: Tensor) => v.sum(1)
    expect(() => smoothedGradient(f, x, one, never, { mu: 1, scheme: 'central' })).toThrow('two or more')
  })
})

describe('a policy gradient', () => {
  it('is the formula, with the mean of the others as baseline', () => {
    const [N, K, n, r] = [2, 4, 3, [0.5, 2]]
    const [rewards, z] = [drawn([N, K], 11), drawn([N, K, n], 12)]
    const { gradient, variance } = policyGradient(rewards, z, tensor(r.map((v) => [v]), float64))
    for (let row = 0; row < N; row++) {
      const own = list(rewards).slice(row * K, (row + 1) * K)
      for (let j = 0; j < n; j++) {
        const terms = own.map((R, k) => {
          const others = own.filter((_, m) => m !== k).reduce((s, c) => s + c, 0) / (K - 1)
          return ((R - others) * list(z)[(row * K + k) * n + j]!) / r[row]!
        })
        const mean = terms.reduce((s, c) => s + c, 0) / K
        expect(list(gradient)[row * n + j]).toBeCloseTo(mean, 9)
        const scatter = terms.reduce((s, c) => s + (c - mean) ** 2, 0) / (K - 1) / K
        expect(list(variance)[row * n + j]).toBeCloseTo(scatter, 9)
      }
    }
    const shifted = policyGradient(rewards.add(100), z, tensor(r.map((v) => [v]), float64)).gradient
    list(shifted).forEach((v, i) => expect(v).toBeCloseTo(list(gradient)[i]!, 9))
  }) // biome-ignore format: formulas

  it('has no bias: E e^{−(a·x − y)²/Z} over a Gaussian is known', () => {
    const [rows, K, a, y, Z, m, r] = [4000, 5, 1.3, 0.9, 0.8, 0.2, 0.6]
    const z = drawn([rows, K, 1], 13)
    const x = z.mul(r).add(m)
    const rewards = x.mul(a).sub(y).square().div(-Z).exp().reshape([rows, K])
    const own = list(policyGradient(rewards, z, tensor([[r]], float64)).gradient)
    const wide = Z + 2 * (r * a) ** 2
    const truth = (Math.sqrt(Z / wide) * Math.exp(-((a * m - y) ** 2) / wide) * 2 * a * (y - a * m)) / wide
    const mean = own.reduce((s, c) => s + c, 0) / rows
    const error = Math.sqrt(own.reduce((s, c) => s + (c - mean) ** 2, 0) / rows / (rows - 1))
    if (process.env['SHOW']) console.log('policy', truth, (mean - truth) / error, error)
    expect(error).toBeLessThan(0.02 * Math.abs(truth))
    expect(Math.abs(mean - truth)).toBeLessThan(5 * error)
  }) // biome-ignore format: formulas

  it('refuses a single point', () => {
    expect(() => policyGradient(drawn([2, 1], 1), drawn([2, 1, 3], 2), tensor([[1]], float64))).toThrow(
      OptionError,
    )
  })
})

it('squared losses of several points a measurement', () => {
  const operator = matrixOperator(tensor([[1, 2]], float64))
  const y = tensor([[1], [-1]], float64)
  const x = tensor([[1, 0], [0, 1], [1, 1], [2, 0]], float64) // biome-ignore format: rows
  expect(list(squaredLoss({ operator, y }, 2)(x))).toEqual([0, 1, 16, 9])
})
