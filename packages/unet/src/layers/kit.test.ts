import {
  fromData,
  normal,
  OptionError,
  randomKey,
  ShapeError,
  scope,
  sum,
  tensor,
  zeros,
} from '@tweedie/tensor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { conv2d, convTranspose2d, embedding, layerNorm } from './index.ts'

const float64 = { dtype: 'float64', device: 'reference' } as const

describe('convTranspose2d', () => {
  test('is the adjoint of the convolution with the same weight, stride and padding', () => {
    fc.assert(
      fc.property(
        fc.record({
          n: fc.integer({ min: 1, max: 2 }),
          groups: fc.integer({ min: 1, max: 2 }),
          perIn: fc.integer({ min: 1, max: 2 }),
          perOut: fc.integer({ min: 1, max: 3 }),
          kh: fc.integer({ min: 1, max: 4 }),
          kw: fc.integer({ min: 1, max: 4 }),
          h: fc.integer({ min: 4, max: 7 }),
          w: fc.integer({ min: 4, max: 7 }),
          stride: fc.integer({ min: 1, max: 3 }),
          padding: fc.integer({ min: 0, max: 1 }),
        }),
        fc.nat(1e6),
        ({ n, groups, perIn, perOut, kh, kw, h, w, stride, padding }, seed) =>
          scope(() => {
            const draw = (label: string, shape: readonly number[]) =>
              normal(randomKey(seed).fold(label), shape, float64)
            // The convolution goes from perOut·groups channels to perIn·groups, its adjoint back.
            const weight = draw('w', [perIn * groups, perOut, kh, kw])
            const x = draw('x', [n, perOut * groups, h, w])
            const ax = conv2d({ 'c.weight': weight }, 'c', x, { stride, padding, groups, bias: false })
            const y = draw('y', ax.shape)
            const back = (outputPadding: number) =>
              convTranspose2d({ 'c.weight': weight }, 'c', y, {
                stride,
                padding,
                outputPadding,
                groups,
                bias: false,
              })
            const [rows, columns] = [h, w].map((side, i) => (side + 2 * padding - [kh, kw][i]!) % stride)
            fc.pre(rows === columns) // one number says how many are left over on both axes
            const aty = back(rows!)
            expect(aty.shape).toEqual(x.shape)
            const [one, other] = [sum(ax.mul(y)), sum(x.mul(aty))].map((v) => v.dataSync()[0]!)
            expect(Math.abs(one! - other!)).toBeLessThan(1e-11 * (1 + Math.abs(one!)))
          }),
      ),
      { numRuns: 60 },
    )
  })

  test('adds its bias once to each pixel', () => {
    scope(() => {
      const p = { 'c.weight': zeros([1, 2, 3, 3]), 'c.bias': tensor([4, -1]) }
      const out = convTranspose2d(p, 'c', zeros([1, 1, 2, 2]), { stride: 2, padding: 1, outputPadding: 1 })
      expect(out.shape).toEqual([1, 2, 4, 4])
      expect([...out.dataSync()]).toEqual([...Array(16).fill(4), ...Array(16).fill(-1)])
    })
  })

  test('refuses channels that do not fit', () => {
    const p = { 'c.weight': zeros([3, 2, 3, 3]), 'c.bias': zeros([2]) }
    expect(() => convTranspose2d(p, 'c', zeros([1, 2, 4, 4]))).toThrow(ShapeError)
    expect(() => convTranspose2d(p, 'c', zeros([1, 3, 4, 4]), { groups: 2 })).toThrow(OptionError)
  })
})

describe('layerNorm', () => {
  test('is (x − mean)/√(variance + ε) · weight + bias over the axes of the weight', () => {
    scope(() => {
      const [x, weight, bias] = [
        [2, 3, 2, 2],
        [3, 2, 2],
        [3, 2, 2],
      ].map((shape, i) => normal(randomKey(i), shape, float64))
      const out = Array.from(
        layerNorm({ 'l.weight': weight!, 'l.bias': bias! }, 'l', x!, { eps: 0.1 }).dataSync(),
      )
      const [xs, ws, bs] = [x!, weight!, bias!].map((v) => Array.from(v.dataSync()))
      for (const n of [0, 1]) {
        const row = xs!.slice(12 * n, 12 * n + 12)
        const mean = row.reduce((a, b) => a + b) / 12
        const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / 12
        row.forEach((v, i) => {
          expect(out[12 * n + i]).toBeCloseTo(
            ((v - mean) / Math.sqrt(variance + 0.1)) * ws![i]! + bs![i]!,
            12,
          )
        })
      }
    })
  })

  test('refuses a picture of another size than its weight', () => {
    const p = { 'l.weight': zeros([1, 4, 4]), 'l.bias': zeros([1, 4, 4]) }
    expect(() => layerNorm(p, 'l', zeros([2, 1, 4, 5]))).toThrow(ShapeError)
    expect(() => layerNorm(p, 'l', zeros([4, 4]))).toThrow(ShapeError)
  })
})

test('embedding looks rows up, as often as asked', () => {
  scope(() => {
    const p = {
      'e.weight': tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    } // prettier-ignore
    const rows = fromData([2, 0, 2], [3], { dtype: 'int32' })
    expect(embedding(p, 'e', rows).toArray()).toEqual([
      [5, 6],
      [1, 2],
      [5, 6],
    ]) // prettier-ignore
    expect(() => embedding(p, 'e', 3)).toThrow(ShapeError)
  })
})
