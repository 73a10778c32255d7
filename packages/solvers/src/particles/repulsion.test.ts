import type { Tensor } from '@tweedie/tensor'
import { fromData, normal, randomKey, ShapeError, tensor } from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { repulsion } from './index.ts'

const float64 = { dtype: 'float64' } as const
const list = (x: Tensor) => Array.from(x.dataSync())
const rows = (N: number, K: number, seed = 1) => normal(randomKey(seed), [N * K, 2, 3], float64)
const square = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, v, i) => sum + (v - b[i]!) ** 2, 0)

/** By loops over pairs, from the formula. */
function byHand(points: readonly number[][], bandwidth?: number): number[][] {
  return points.map((own, i) => {
    const others = points.filter((_, j) => j !== i)
    const distances = others.map((other) => Math.sqrt(square(own, other))).sort((a, b) => a - b)
    const median = distances[Math.ceil(distances.length / 2) - 1]!
    const h = bandwidth ?? median ** 2 / Math.log(points.length)
    const kernel = others.map((other) => Math.exp(-square(own, other) / h))
    const total = kernel.reduce((a, b) => a + b, 0)
    return own.map((v, d) =>
      others.reduce((sum, other, j) => sum + (2 * kernel[j]! * (v - other[d]!)) / (h * total), 0),
    )
  })
}
const points = (x: Tensor, K: number, sample: number) =>
  Array.from({ length: K }, (_, k) => list(x.slice(sample * K + k)))

describe('the repulsion of particles', () => {
  it.each([2, 3, 4, 5, 7])('of %d, sample by sample, is that of the pairs', (K) => {
    const x = rows(3, K)
    for (const bandwidth of [undefined, 0.5, 8]) {
      const force = repulsion(x, { particles: K, bandwidth })
      expect(force.shape).toEqual(x.shape)
      for (const sample of [0, 1, 2]) {
        const expected = byHand(points(x, K, sample), bandwidth)
        points(force, K, sample).forEach((row, k) =>
          row.forEach((v, d) => expect(v).toBeCloseTo(expected[k]![d]!, 12)),
        )
        const alone = repulsion(x.slice([sample * K, (sample + 1) * K]), { particles: K, bandwidth })
        expect(list(alone)).toEqual(points(force, K, sample).flat())
      }
    }
  })

  it('is minus the slope of log Σ k at a fixed h', () => {
    const [K, h] = [4, 1.7]
    const x = rows(1, K)
    const force = list(repulsion(x, { particles: K, bandwidth: h }))
    const cloud = points(x, K, 0)
    const log = (i: number, at: readonly number[]) =>
      Math.log(cloud.reduce((sum, other, j) => (j === i ? sum : sum + Math.exp(-square(at, other) / h)), 0))
    cloud.forEach((own, i) =>
      own.forEach((_, d) => {
        const moved = (by: number) =>
          log(
            i,
            own.map((v, e) => (e === d ? v + by : v)),
          )
        expect(force[i * 6 + d]).toBeCloseTo(-(moved(1e-5) - moved(-1e-5)) / 2e-5, 8)
      }),
    )
  })

  it('of two is 2·log 2 over their distance, along it, each its own way', () => {
    const x = fromData([1, 2, 4, 6], [2, 2], float64) // 5 apart, along (0.6, 0.8)
    const size = (2 * Math.log(2)) / 5
    const expected = [-0.6 * size, -0.8 * size, 0.6 * size, 0.8 * size]
    list(repulsion(x, { particles: 2 })).forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 14))
  })

  it('at c times the distance it is 1/c of what it was', () => {
    const x = rows(2, 5)
    const near = list(repulsion(x, { particles: 5 }))
    list(repulsion(x.mul(7), { particles: 5 })).forEach((v, i) => expect(v).toBeCloseTo(near[i]! / 7, 12))
  })

  it('is 0 of one alone and of some in one place; far ones do not vanish', () => {
    expect(list(repulsion(rows(3, 1), { particles: 1 }))).toEqual(Array(18).fill(0))
    expect(list(repulsion(tensor([[1], [1], [1]]), { particles: 3 }))).toEqual([0, 0, 0])
    // exp(−d²/h) of both is 0 in any precision; their weights are not.
    const far = list(repulsion(tensor([[0], [100], [-100]], float64), { particles: 3, bandwidth: 1 }))
    expect(far.map(Math.abs)).toEqual([0, 200, 200])
    expect(() => repulsion(rows(1, 4), { particles: 3 })).toThrow(ShapeError)
  })
})
