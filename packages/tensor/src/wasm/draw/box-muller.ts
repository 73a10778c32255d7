import type { Expr, FunctionBuilder, Local, V128 } from '../asm/index.ts'
import { f32x4, f64x2, i32x4, i64x2, shuffle32, shuffle64, v128 } from '../asm/index.ts'

// Polynomials are minimax fits made for this file (Remez exchange on the relative error of the whole function; 60 digits).

/** (−2·log m + 4s)/s³ in powers of s² for s = (m − 1)/(m + 1) and √½ ≤ m ≤ √2; error of log m below 2⁻⁴⁴. */
const logTail = [
  -1.333333333515997, -0.7999999124508954, -0.571442181042085, -0.44352388578827506, -0.3916811216917371,
]
/** (sin r/r − 1)/r² in powers of r² on |r| ≤ π/4; error of sin below 2⁻⁴⁷. */
const sineTail = [
  -0.16666666666631624, 0.008333333325277265, -0.00019841263825901007, 2.7555358367694025e-6,
  -2.4761696264456546e-8,
]
/** (cos r − 1 + r²/2)/r⁴ in powers of r²; error of cos below 2⁻⁵³. */
const cosineTail = [
  0.04166666666660226, -0.0013888888878274411, 2.4801580971706753e-5, -2.755556713737492e-7,
  2.0647738273254385e-9,
]

/** π/2 in two parts; the first has 33 bits, so its products with quarters are exact. */
const quarterHigh = 1.5707963267341256
const quarterLow = 6.077100506506192e-11

/** 2⁵² and 1.5·2⁵²: integers added to them stand in their low bits. */
const units = 2 ** 52
const magic = 1.5 * 2 ** 52

/** Float64 lanes whose upper words are given, the lower ones 0. */
const upperWords = (upper: number): Expr<'v128'> => i32x4.lanes(0, upper, 0, upper)

/** √(−2·log(x/2³²)) for x in [½, 2³²): the radius, error below 2⁻⁴⁵. */
function radius(f: FunctionBuilder, x: V128): Expr<'v128'> {
  // x = 2ᵉ·m with √½ ≤ m < √2. From √½/2 on, bits count up by 2⁵² per octave: the upper words of e + 1, and of m.
  const least = 0x3fd6a09e
  const above = f.vector(i64x2.sub(x, upperWords(least)))
  const octave = f.vector(i64x2.shrU(above, 52))
  const within = v128.and(above, i32x4.lanes(-1, 0x000fffff, -1, 0x000fffff))
  const m = f.vector(i64x2.add(within, upperWords(least + 0x00100000)))
  const one = f.f64(1)
  const e = f64x2.sub(v128.or(octave, f.f64(units)), f.f64(units + 33))
  const s = f.vector(f64x2.div(f64x2.sub(m, one), f64x2.add(m, one)))
  const z = f.vector(f64x2.mul(s, s))
  const ofM = f64x2.mul(s, f.maddWide(z, f.polynomialWide(z, logTail), f.f64(-4)))
  return f64x2.sqrt(f.maddWide(e, f.f64(-2 * Math.LN2), ofM))
}

/** Cosine and sine of 2π·x/2³² as rounded to float64, for x in [½, 2³²): error below 2⁻⁴⁶. */
function circle(f: FunctionBuilder, x: V128): { cosine: Expr<'v128'>; sine: Expr<'v128'> } {
  const angle = f64x2.mul(x, f.f64((2 * Math.PI) / 2 ** 32))
  const shifted = f.vector(f64x2.add(f64x2.mul(x, f.f64(2 ** -30)), f.f64(magic)))
  const quarters = f.vector(f64x2.sub(shifted, f.f64(magic)))
  const rough = f.maddWide(quarters, f.f64(-quarterHigh), angle)
  const r = f.vector(f.maddWide(quarters, f.f64(-quarterLow), rough))
  const z = f.vector(f64x2.mul(r, r))
  const s = f.vector(f.maddWide(f64x2.mul(r, z), f.polynomialWide(z, sineTail), r))
  const c = f.vector(f.maddWide(z, f.maddWide(z, f.polynomialWide(z, cosineTail), f.f64(-0.5)), f.f64(1)))
  // By quarter: (c, s), (−s, c), (−c, −s), (s, −c).
  const one = i32x4.lanes(1, 0, 1, 0)
  const odd = f.vector(i64x2.sub(v128.zero(), v128.and(shifted, one)))
  const sign = (k: V128) => v128.and(i64x2.shl(k, 62), upperWords(-0x80000000))
  return {
    cosine: v128.xor(v128.bitselect(s, c, odd), sign(i64x2.add(shifted, one))),
    sine: v128.xor(v128.bitselect(c, s, odd), sign(shifted)),
  }
}

/** Bits of a float64 that float32 has not, and half of that: where rounding changes. */
const dropped = 2 ** 29 - 1
const tie = 2 ** 28
/** How near to a tie, in the last place of float64, a result is in doubt: 2⁻⁴¹ of it at least. */
const doubt = 2 ** 11

/** Four pairs of normals in float32, and lanes that are not 0 where one of the first two or last two pairs is in doubt. */
export interface NormalPairs {
  readonly first: Local<'v128'>
  readonly second: Local<'v128'>
  readonly doubtful: Local<'v128'>
}

/**
 * Four pairs of standard normals by Box and Muller, of words of radius and of angle: (w + ½)/2³² each. Computed in float64
 * with an error below 2⁻⁴³, so that both they and the same in any other float64 arithmetic of 2⁻⁴³ round to the same
 * float32; save where that is in doubt, next to a tie.
 */
export function boxMuller(f: FunctionBuilder, radiusWords: V128, angleWords: V128): NormalPairs {
  const half = (upper: boolean) => {
    const numbers = (words: V128) => {
      const low = upper ? shuffle32(words, words, [2, 3, 2, 3]) : words
      return f.vector(f64x2.add(f64x2.convertLowI32x4U(low), f.f64(0.5)))
    }
    const length = f.vector(radius(f, numbers(radiusWords)))
    const { cosine, sine } = circle(f, numbers(angleWords))
    return [f.vector(f64x2.mul(length, cosine)), f.vector(f64x2.mul(length, sine))] as const
  }
  const [[a, b], [c, d]] = [half(false), half(true)]
  const single = (x: V128, y: V128) =>
    f.vector(shuffle64(f32x4.demoteF64x2Zero(x), f32x4.demoteF64x2Zero(y), [0, 2]))
  const near = (x: V128, y: V128) => {
    const past = i32x4.add(shuffle32(x, y, [0, 2, 4, 6]), f.i32(doubt - tie))
    return i32x4.eq(v128.and(past, f.i32(dropped & ~(2 * doubt - 1))), f.i32(0))
  }
  return {
    first: single(a, c),
    second: single(b, d),
    doubtful: f.vector(v128.or(near(a, b), near(c, d))),
  }
}
