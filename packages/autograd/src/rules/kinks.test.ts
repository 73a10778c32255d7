import type { DType, Tensor } from '@tweedie/tensor'
import {
  abs,
  clamp,
  div,
  exp,
  fromData,
  logSumExp,
  max,
  maximum,
  mean,
  minimum,
  pow,
  relu,
  sigmoid,
  sign,
  silu,
  softmax,
  sqrt,
  sum,
  tanh,
  variance,
  zeros,
} from '@tweedie/tensor'
import { describe, expect, it } from 'vitest'
import { grad, jvp } from '../index.ts'

const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN]
const values = (x: Tensor): number[] => Array.from(x.dataSync())
type Unary = (x: Tensor) => Tensor
type Binary = (a: Tensor, b: Tensor) => Tensor

const places = [
  { device: 'wasm', dtype: 'float32' },
  { device: 'wasm', dtype: 'float64' },
  { device: 'reference', dtype: 'float32' },
  { device: 'reference', dtype: 'float64' },
] as const satisfies readonly { device: string; dtype: DType }[]

describe.each(places)('on $device in $dtype', (place) => {
  const vector = (data: readonly number[]) => fromData(data, [data.length], place)
  const held = place.dtype === 'float32' ? Math.fround : (v: number) => v
  /** The slopes of an elementwise function, forwards and backwards, which agree. */
  const slopes = (f: Unary, at: readonly number[]): number[] => {
    const x = vector(at)
    const backward = values(grad((z: Tensor) => sum(f(z)))(x))
    expect(values(jvp(f, [x], [vector(at.map(() => 1))])[1])).toEqual(backward)
    return backward
  }
  const second = (f: Unary, at: readonly number[]): number[] =>
    slopes((x) => grad((z: Tensor) => sum(f(z)))(x), at)

  it('relu is flat at 0, as in PyTorch', () => {
    expect(slopes(relu, [-1, -0, 0, 2, nan])).toEqual([0, 0, 0, 1, 1])
    expect(second(relu, [-1, 0, 2])).toEqual([0, 0, 0])
  })

  it('other kinks: half of a tie, 0 in |0|, the inner slope at the ends of a clamp', () => {
    expect(slopes((x) => maximum(x, 0), [-1, 0, 2])).toEqual([0, 0.5, 1])
    expect(slopes((x) => minimum(0, x), [-1, 0, 2])).toEqual([1, 0.5, 0])
    expect(slopes(abs, [-3, 0, 3])).toEqual([-1, 0, 1])
    expect(slopes(sign, [-3, 0, 3])).toEqual([0, 0, 0])
    expect(slopes((x) => clamp(x, -1, 1), [-2, -1, 0, 1, 2])).toEqual([0, 1, 1, 1, 0])
    expect(slopes(sqrt, [0, -0, 4])).toEqual([inf, -inf, 0.25])
    expect(values(grad((x: Tensor) => max(x))(vector([1, 3, 3])))).toEqual([0, 0.5, 0.5])
  })

  it('quotients by a number have quotients as slopes', () => {
    for (const b of [3, 41, 49, -0.1]) {
      expect(
        slopes((x) => div(x, b), [1, 5]),
        `x/${b}`,
      ).toEqual([held(1 / held(b)), held(1 / held(b))])
      expect(second((x) => div(x, b), [1])).toEqual([0])
    }
    for (const b of [41, 49, 107]) {
      expect(values(grad((x: Tensor) => sum(div(x, b).mul(b)))(vector([1]))), `${b}·(x/${b})`).toEqual([1])
    }
    expect(values(grad((x: Tensor) => mean(x))(vector(Array(49).fill(2))))).toEqual(
      Array(49).fill(held(1 / 49)),
    )
    expect(values(grad((x: Tensor) => variance(x))(vector([0, 2])))).toEqual([-1, 1])
    expect(slopes((x) => div(3, x), [2, -1])).toEqual([-0.75, -3])
    expect(second((x) => div(3, x), [2])).toEqual([0.75])
  })

  it('slopes of saturating functions end in 0 and 1', () => {
    const ends = [-inf, -1000, 1000, inf]
    expect(slopes(silu, ends).map(Math.abs)).toEqual([0, 0, 1, 1])
    expect(slopes(sigmoid, ends)).toEqual([0, 0, 0, 0])
    expect(slopes(tanh, ends)).toEqual([0, 0, 0, 0])
    expect(slopes(exp, ends)).toEqual([0, 0, inf, inf])
  })

  /** ∂a, ∂b, and of ∂a its ∂a and ∂b, of ∂b its ∂b and ∂a, of aᵇ, each backwards and forwards over backwards. */
  function derivatives(a: number, b: number): number[] {
    const [base, exponent, one] = [a, b, 1].map((v) => vector([v])) as [Tensor, Tensor, Tensor]
    const inBase: Binary = (x, y) => grad((z: Tensor) => sum(pow(z, y)))(x)
    const inExponent: Binary = (x, y) => grad((z: Tensor) => sum(pow(x, z)))(y)
    const first = [inBase(base, exponent), inExponent(base, exponent)].flatMap(values)
    const forwards = [
      jvp((x: Tensor) => pow(x, exponent), [base], [one])[1],
      jvp((y: Tensor) => pow(base, y), [exponent], [one])[1],
    ].flatMap(values)
    expect(forwards).toEqual(first)
    const along = (f: Unary, at: Tensor): number => {
      const backward = values(grad((z: Tensor) => sum(f(z)))(at))
      // Where a limit is infinite, backwards alone multiplies what is masked by infinity.
      if (!backward.some(Number.isNaN)) expect(values(jvp(f, [at], [one])[1])).toEqual(backward)
      return backward[0]!
    }
    return [
      ...first,
      along((x) => inBase(x, exponent), base),
      along((y) => inBase(base, y), exponent),
      along((y) => inExponent(base, y), exponent),
      along((x) => inExponent(x, exponent), base),
    ]
  }

  // Where a derivative has a finite limit from above, that; first derivatives as in PyTorch everywhere.
  it.each([
    ['0⁰', 0, 0, [0, 0, 0, 0, 0, 0]],
    ['0¹', 0, 1, [1, 0, 0, 1, 0, 0]],
    ['0²', 0, 2, [0, 0, 2, 0, 0, 0]],
    ['0³', 0, 3, [0, 0, 0, 0, 0, 0]],
    ['0^1.5', 0, 1.5, [0, 0, inf, 0, 0, 0]],
    ['0^½', 0, 0.5, [inf, 0, -inf, nan, 0, nan]],
    ['0⁻¹', 0, -1, [-inf, -inf, inf, inf, inf, inf]],
    ['(−0)²', -0, 2, [-0, 0, 2, 0, 0, 0]],
    ['1⁰', 1, 0, [0, 0, -0, 1, 0, 1]],
    ['2⁰', 2, 0, [0, held(Math.LN2), -0, 0.5, held(held(Math.LN2) * held(Math.LN2)), 0.5]],
    ['2³', 2, 3, undefined],
    ['(−2)²', -2, 2, [-4, nan, 2, nan, nan, nan]],
    ['(−2)^½', -2, 0.5, [nan, nan, nan, nan, nan, nan]],
  ] as const)('derivatives of %s', (_, a, b, expected) => {
    const found = derivatives(a, b)
    if (expected !== undefined) expect(found).toEqual(expected)
    else {
      const l = Math.log(a)
      const exact = [b * a ** (b - 1), a ** b * l, b * (b - 1) * a ** (b - 2)]
      const mixed = a ** (b - 1) * (1 + b * l)
      exact.push(mixed, a ** b * l * l, mixed)
      const digits = place.dtype === 'float32' ? 4 : 12
      for (const [i, y] of exact.entries()) expect(found[i]).toBeCloseTo(y, digits)
    }
  })

  it('third derivatives of aᵇ at a = 0 exist where b is whole', () => {
    const third = (b: number) => second((x) => grad((z: Tensor) => sum(pow(z, vector([b]))))(x), [0])
    expect([0, 1, 2, 3, 4].flatMap(third)).toEqual([0, 0, 0, 6, 0])
    const numbers = (b: number) => second((x) => grad((z: Tensor) => sum(pow(z, b)))(x), [0])
    expect([0, 1, 2, 3, 4].flatMap(numbers)).toEqual([0, 0, 0, 6, 0])
  })

  it('one base of 0 does not spoil the gradients of others, nor of what broadcasts', () => {
    const a = vector([0, 2, 0, 1])
    const b = vector([2, 2, 0, 0])
    expect(values(grad((x: Tensor) => sum(pow(x, b)))(a))).toEqual([0, 4, 0, 0])
    const exponents = values(grad((y: Tensor) => sum(pow(a, y)))(vector([2])))
    expect(exponents[0]).toBeCloseTo(4 * Math.LN2, place.dtype === 'float32' ? 5 : 12)
  })

  it('the gradient of log-sum-exp is a softmax, infinities included', () => {
    const gradient = (x: readonly number[]) => values(grad((z: Tensor) => logSumExp(z))(vector(x)))
    expect(gradient([-inf, 1])).toEqual([0, 1])
    expect(gradient([inf, 1])).toEqual([nan, 0])
    expect(gradient([-inf, -inf])).toEqual([nan, nan])
    expect(gradient([3, 3])).toEqual([0.5, 0.5])
    const lines = fromData([-inf, 1, 2, 2], [2, 2], place)
    expect(values(grad((z: Tensor) => sum(logSumExp(z, 1)))(lines))).toEqual([0, 1, 0.5, 0.5])
  })

  it('gradients over an empty axis are empty', () => {
    const x = zeros([3, 0], place)
    for (const f of [
      (z: Tensor) => sum(logSumExp(z, 1)),
      (z: Tensor) => sum(softmax(z)),
      (z: Tensor) => sum(mean(z, 1)),
    ]) {
      expect(grad(f)(x).shape).toEqual([3, 0])
    }
    const [, tangent] = jvp((z: Tensor) => softmax(z), [x], [x])
    expect(tangent.shape).toEqual([3, 0])
  })
})
