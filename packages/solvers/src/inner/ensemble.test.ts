import { concat, normal, randomKey, ShapeError, type Tensor, tensor } from '@tweedie/tensor'
import { expect, it } from 'vitest'
import { ensembleGuidance, ensembleSpread } from './index.ts'

const float64 = { dtype: 'float64' } as const
const drawn = (shape: readonly number[], seed: number): Tensor => normal(randomKey(seed), shape, float64)
const list = (x: Tensor): number[] => Array.from(x.dataSync())
const rows = (x: Tensor): number[][] => {
  const [n, all] = [x.size / x.shape[0]!, list(x)]
  return Array.from({ length: x.shape[0]! }, (_, i) => all.slice(i * n, (i + 1) * n))
}
const meanOf = (all: readonly (readonly number[])[]): number[] =>
  all[0]!.map((_, j) => all.reduce((s, row) => s + row[j]!, 0) / all.length)
function slope(a: readonly number[], b: readonly number[]): number {
  const [u, v] = [a.map(Math.log), b.map(Math.log)]
  const [mu, mv] = [u, v].map((w) => w.reduce((s, c) => s + c, 0) / w.length) as [number, number]
  return u.reduce((s, c, i) => s + (c - mu) * (v[i]! - mv), 0) / u.reduce((s, c) => s + (c - mu) ** 2, 0)
}

it('is the formula, each sample by its own norm', () => {
  const [J, w] = [5, 0.7]
  const [x, measured, y] = [drawn([2 * J, 1, 3], 1), drawn([2 * J, 2], 2).mul(3), drawn([2 * J, 2], 3)]
  const { x: moved, norm } = ensembleGuidance(x, measured, y, J, w)
  expect(moved.shape).toEqual([2 * J, 1, 3])
  for (let sample = 0; sample < 2; sample++) {
    const own = <T>(all: readonly T[]) => all.slice(sample * J, (sample + 1) * J)
    const [xs, ys, targets] = [own(rows(x)), own(rows(measured)), own(rows(y))]
    const [xMean, yMean] = [meanOf(xs), meanOf(ys)]
    const C = ys.map((a, i) =>
      ys.map((b) => a.reduce((s, c, k) => s + (c - targets[i]![k]!) * (b[k]! - yMean[k]!), 0) / J),
    )
    const size = Math.sqrt(C.flat().reduce((s, c) => s + c * c, 0))
    expect(list(norm)[sample]).toBeCloseTo(size, 9)
    xs.forEach((one, i) => {
      one.forEach((value, k) => {
        const step = C[i]!.reduce((s, c, j) => s + c * (xs[j]![k]! - xMean[k]!), 0)
        expect(rows(moved)[sample * J + i]![k]).toBeCloseTo(value - (w / size) * step, 9)
      })
    })
  }
})

it('tends to the step of the whole Gaussian, preconditioned by its covariance, as J^−½', () => {
  // x ~ N(m, LLᵀ), G = g: E‖C‖² is tr(E[eeᵀ]·E[ddᵀ]) of e = gx − y, d = g(x − m).
  const [m, L, g, y, w] = [[0.3, -0.5], [[1, 0], [0.6, 0.7]], [1, 2], 0.4, 0.9] // biome-ignore format: a matrix
  const at = [1, -1]
  const cg = L.map((row) => row.reduce((s, c, k) => s + c * (L[0]![k]! * g[0]! + L[1]![k]! * g[1]!), 0))
  const spread = cg[0]! * g[0]! + cg[1]! * g[1]!
  const left = g[0]! * m[0]! + g[1]! * m[1]! - y
  const h = w / Math.sqrt((spread + left ** 2) * spread)
  const error = g[0]! * at[0]! + g[1]! * at[1]! - y
  const truth = at.map((c, k) => c - h * cg[k]! * error)
  const counts = [40, 160, 640]
  const N = 120
  const G = (x: Tensor) => x.mul(tensor([g], float64)).sum(1, true)
  const errors = counts.map((J, k) => {
    const own = rows(drawn([N * J, 2], 5 + k)).map(([a = 0, b = 0], i) =>
      i % J === 0 ? at : [m[0]! + a, m[1]! + L[1]![0]! * a + L[1]![1]! * b],
    )
    const x = tensor(own.map((one) => [...one]), float64)
    const moved = rows(ensembleGuidance(x, G(x), x.mul(0).sum(1, true).add(y), J, w).x)
    const firsts = moved.filter((_, i) => i % J === 0)
    return Math.sqrt(firsts.reduce((sum, one) => sum + one.reduce((s, c, j) => s + (c - truth[j]!) ** 2, 0), 0) / N)
  })
  if (process.env['SHOW']) console.log('ensemble', slope(counts, errors), errors)
  // Of 120 errors the logarithm of the root mean square is within 0.065: the slope within 0.033.
  expect(Math.abs(slope(counts, errors) + 0.5)).toBeLessThan(0.165)
}) // biome-ignore format: formulas

