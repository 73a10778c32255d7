import { vjp } from '@tweedie/autograd'
import { fromData, OptionError, onesLike, tensor } from '@tweedie/tensor'
import { expect, expectTypeOf, test } from 'vitest'
import { isLinear } from '../../types.ts'
import type { Invertible, ShownOperator } from '../index.ts'
import { hdr, jpeg, quantise } from '../index.ts'

const float64 = { dtype: 'float64' } as const
const list = (x: { dataSync(): ArrayLike<number> }) => Array.from(x.dataSync())

test('hdr multiplies and cuts off; its gradient is the gain, and 0 where it cut', () => {
  const x = tensor([[-0.9, -0.4, 0, 0.3, 0.7, 2]], float64)
  const operator = hdr([6])
  expect(list(operator.forward(x))).toEqual([-1, -0.8, 0, 0.6, 1, 1])
  expect(list(vjp(operator.forward, x)[1](onesLike(x))[0])).toEqual([0, 2, 2, 2, 0, 0])
  expect(operator.differentiable).toBe(undefined)
  expect(list(hdr([6], { gain: 1 }).forward(x))).toEqual([-0.9, -0.4, 0, 0.3, 0.7, 1])
  expect(list(operator.pinv(tensor([[1, -0.5, 0, 0, 0, 1.4]], float64)))).toEqual([0.5, -0.25, 0, 0, 0, 0.7])
  for (const gain of [0, 0.99, Infinity]) expect(() => hdr([1], { gain })).toThrow(OptionError)
})

test('quantise takes the nearest of evenly spaced levels from −1 to 1', () => {
  const x = tensor([[-4, -1, -0.67, -0.66, -0.1, 0.1, 0.66, 0.67, 1, 9]], float64)
  // Two bits: −1, −1/3, 1/3, 1, with −2/3, 0 and 2/3 between them.
  const levels = [-1, -1, -1, -1 / 3, -1 / 3, 1 / 3, 1 / 3, 1, 1, 1]
  list(quantise([10], { bits: 2 }).forward(x)).forEach((value, i) =>
    expect(value).toBeCloseTo(levels[i]!, 14),
  )
  // Eight bits: the levels of a picture of bytes are kept.
  const bytes = fromData(
    Float64Array.from({ length: 256 }, (_, k) => (2 * k) / 255 - 1),
    [1, 256],
  )
  const eight = quantise([256], { bits: 8 })
  list(eight.forward(bytes)).forEach((value, k) => expect(value).toBeCloseTo((2 * k) / 255 - 1, 14))
  const off = eight.forward(bytes.add(0.4 * (2 / 255)))
  list(off).forEach((value, k) => expect(value).toBeCloseTo((2 * k) / 255 - 1, 14))
  expect(new Set(list(quantise([256], { bits: 3 }).forward(bytes))).size).toBe(8)
  expect(list(eight.pinv(bytes))).toEqual(list(bytes))
  expect(eight.differentiable).toBe(false)
  expect(list(vjp(eight.forward, bytes)[1](onesLike(bytes))[0]).every((value) => value === 0)).toBe(true)
})

test('an operator that is not linear has A† in its type', () => {
  expectTypeOf(hdr).returns.toEqualTypeOf<ShownOperator & Invertible>()
  expectTypeOf(jpeg).returns.toEqualTypeOf<ShownOperator & Invertible>()
  expect([hdr, quantise, jpeg].map((kind) => kind.info.linear)).toEqual([false, false, false])
  expect(isLinear(jpeg([1, 8, 8]))).toBe(false)
})
