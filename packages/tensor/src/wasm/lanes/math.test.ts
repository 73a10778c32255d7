import { describe, expect, test } from 'vitest'
import type { PrimitiveName } from '../../primitives.ts'
import { erf, sigmoid } from '../../reference/elementwise.ts'
import type { ArgumentRange, Tolerance } from '../../tolerances.ts'
import { tolerances } from '../../tolerances.ts'
import { elementwiseKernels } from '../elementwise/kernels.ts'
import { compare, dense, fusions } from '../oracle.test.helper.ts'

const silu = (x: number) => (x === Number.NEGATIVE_INFINITY ? 0 : x * sigmoid(x))
const extremes = { least: 2 ** -149, largest: 3.4028234e38 }

/** The functions in float64. */
const functions = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  tanh: Math.tanh,
  sigmoid,
  silu,
  erf,
  sin: Math.sin,
  cos: Math.cos,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  reciprocal: (x) => 1 / x,
} satisfies Partial<Record<PrimitiveName, (x: number) => number>>

type Name = keyof typeof functions
const names = Object.keys(functions) as Name[]

/** The promise of a function: its largest error in ulp, for arguments in these ranges. */
function promise(name: Name): { units: number; ranges: readonly ArgumentRange[] } {
  const tolerance: Tolerance = tolerances[name]
  if (tolerance.kind !== 'ulp' || tolerance.ranges === undefined)
    throw new Error(`${name} promises no ranges`)
  return { units: tolerance.units, ranges: tolerance.ranges }
}

const bits = new DataView(new ArrayBuffer(4))

/** Distance of float32 numbers near y. */
function ulpAt(y: number): number {
  bits.setFloat32(0, Math.abs(y))
  return 2 ** (Math.min(254, Math.max(1, bits.getUint32(0) >>> 23)) - 150)
}

/** Largest error of the kernel in ulp over evenly spread points of a range. */
function worstError(name: Name, [low, high]: ArgumentRange, fused: boolean): number {
  const count = 20_000
  const x = Float32Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1))
  const { actual } = compare(elementwiseKernels, name, [dense([count], x)], {}, fused)
  let worst = 0
  for (let i = 0; i < count; i++) {
    const exact = functions[name](x[i]!)
    if (Object.is(actual[i], Math.fround(exact))) continue
    const error = Math.abs(actual[i]! - exact) / ulpAt(exact)
    if (!(error <= worst)) worst = error
  }
  return worst
}

describe.each([...fusions])('functions on float32, fused multiply-add %j', (fused) => {
  test.each(names)('%s keeps its promised error', (name) => {
    const { units, ranges } = promise(name)
    for (const range of ranges) expect(worstError(name, range, fused), `${range}`).toBeLessThanOrEqual(units)
  })

  test.each(names)('%s is right at special values', (name) => {
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

  test.each(names)('%s keeps every NaN', (name) => {
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
