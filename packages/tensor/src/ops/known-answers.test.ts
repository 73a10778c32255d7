import { describe, expect, test } from 'vitest'
import type { Tensor } from '../index.ts'
import {
  arange,
  channelAttention,
  dispatch,
  equal,
  eye,
  greater,
  greaterEqual,
  groupNorm,
  less,
  lessEqual,
  linspace,
  logSumExp,
  mean,
  scaledDotProductAttention,
  sub,
  tensor,
  variance,
} from '../index.ts'

// What ops that are made of others mean, by hand: agreement between devices does not show it.

const values = (x: Tensor): number[] => Array.from(x.dataSync())
const kinds = (['wasm', 'reference'] as const).flatMap((device) =>
  (['float32', 'float64'] as const).map((dtype) => ({ device, dtype })),
)

describe.each(kinds)('$device $dtype', (where) => {
  test('comparisons of less, equal, more and NaN', () => {
    const a = tensor([1, 2, 3, Number.NaN, Number.NaN], where)
    const b = tensor([2, 2, 2, 2, Number.NaN], where)
    expect(values(less(a, b))).toEqual([1, 0, 0, 0, 0])
    expect(values(lessEqual(a, b))).toEqual([1, 1, 0, 0, 0])
    expect(values(greater(a, b))).toEqual([0, 0, 1, 0, 0])
    expect(values(greaterEqual(a, b))).toEqual([0, 1, 1, 0, 0])
    expect(values(equal(a, b))).toEqual([0, 1, 0, 0, 0])
  })

  test('numbers in a row, and the identity', () => {
    expect(values(arange(4, { start: 1, step: 2.5, ...where }))).toEqual([1, 3.5, 6, 8.5])
    expect(values(eye(3, where))).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1])
  })

  test('a number minus a tensor, and a tensor minus a number', () => {
    const x = tensor([1, -2], where)
    expect([values(sub(5, x)), values(sub(x, 5))]).toEqual([
      [4, 7],
      [-4, -7],
    ])
  })

  test('means and variances divide by the count of their axis, log-sum-exp overflows nowhere', () => {
    const x = tensor(
      [
        [0, 4, 8],
        [1, 1, 1],
      ],
      where,
    )
    expect([values(mean(x, 1)), values(mean(x, 0))]).toEqual([
      [4, 1],
      [0.5, 2.5, 4.5],
    ])
    expect(values(variance(x, 0))).toEqual([0.25, 2.25, 12.25])
    expect(values(variance(x, 0, { correction: 1 }))).toEqual([0.5, 4.5, 24.5])
    const far = values(logSumExp(tensor([1000, 1000], where), 0))
    expect(far[0]).toBeCloseTo(1000 + Math.LN2, 3)
  })

  test('attention is scaled by 1/√d where nothing else is asked for', () => {
    // Scores ln 2·√d and 0 over √d: the weights are 2/3 and 1/3.
    const d = 4
    const key = Math.log(2) * Math.sqrt(d)
    const [q, k, v] = [
      tensor([[1, 0, 0, 0]], where),
      tensor(
        [
          [key, 0, 0, 0],
          [0, 0, 0, 0],
        ],
        where,
      ),
      tensor([[3], [6]], where),
    ]
    expect(scaledDotProductAttention(q, k, v).dataSync()[0]).toBeCloseTo(4, 5)
    const columns = [q, k, v].map((x) => x.transpose([1, 0])) as [Tensor, Tensor, Tensor]
    expect(channelAttention(...columns).dataSync()[0]).toBeCloseTo(4, 5)
  })

  test('group norm adds 1e-5 to the variance where nothing else is asked for', () => {
    // Mean 0, variance 1e-5: half of what is divided by is ε.
    const s = Math.sqrt(1e-5)
    const x = tensor([[[s, -s]]], where)
    const y = values(groupNorm(x, tensor([1], where), tensor([0], where), { groups: 1 }))
    expect(y[0]).toBeCloseTo(Math.SQRT1_2, 5)
    expect(y[1]).toBeCloseTo(-Math.SQRT1_2, 5)
  })

  test('the slope of silu is 0 at −∞, ½ at 0 and 1 at +∞', () => {
    const x = tensor([Number.NEGATIVE_INFINITY, 0, Number.POSITIVE_INFINITY], where)
    expect(values(dispatch('siluGrad', [tensor([1, 1, 1], where), x], {}))).toEqual([0, 0.5, 1])
  })

  test('an evenly spaced vector of one is its start', () => {
    expect(values(linspace(3, 7, 1, where))).toEqual([3])
    expect(values(linspace(3, 7, 3, where))).toEqual([3, 5, 7])
  })
})
