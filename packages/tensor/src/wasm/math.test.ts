import { describe, expect, test } from 'vitest'
import { erf, sigmoid } from '../reference/elementwise.ts'
import { elementwiseKernels } from './elementwise.ts'
import { compare, dense, fusions } from './elementwise-oracle.test.helper.ts'

type Name =
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'tanh'
  | 'sigmoid'
  | 'silu'
  | 'erf'
  | 'sin'
  | 'cos'
  | 'sqrt'
  | 'rsqrt'
  | 'reciprocal'

const silu = (x: number) => (x === Number.NEGATIVE_INFINITY ? 0 : x * sigmoid(x))
const extremes = { least: 2 ** -149, largest: 3.4028234e38 }

/** The function in float64, the promised error in ulp of float32, and the ranges it is promised for. */
const promises: Record<
  Name,
  { fn: (x: number) => number; ulp: number; ranges: readonly (readonly [number, number])[] }
> = {
  exp: {
    fn: Math.exp,
    ulp: 1,
    ranges: [
      [-104, 89],
      [-1, 1],
    ],
  },
  expm1: {
    fn: Math.expm1,
    ulp: 2,
    ranges: [
      [-20, 89],
      [-1, 1],
      [-1e-3, 1e-3],
      [-1e-30, 1e-38],
    ],
  },
  log: {
    fn: Math.log,
    ulp: 1,
    ranges: [
      [0.5, 2],
      [0, 1000],
      [0, 1e-37],
      [1e30, 3e38],
    ],
  },
  log1p: {
    fn: Math.log1p,
    ulp: 2,
    ranges: [
      [-1, 1],
      [-1e-3, 1e-3],
      [-1e-30, 1e-38],
      [1, 1e8],
    ],
  },
  tanh: {
    fn: Math.tanh,
    ulp: 3,
    ranges: [
      [-10, 10],
      [-0.5, 0.5],
      [-1e-3, 1e-3],
      [-1e-30, 1e-38],
    ],
  },
  sigmoid: {
    fn: sigmoid,
    ulp: 3,
    ranges: [
      [-105, 90],
      [-5, 5],
    ],
  },
  silu: {
    fn: silu,
    ulp: 3,
    ranges: [
      [-87, 90],
      [-5, 5],
      [-1e-30, 1e-38],
    ],
  },
  erf: {
    fn: erf,
    ulp: 2,
    ranges: [
      [-5, 5],
      [-1, 1],
      [-1e-3, 1e-3],
      [-1e-30, 1e-38],
    ],
  },
  sin: {
    fn: Math.sin,
    ulp: 2,
    ranges: [
      [-10, 10],
      [-1e-3, 1e-3],
      [-1e6, 1e6],
      [1e6, 1e9],
      [-3e38, 3e38],
    ],
  },
  cos: {
    fn: Math.cos,
    ulp: 2,
    ranges: [
      [-10, 10],
      [-1e-3, 1e-3],
      [-1e6, 1e6],
      [1e6, 1e9],
      [-3e38, 3e38],
    ],
  },
  sqrt: {
    fn: Math.sqrt,
    ulp: 0.5,
    ranges: [
      [0, 10],
      [0, 1e-38],
    ],
  },
  rsqrt: {
    fn: (x) => 1 / Math.sqrt(x),
    ulp: 2,
    ranges: [
      [0, 10],
      [0, 1e-38],
    ],
  },
  reciprocal: { fn: (x) => 1 / x, ulp: 0.5, ranges: [[-10, 10]] },
}

const bits = new DataView(new ArrayBuffer(4))

/** Distance of float32 numbers near y. */
function ulpAt(y: number): number {
  bits.setFloat32(0, Math.abs(y))
  return 2 ** (Math.min(254, Math.max(1, bits.getUint32(0) >>> 23)) - 150)
}

/** Largest error of the kernel in ulp over evenly spread points of a range. */
function worstError(name: Name, [low, high]: readonly [number, number], fused: boolean): number {
  const count = 20_000
  const x = Float32Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1))
  const { actual } = compare(elementwiseKernels, name, [dense([count], x)], {}, fused)
  let worst = 0
  for (let i = 0; i < count; i++) {
    const exact = promises[name].fn(x[i]!)
    if (Object.is(actual[i], Math.fround(exact))) continue
    const error = Math.abs(actual[i]! - exact) / ulpAt(exact)
    if (!(error <= worst)) worst = error
  }
  return worst
}

describe.each([...fusions])('functions on float32, fused multiply-add %j', (fused) => {
  test.each(Object.keys(promises) as Name[])('%s keeps its promised error', (name) => {
    const { ulp, ranges } = promises[name]
    for (const range of ranges) expect(worstError(name, range, fused), `${range}`).toBeLessThanOrEqual(ulp)
  })

  test.each(Object.keys(promises) as Name[])('%s is right at special values', (name) => {
    const { least, largest } = extremes
    const values = [0, least, 1e-40, largest, Infinity]
      .flatMap((v) => [v, -v])
      .concat(Number.NaN, 1, -1, 88.72, 89, -87, -150)
    const x = new Float32Array(values)
    const { actual, expected } = compare(elementwiseKernels, name, [dense([x.length], x)], {}, fused)
    x.forEach((v, i) => {
      const allowed = 4 * ulpAt(expected[i]!) + (name === 'silu' ? 1e-35 : 0)
      if (Math.abs(actual[i]! - expected[i]!) <= allowed && expected[i] !== 0) return
      expect(actual[i], `${name}(${v})`).toBe(
        name === 'silu' && Math.abs(actual[i]!) < 1e-35 ? actual[i] : expected[i],
      )
    })
  })

  test.each(Object.keys(promises) as Name[])('%s keeps every NaN', (name) => {
    const x = new Float32Array(
      Uint32Array.from({ length: 2048 }, (_, i) => 0x7f800001 + i * 4095 + (i % 2) * 2 ** 31).buffer,
    )
    const { actual } = compare(elementwiseKernels, name, [dense([x.length], x)], {}, fused)
    expect(actual.every(Number.isNaN)).toBe(true)
  })

  test('the slope of silu is right to 4·2⁻²⁴', () => {
    const x = Float32Array.from({ length: 20_001 }, (_, i) => (i - 10_000) / 90)
    const one = dense([1], Float32Array.of(1))
    const { actual } = compare(elementwiseKernels, 'siluGrad', [one, dense([x.length], x)], {}, fused)
    x.forEach((v, i) => {
      const s = sigmoid(v)
      expect(Math.abs(actual[i]! - s * (1 + v * (1 - s)))).toBeLessThanOrEqual(4 * 2 ** -24)
    })
  })
})
