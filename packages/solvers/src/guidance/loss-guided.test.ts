import { normal, OptionError, randomKey, type Tensor, tensor } from '@tweedie/tensor'
import { describe, expect, test } from 'vitest'
import { gaussianNoise, noNoise, poissonNoise } from '../noise/index.ts'
import { matrixOperator } from '../operators/index.ts'
import { gaussianPrior } from '../priors/index.ts'
import { lookAt } from '../run/index.ts'
import type { AtStep } from './index.ts'
import { dpsLikelihood, lossGuidedLikelihood, pseudoInverseLikelihood } from './index.ts'

const float64 = { dtype: 'float64' } as const
const A = [
  [1, -0.5, 0.3],
  [0.2, 0.7, 0],
]
const sigmaY = 0.6
const problem = {
  operator: matrixOperator(tensor(A, float64)),
  noise: gaussianNoise(sigmaY),
  y: tensor([[0.9, -0.4]], float64),
}
const prior = gaussianPrior({
  mean: [0.5, -0.3, 0.2],
  covariance: [
    [1, 0.6, 0.1],
    [0.6, 0.8, -0.2],
    [0.1, -0.2, 0.5],
  ],
})
const x = tensor([[0.4, -0.2, 0.5]], float64)
const numbers = (v: Tensor) => Array.from(v.dataSync())
const drawing = (seed: number): AtStep => ({
  i: 0,

  s: -1,
  z: (purpose, shape = [3]) => normal([randomKey(seed).fold(purpose)], shape, float64),
})
const look = (t: number) => lookAt(prior, x, t, true)

describe('LGD-MC', () => {
  test.each([50, 400, 900])(
    'without spread it is DPS with 1/(2σ_y²), for any number of points: t = %d',
    (t) => {
      const wanted = numbers(dpsLikelihood(problem).score(look(t)).g)
      for (const samples of [1, 7]) {
        const { g, residual } = lossGuidedLikelihood(problem, { samples, spread: 0 }).score(look(t))
        numbers(g).forEach((v, i) => expect(v).toBeCloseTo(wanted[i]!, 12))
        expect(numbers(residual)).toEqual(numbers(dpsLikelihood(problem).score(look(t)).residual))
      }
    },
  )

  test.each([
    [50, 1],
    [400, 1],
    [400, 0.3],
    [900, 0.5],
  ])('tends to ΠGDM of the same r_t as points grow in number: t = %d, s² = %d', (t, variance) => {
    const n = 20_000
    const exact = numbers(pseudoInverseLikelihood(problem, { variance }).score(look(t)).g)
    const got = numbers(lossGuidedLikelihood(problem, { samples: n, variance }).score(look(t), drawing(5)).g)
    // The standard error of a mean by weights w_i: √Σ w_i²·|v_i − g|² (delta method), by the same formula in plain numbers.
    const { x0hat, alpha, sigma, pullback } = look(t)
    const r = Math.sqrt((variance * sigma ** 2) / (alpha ** 2 * variance + sigma ** 2))
    const z = numbers(drawing(5).z('points', [n, 3]))
    const mean = numbers(x0hat)
    const points = Array.from({ length: n }, (_, i) => mean.map((v, j) => v + r * z[3 * i + j]!))
    const left = points.map((p) =>
      A.map((row, k) => [0.9, -0.4][k]! - row.reduce((s, a, j) => s + a * p[j]!, 0)),
    )
    const log = left.map((v) => -(v[0]! ** 2 + v[1]! ** 2) / (2 * sigmaY ** 2))
    const top = log.reduce((a, b) => Math.max(a, b), -Infinity)
    const mass = log.map((l) => Math.exp(l - top))
    const total = mass.reduce((a, b) => a + b, 0)
    const pulled = tensor(
      left.map((v) => [0, 1, 2].map((j) => (A[0]![j]! * v[0]! + A[1]![j]! * v[1]!) / sigmaY ** 2)),
      float64,
    )
    const J = [0, 1, 2].map((j) =>
      numbers(pullback(tensor([[0, 1, 2].map((i) => (i === j ? 1 : 0))], float64), { retain: true })),
    )
    const each = numbers(pulled)
    const g = [0, 1, 2].map((k) =>
      mass.reduce(
        (s, w, i) => s + (w / total) * J.reduce((u, col, j) => u + col[k]! * each[3 * i + j]!, 0),
        0,
      ),
    )
    g.forEach((v, k) => expect(Math.abs(got[k]! - v)).toBeLessThan(1e-9 * Math.hypot(...g)))
    const variance2 = mass.reduce((s, w, i) => {
      const v = [0, 1, 2].map((k) => J.reduce((u, col, j) => u + col[k]! * each[3 * i + j]!, 0) - g[k]!)
      return s + (w / total) ** 2 * Math.hypot(...v) ** 2
    }, 0)
    expect(Math.hypot(...got.map((v, k) => v - exact[k]!))).toBeLessThan(6 * Math.sqrt(variance2))
    // … which says something: DPS is further off.
    const point = numbers(dpsLikelihood(problem).score(look(t)).g)
    if (t > 100)
      expect(Math.hypot(...point.map((v, k) => v - exact[k]!))).toBeGreaterThan(12 * Math.sqrt(variance2))
  })

  test('one y goes with any batch, and samples of a batch are apart', () => {
    const both = tensor([[0.4, -0.2, 0.5], [1, 0.3, -0.7]], float64) // biome-ignore format: a matrix
    const points = normal([randomKey(1), randomKey(2)], [4, 3], float64)
    const step = (rows: Tensor): AtStep => ({ ...drawing(1), z: () => rows })
    const likelihood = lossGuidedLikelihood(problem, { samples: 4 })
    const batch = numbers(likelihood.score(lookAt(prior, both, 400, true), step(points)).g)
    for (const i of [0, 1]) {
      const at = lookAt(prior, both.slice([i, i + 1]), 400, true)
      expect(numbers(likelihood.score(at, step(points.slice([i, i + 1]))).g)).toEqual(
        batch.slice(3 * i, 3 * i + 3),
      )
    }
  })

  test('takes any noise of a known likelihood, and refuses the rest', () => {
    const counts = { ...problem, noise: poissonNoise(30) }
    const { g } = lossGuidedLikelihood(counts, { samples: 3, spread: 0.1 }).score(look(100), drawing(2))
    expect(numbers(g).every(Number.isFinite)).toBe(true)
    expect(() => lossGuidedLikelihood({ ...problem, noise: noNoise() })).toThrow(OptionError)
    expect(() => lossGuidedLikelihood(problem, { samples: 0 })).toThrow(OptionError)
    expect(() => lossGuidedLikelihood(problem, { spread: -1 })).toThrow(OptionError)
    expect(() => lossGuidedLikelihood(problem).score(look(100))).toThrow('LGD-MC draws')
  })
})
