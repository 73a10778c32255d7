import { unaryNames } from '../primitives.ts'
import type { Case, HostInput } from './families.test.helper.ts'

const extremes = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  1,
  -1,
  88,
  -88,
  200,
  -200,
  3e38,
]
const flat = (data: readonly number[], shape: readonly number[] = [data.length]): HostInput => ({
  data,
  dtype: 'float32',
  shape,
  strides: shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1)),
  offset: 0,
})

/** Calls on NaN, infinities and numbers whose exponentials leave the range. */
export function extremeCases(): Case[] {
  // Of 3e38 no two devices know sine and cosine alike.
  const unaries = unaryNames.filter((name) => name !== 'sin' && name !== 'cos')
  const pairs = extremes.flatMap((a) => extremes.map((b) => [a, b] as const))
  const [left, right] = [flat(pairs.map(([a]) => a)), flat(pairs.map(([, b]) => b))]
  const binaries = ['add', 'mul', 'maximum', 'minimum', 'eq', 'lt', 'le'] as const
  const rows = flat(
    [1, Number.NaN, 3, 4, 5, Number.NEGATIVE_INFINITY, 7, Number.POSITIVE_INFINITY, 9],
    [3, 3],
  )
  return [
    ...unaries.map((primitive) => ({ primitive, inputs: [flat(extremes)], params: {} })),
    ...binaries.map((primitive) => ({ primitive, inputs: [left, right], params: {} })),
    ...(['reduceSum', 'reduceMax', 'reduceMin'] as const).map((primitive) => ({
      primitive,
      inputs: [rows],
      params: { axes: [1], keepDims: false },
    })),
    { primitive: 'powScalar', inputs: [flat([-2, -1.5, 0, 3, Number.NaN])], params: { exponent: 3 } },
    { primitive: 'pow', inputs: [flat([-2, -2, -2, 0, 0, 5]), flat([3, 2, 0.5, 2, 0, 0])], params: {} },
    {
      primitive: 'pow',
      inputs: [flat([1, -1, -1]), flat([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])],
      params: {},
    },
    { primitive: 'clamp', inputs: [flat(extremes)], params: { min: -2, max: Number.POSITIVE_INFINITY } },
    { primitive: 'cast', inputs: [flat(extremes)], params: { dtype: 'bool' } },
  ]
}
