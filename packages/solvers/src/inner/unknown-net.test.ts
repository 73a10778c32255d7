import { vjp } from '@tweedie/autograd'
import { normal, OptionError, randomKey } from '@tweedie/tensor'
import { expect, test } from 'vitest'
import { unknownNet } from './unknown-net.ts'

const float64 = { dtype: 'float64' } as const
const [inputs, hidden, m] = [3, 5, 4]
const net = unknownNet([2, 2], { inputs, hidden })
const keys = [randomKey(1), randomKey(2)]
const [w2, size] = [inputs * hidden + hidden, inputs * hidden + hidden + hidden * m + m]

test('it is W₂·min(max(W₁·v + b₁, 0), 6) + b₂ of each sample, with its slope', () => {
  // Of this size units are below 0, between, and above 6.
  const params = normal(keys, [size], float64).mul(4)
  const input = normal(keys, [inputs], float64)
  const [out, back] = vjp((theta) => net.logits(theta, input), params)
  const weigh = normal(randomKey(3), [2, 2, 2], float64)
  const [gradient] = back(weigh)
  expect(out.shape).toEqual([2, 2, 2])
  const seen = new Set<string>()
  for (const row of [0, 1]) {
    const [theta, v, g] = [params, input, weigh].map((x) => Array.from(x.slice(row).dataSync()))
    const before = Array.from({ length: hidden }, (_, h) =>
      v!.reduce((sum, c, i) => sum + c * theta![i * hidden + h]!, theta![inputs * hidden + h]!),
    )
    const within = before.map((c) => Math.min(Math.max(c, 0), 6))
    for (const c of before) seen.add(c < 0 ? 'below' : c > 6 ? 'above' : 'between')
    const wanted = Array.from({ length: m }, (_, j) =>
      within.reduce((sum, c, h) => sum + c * theta![w2 + h * m + j]!, theta![w2 + hidden * m + j]!),
    )
    out
      .slice(row)
      .dataSync()
      .forEach((c, j) => expect(Math.abs(c - wanted[j]!)).toBeLessThan(1e-12))
    const slope = gradient.slice(row).dataSync()
    before.forEach((c, h) => {
      const through = c < 0 || c > 6 ? 0 : g!.reduce((sum, of, j) => sum + of * theta![w2 + h * m + j]!, 0)
      expect(slope[inputs * hidden + h]).toBeCloseTo(through, 10)
      v!.forEach((of, i) => expect(slope[i * hidden + h]).toBeCloseTo(through * of, 10))
      g!.forEach((of, j) => expect(slope[w2 + h * m + j]).toBeCloseTo(of * within[h]!, 10))
    })
    g!.forEach((of, j) => expect(slope[w2 + hidden * m + j]).toBeCloseTo(of, 12))
  }
  expect(seen.size).toBe(3)
})

test('it begins uniform within one over the root of what goes into a layer, each sample with its own', () => {
  const params = net.init(keys, float64)
  expect(params.shape).toEqual([2, size])
  expect(net.size).toBe(size)
  const rows = [0, 1].map((row) => Array.from(params.slice(row).dataSync()))
  for (const row of rows) {
    const largest = (part: number[]) => Math.max(...part.map(Math.abs))
    // Of 20 and 24 numbers the largest is below half of the bound with a chance of 2⁻²⁰.
    for (const [part, bound] of [
      [row.slice(0, w2), inputs ** -0.5],
      [row.slice(w2), hidden ** -0.5],
    ] as const) {
      // biome-ignore format: pairs
      expect(largest(part)).toBeLessThanOrEqual(bound)
      expect(largest(part)).toBeGreaterThan(bound / 2)
    }
    expect(Math.min(...row)).toBeLessThan(0)
  }
  expect(rows[0]).not.toEqual(rows[1])
})

test('counts are positive integers', () => {
  expect(() => unknownNet([3], { hidden: 0 })).toThrow(OptionError)
  expect(() => unknownNet([3], { inputs: 1.5 })).toThrow('inputs')
})
