import type { Expr, FunctionBuilder, V128 } from '../asm/index.ts'
import { f32x4, f64x2, i32x4, shuffle32, v128 } from '../asm/index.ts'
import type { LaneFunction } from './math.ts'

/** (sin r/r − 1)/r² in powers of r² on |r| ≤ π/4, error of sin below 2⁻²⁸. */
const sineTail = [-0.16666655, 0.0083321687, -0.00019516012]
/** (cos r − 1 + r²/2)/r⁴ in powers of r², error of cos below 2⁻³³. */
const cosineTail = [0.041666646, -0.0013887355, 0.0000244370076]

/** π/2 in two parts; the first has 33 bits, so its products with integers up to 2²⁰ are exact. */
const quarterHigh = 1.5707963267341256
const quarterLow = 6.077100506506192e-11
/** From here on x is reduced by 192 bits of 2/π. */
const huge = 2 ** 20
/** 2/π in pieces of 24 bits, whose products with a float32 are exact in float64. */
const twoOverPi = [10680707, 7228996, 1387004, 2578385, 16069853, 12639074, 9804092, 4427841]
/** Adding 1.5·2⁵² leaves the nearest integer in the low bits of the sum. */
const magic = 6755399441055744

interface Quarters {
  /** x minus the nearest multiple of π/2, float32. */
  readonly r: V128
  /** Which multiple, modulo 2³² (for huge x modulo 4). */
  readonly k: V128
}

/** Two lanes of |x| ≤ 2²⁰ in float64. */
function reduceModerate(f: FunctionBuilder, x: V128): Quarters {
  const shifted = f.vector(f64x2.add(f64x2.mul(x, f64x2.const(2 / Math.PI)), f64x2.const(magic)))
  const n = f.vector(f64x2.sub(shifted, f64x2.const(magic)))
  const r = f64x2.sub(
    f64x2.sub(x, f64x2.mul(n, f64x2.const(quarterHigh))),
    f64x2.mul(n, f64x2.const(quarterLow)),
  )
  return { r, k: shifted }
}

/**
 * Two lanes of any size. Each product x·piece is exact; taken modulo 4 and added from the largest down,
 * with whole quarters removed at once, the sum keeps 53 bits of the part that is left.
 */
function reduceHuge(f: FunctionBuilder, x: V128): Quarters {
  const part = f.vector(v128.zero())
  const count = f.vector(v128.zero())
  const whole = f.vector()
  const term = f.vector()
  twoOverPi.forEach((piece, i) => {
    f.set(term, f64x2.mul(x, f64x2.const(piece * 2 ** (-24 * (i + 1)))))
    const fours = f64x2.mul(f64x2.nearest(f64x2.mul(term, f64x2.const(0.25))), f64x2.const(4))
    f.set(part, f64x2.add(part, f64x2.sub(term, fours)))
    f.set(whole, f64x2.nearest(part))
    f.set(part, f64x2.sub(part, whole))
    f.set(count, f64x2.add(count, whole))
  })
  return { r: f64x2.mul(part, f64x2.const(Math.PI / 2)), k: f64x2.add(count, f64x2.const(magic)) }
}

/** x = k·π/2 + r with |r| ≤ π/4 for every finite x. */
function reduceByQuarters(f: FunctionBuilder, x: V128): Quarters {
  const low = f.vector(f64x2.promoteLowF32x4(x))
  const high = f.vector(f64x2.promoteLowF32x4(shuffle32(x, x, [2, 3, 2, 3])))
  const [r, k] = f.vectors(2)
  const join = (a: Quarters, b: Quarters) => {
    f.set(r, shuffle32(f32x4.demoteF64x2Zero(a.r), f32x4.demoteF64x2Zero(b.r), [0, 1, 4, 5]))
    f.set(k, shuffle32(a.k, b.k, [0, 2, 4, 6]))
  }
  f.if(
    v128.anyTrue(f32x4.gt(f32x4.abs(x), f32x4.const(huge))),
    () => join(reduceHuge(f, low), reduceHuge(f, high)),
    () => join(reduceModerate(f, low), reduceModerate(f, high)),
  )
  return { r, k }
}

/** Sine (`ahead` 0) or cosine (1): sin(r + k·π/2) with k + ahead. */
function circular(x: V128, f: FunctionBuilder, ahead: 0 | 1): Expr<'v128'> {
  const bit = f.i32(1)
  const signBit = f.i32(-0x80000000)
  const { r, k } = reduceByQuarters(f, x)
  const quadrant = f.vector(ahead === 0 ? k : i32x4.add(k, bit))
  const z = f.vector(f32x4.mul(r, r))
  const s = f32x4.add(r, f32x4.mul(f32x4.mul(r, z), f.polynomial(z, sineTail)))
  const tail = f32x4.mul(f32x4.mul(z, z), f.polynomial(z, cosineTail))
  const c = f32x4.add(f32x4.sub(f.f32(1), f32x4.mul(z, f.f32(0.5))), tail)
  const odd = i32x4.sub(f.i32(0), v128.and(quadrant, bit))
  const flip = v128.and(i32x4.shl(quadrant, 30), signBit)
  const y = v128.xor(v128.bitselect(c, s, odd), flip)
  // Keeps −0, and spares denormals the polynomial.
  return ahead === 0 ? v128.bitselect(x, y, f32x4.lt(f32x4.abs(x), f.f32(0.0001))) : y
}

/** sin x for every x, NaN at ±∞; error at most 2 ulp. Beyond 2²⁰ the reduction is slower, not worse. */
export const sin: LaneFunction = (x, f) => circular(x, f, 0)

/** cos x for every x, NaN at ±∞; error at most 2 ulp. */
export const cos: LaneFunction = (x, f) => circular(x, f, 1)
