import { describe, expect, it } from 'vitest'
import type { DType, Tensor } from './index.ts'
import {
  add,
  argmax,
  cast,
  clamp,
  DTypeError,
  div,
  exp,
  expm1,
  fromData,
  full,
  groupNorm,
  logSumExp,
  max,
  maximum,
  mean,
  mul,
  pow,
  reciprocal,
  relu,
  ShapeError,
  sigmoid,
  silu,
  softmax,
  softmaxComposed,
  sub,
  sum,
  tanh,
  variance,
  zeros,
} from './index.ts'

const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN]
const floats = ['float32', 'float64'] as const
const kinds = (['wasm', 'reference'] as const).flatMap((device) =>
  floats.map((dtype) => ({ device, dtype, held: dtype === 'float32' ? Math.fround : (v: number) => v })),
)
const values = (x: Tensor): number[] => Array.from(x.dataSync())

describe.each(kinds)('$device $dtype', ({ device, dtype, held }) => {
  const vector = (data: readonly number[], shape: readonly number[] = [data.length], as: DType = dtype) =>
    fromData(data, shape, { device, dtype: as })

  // Float64 quotients of float32 numbers have bits enough that rounding them once more is correct rounding.
  it('quotients by a number are rounded once, in every spelling', () => {
    const numbers = Array.from({ length: 255 }, (_, i) => i + 1)
    const tiny = dtype === 'float32' ? 1e-39 : 1e-310
    for (const b of [...numbers, 0.1, -0.7, 1e30, tiny, inf, 0]) {
      const x = [...[1, 7, 41, 49].map((n) => n * b), ...numbers, tiny, -0].map(held)
      const quotients = x.map((v) => held(v / held(b)))
      expect(values(div(vector(x), b)), `div(x, ${b})`).toEqual(quotients)
      expect(values(vector(x).div(b)), `x.div(${b})`).toEqual(quotients)
      expect(values(div(b, vector(x))), `div(${b}, x)`).toEqual(x.map((v) => held(held(b) / v)))
    }
    const inverses = numbers.map((v) => held(1 / v))
    for (const spelling of [
      (x: Tensor) => div(1, x),
      reciprocal,
      (x: Tensor) => pow(x, -1),
      (x: Tensor) => x.pow(-1),
    ]) {
      expect(values(spelling(vector(numbers)))).toEqual(inverses)
    }
  })

  it('means and variances are quotients', () => {
    for (const n of [3, 5, 41, 49, 107]) {
      const x = Array.from({ length: 2 * n }, (_, i) => (i % n === 0 ? n : 0))
      expect(values(mean(vector(x, [2, n]), 1)), `mean of ${n}`).toEqual([1, 1])
      expect(values(mean(vector(x, [2, n]))), `mean of 2·${n}`).toEqual([1])
      // A difference of two elements, d: Σ (x − x̄)² = d²/2.
      const pairs = [0, 2 * n, 0, 2 * n]
      expect(values(variance(vector(pairs, [2, 2]), 1, { correction: 0 })), `${n}`).toEqual([n * n, n * n])
    }
    const spread = Array.from({ length: 7 }, (_, i) => 7 * (i - 3))
    expect(values(variance(vector(spread)))).toEqual([196])
    expect(values(variance(vector(spread), 0, { correction: 1 }))).toEqual([held(1372 / 6)])
  })

  it('products and shifts by a number keep the sign of zero as IEEE 754 says', () => {
    const x = vector([-0, 0, -3])
    expect(values(mul(x, 1))).toEqual([-0, 0, -3])
    expect(values(mul(0, x))).toEqual([-0, 0, -0])
    expect(values(mul(x, -1))).toEqual([0, -0, 3])
    expect(values(add(x, 0))).toEqual([0, 0, -3])
    expect(values(sub(x, 0))).toEqual([-0, 0, -3])
    expect(values(sub(0, x))).toEqual([0, 0, 3])
    expect(values(div(x, 2))).toEqual([-0, 0, -1.5])
  })

  it('numbers beside a tensor are held in its element type', () => {
    const x = vector([3e38])
    expect(values(sub(x, 3e38))).toEqual([0])
    expect(values(add(vector([0]), 0.1))).toEqual([held(0.1)])
    expect(values(clamp(vector([1]), 0, 0.1))).toEqual([held(0.1)])
    expect(values(div(vector([held(0.1)]), 0.1))).toEqual([1])
  })

  it('powers have the special values of IEEE 754', () => {
    const cases: [a: number, b: number, y: number][] = [
      [1, nan, 1],
      [nan, 0, 1],
      [nan, 1, nan],
      [2, nan, nan],
      [-1, inf, 1],
      [-1, -inf, 1],
      [1, inf, 1],
      [-2, inf, inf],
      [-0.5, -inf, inf],
      [-2, 3, -8],
      [-2, -2, 0.25],
      [-2, 0.5, nan],
      [0, 0, 1],
      [0, 2, 0],
      [0, -1, inf],
      [-0, -1, -inf],
      [-0, 3, -0],
      [-inf, 3, -inf],
      [-inf, -3, -0],
    ]
    const [a, b, y] = [0, 1, 2].map((i) => cases.map((row) => row[i]!))
    expect(values(pow(vector(a!), vector(b!)))).toEqual(y)
    for (const [base, exponent, result] of cases) {
      expect(values(pow(vector([base]), exponent)), `${base} to ${exponent}`).toEqual([result])
    }
  })

  it('saturating functions reach their limits', () => {
    const x = vector([-inf, -1000, 1000, inf, nan])
    expect(values(silu(x))).toEqual([-0, -0, 1000, inf, nan])
    expect(values(sigmoid(x))).toEqual([0, 0, 1, 1, nan])
    expect(values(tanh(x))).toEqual([-1, -1, 1, 1, nan])
    expect(values(exp(x))).toEqual([0, 0, inf, inf, nan])
    expect(values(expm1(x))).toEqual([-1, -1, inf, inf, nan])
    expect(values(relu(x))).toEqual([0, 0, 1000, inf, nan])
    expect(values(relu(vector([0, -0, -1, 2])))).toEqual([0, 0, 0, 2])
  })

  it.each([1, 3, 4, 5, 16, 17, 64, 100])('argmax finds the first NaN among %i, as max is NaN', (n) => {
    for (const last of [true, false]) {
      const pairs = [
        [n >> 1, n - 1],
        [0, n - 1],
        [3, 16],
        [5, 17],
        [20, 32],
        [37, 48],
      ]
      for (const all of [[0], [n - 1], [n >> 1], [((2 * n) % 7) % n], ...pairs]) {
        const places = all.filter((place) => place < n)
        if (places.length === 0) continue
        const rows = 5
        const data = Array.from({ length: rows * n }, (_, i) => {
          const [row, place] = last ? [Math.floor(i / n), i % n] : [i % rows, Math.floor(i / rows)]
          return row === 2 && places.includes(place) ? nan : ((i * 7) % 11) - 5
        })
        const x = vector(data, last ? [rows, n] : [n, rows])
        const axis = last ? 1 : 0
        const found = values(argmax(x, axis))
        const at = (row: number, place: number) => data[last ? row * n + place : place * rows + row]!
        for (let row = 0; row < rows; row++) {
          const line = Array.from({ length: n }, (_, place) => at(row, place))
          const first = line.findIndex(Number.isNaN)
          expect(found[row], `${places} of ${n}`).toBe(first >= 0 ? first : line.indexOf(Math.max(...line)))
        }
        expect(values(max(x, axis))[2]).toBeNaN()
      }
    }
  })

  it('argmax knows infinities and ties', () => {
    expect(values(argmax(vector([-inf, -inf]), 0))).toEqual([0])
    expect(values(argmax(vector([1, inf, nan, nan, inf]), 0))).toEqual([2])
    expect(values(argmax(vector([1, 3, 3, 2]), 0))).toEqual([1])
  })

  it('casts to int32 saturate, and make 0 of NaN; to bool all but 0 is true', () => {
    const x = vector([3e9, -3e9, inf, -inf, nan, 2.75, -2.75, -0, 2 ** 31, -(2 ** 31)])
    const [low, high] = [-(2 ** 31), 2 ** 31 - 1]
    expect(values(cast(x, 'int32'))).toEqual([high, low, high, low, 0, 2, -2, 0, high, low])
    expect(values(cast(x, 'bool'))).toEqual([1, 1, 1, 1, 1, 1, 1, 0, 1, 1])
    const integers = vector([0, 1, -1, low, high], [5], 'int32')
    expect(values(cast(integers, 'bool'))).toEqual([0, 1, 1, 1, 1])
    expect(values(cast(integers, dtype))).toEqual([0, 1, -1, low, held(high)])
    const made = fromData([3e9, -3e9, nan, 2.5], [4], { device, dtype: 'int32' })
    expect(values(made)).toEqual([high, low, 0, 2])
    expect(values(fromData(Float64Array.of(inf, -1.5), [2], { device, dtype: 'int32' }))).toEqual([high, -1])
    expect(values(full([1], 1e10, { device, dtype: 'int32' }))).toEqual([high])
    expect(values(full([1], 2, { device, dtype: 'bool' }))).toEqual([1])
    expect(values(fromData(Uint8Array.of(0, 2), [2], { device }))).toEqual([0, 1])
    expect(values(maximum(integers, 3e9))).toEqual(Array(5).fill(high))
    const truths = cast(vector([0, 2]), 'bool')
    expect(values(cast(truths, dtype))).toEqual([0, 1])
    expect(values(cast(truths, 'int32'))).toEqual([0, 1])
  })

  it('log-sum-exp of infinities, and of nothing', () => {
    const cases: [number[], number][] = [
      [[-inf, -inf], -inf],
      [[inf, inf], inf],
      [[inf, 1], inf],
      [[inf, -inf], inf],
      [[-inf, 1], 1],
      [[nan, inf], nan],
      [[1000, 1000], held(1000 + Math.LN2)],
      [[], -inf],
    ]
    for (const [x, y] of cases) {
      expect(values(logSumExp(vector(x))), `of ${x}`).toEqual([y])
      expect(values(logSumExp(vector(x, [1, x.length]), -1, true)), `of ${x}, kept`).toEqual([y])
    }
    const rows = vector([-inf, -inf, 0, 0, inf, 0], [3, 2])
    expect(values(logSumExp(rows, 1))).toEqual([-inf, held(Math.LN2), inf])
  })

  it('reductions of empty axes: neutral elements, NaN for means, and an error for extremes', () => {
    const x = zeros([2, 0, 3], { device, dtype })
    expect(values(sum(x, 1))).toEqual([0, 0, 0, 0, 0, 0])
    expect(values(logSumExp(x, 1))).toEqual([-inf, -inf, -inf, -inf, -inf, -inf])
    expect(values(logSumExp(x))).toEqual([-inf])
    expect(logSumExp(x, [0, 1], true).shape).toEqual([1, 1, 3])
    expect(logSumExp(x, 0).shape).toEqual([0, 3])
    expect(values(mean(x, 1))).toEqual([nan, nan, nan, nan, nan, nan])
    expect(values(variance(x, 1))).toEqual([nan, nan, nan, nan, nan, nan])
    for (const axis of [0, 1, 2, -1]) expect(softmax(x, axis).shape).toEqual([2, 0, 3])
    const empty = zeros([3, 0], { device, dtype })
    expect(softmax(empty).shape).toEqual([3, 0])
    expect(softmaxComposed(empty).shape).toEqual([3, 0])
    expect(() => max(x, 1)).toThrow(ShapeError)
    expect(() => argmax(x, 1)).toThrow(ShapeError)
    expect(argmax(x, 0).shape).toEqual([0, 3])
  })

  it('an element type that is none is an error', () => {
    for (const bad of ['foo', 'toString', undefined, null, 3]) {
      const none = bad as DType
      expect(() => cast(vector([1]), none)).toThrow(DTypeError)
      if (bad === undefined || bad === null) continue
      expect(() => fromData(Int32Array.of(1), [1], { dtype: none, device }), `${bad}`).toThrow(
        /float32, float64/,
      )
    }
  })

  it('group normalisation does not feel a large mean', () => {
    const shape = [2, 6, 5, 7]
    const offsets = Array.from({ length: 420 }, (_, i) => (i * 37) % 64)
    const [weight, bias] = [vector([1, 2, -1, 0.5, 3, 1]), vector([0, 1, 0, -2, 0.5, 0])]
    const norm = (mean: number) =>
      values(
        groupNorm(
          vector(
            offsets.map((d) => mean + d),
            shape,
          ),
          weight,
          bias,
          { groups: 3 },
        ),
      )
    const centred = norm(0)
    for (const mean of [2 ** 13, 2 ** 23, -(2 ** 23) - 64]) {
      // x − mean is exact; the statistics, and one rounding each in float32 of what is scaled, are left.
      const error = norm(mean).map((y, i) => Math.abs(y - centred[i]!))
      expect(Math.max(...error), `mean ${mean}`).toBeLessThan(2e-6)
    }
  })
})