it('in small steps makes the covariance that of Kalman with noise 1/(2τ), the mean by half of the contraction', () => {
  const [J, g, y, tau] = [6, 1.5, 2, 0.8]
  const start = drawn([J, 1], 20)
  const moments = (x: Tensor) => {
    const mean = list(x).reduce((s, c) => s + c, 0) / J
    return { mean, variance: list(x).reduce((s, c) => s + (c - mean) ** 2, 0) / J }
  }
  const first = moments(start)
  const shrink = 1 + 2 * tau * first.variance * g ** 2
  const truth = { variance: first.variance / shrink, mean: y / g + (first.mean - y / g) / Math.sqrt(shrink) }
  const targets = tensor(Array.from({ length: J }, () => [y]), float64)
  const counts = [20, 40, 80, 160]
  const off = counts.map((steps) => {
    let x = start
    for (let i = 0; i < steps; i++) {
      const { norm } = ensembleGuidance(x, x.mul(g), targets, J, 0)
      x = ensembleGuidance(x, x.mul(g), targets, J, (tau / steps) * list(norm)[0]!).x
    }
    const last = moments(x)
    return [Math.abs(last.variance - truth.variance), Math.abs(last.mean - truth.mean)] as const
  })
  for (const of of [0, 1] as const) {
    const errors = off.map((pair) => pair[of])
    expect(errors.at(-1)).toBeLessThan(0.01)
    expect(Math.abs(slope(counts, errors) + 1)).toBeLessThan(0.15)
  }
}) // biome-ignore format: formulas

it('moves particles within their span, and not at all where they agree', () => {
  const x = drawn([4, 3], 30).mul(tensor([[1, 1, 0]], float64))
  const { x: moved } = ensembleGuidance(x, x.mul(2), drawn([4, 3], 31), 4, 1)
  expect(rows(moved).map((row) => Math.abs(row[2]!))).toEqual([0, 0, 0, 0])
  const same = tensor([[1, 2], [1, 2]], float64) // biome-ignore format: rows
  const still = ensembleGuidance(same, same, tensor([[0, 0], [0, 0]], float64), 2, 1) // biome-ignore format: rows
  expect(list(still.x)).toEqual([1, 2, 1, 2])
  expect(list(still.norm)).toEqual([0])
})

it('has a spread of each sample, and refuses rows that are no ensembles', () => {
  const x = concat([tensor([[1, 4], [3, 0]], float64), tensor([[5, 5], [5, 5]], float64)]) // biome-ignore format: rows
  // Variances 2 and 8, over J − 1.
  expect(list(ensembleSpread(x, 2))).toEqual([Math.sqrt(5), 0])
  expect(() => ensembleGuidance(x, x, x, 3, 1)).toThrow(ShapeError)
})

it('multiplies what deviates along a single direction by 1 − w where its mean is at the data: above 2 it grows', () => {
  // y_j = 3·x_j with the mean at y: C = 9·ddᵀ/J, ‖C‖_F its only eigenvalue.
  const d = [1.5, -0.5, -2, 1]
  const x = tensor(
    d.map((c) => [0.7 + c, 0.2]),
    float64,
  )
  const y = tensor(
    d.map(() => [2.1]),
    float64,
  )
  const G = x.mul(tensor([[3, 0]], float64)).sum(1, true)
  for (const w of [0.5, 2, 3.5])
    rows(ensembleGuidance(x, G, y, d.length, w).x).forEach((row, i) => {
      expect(row[0]).toBeCloseTo(0.7 + (1 - w) * (d[i] ?? Number.NaN), 9)
      expect(row[1]).toBeCloseTo(0.2, 9)
    })
})
