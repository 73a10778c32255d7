import type { Expr, FunctionBuilder, V128 } from '../asm/index.ts'
import { f32x4, f64x2, i32x4, i64x2, shuffle32, shuffle64, v128 } from '../asm/index.ts'
import type { Beside } from '../lanes/beside.ts'
import { polynomials } from '../lanes/beside.ts'

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
const upperWords = (f: FunctionBuilder, upper: number): V128 => f.lanes(0, upper, 0, upper)

/** √(−2·log(x/2³²)) for x in [½, 2³²): the radius, error below 2⁻⁴⁵. */
function radii(f: FunctionBuilder, xs: Beside): Beside {
  // x = 2ᵉ·m with √½ ≤ m < √2. From √½/2 on, bits count up by 2⁵² per octave: the upper words of e + 1, and of m.
  const least = 0x3fd6a09e
  const one = f.f64(1)
  const parts = xs.map((x) => {
    const above = f.vector(i64x2.sub(x, upperWords(f, least)))
    const within = v128.and(above, f.lanes(-1, 0x000fffff, -1, 0x000fffff))
    const m = f.vector(i64x2.add(within, upperWords(f, least + 0x00100000)))
    const e = f.vector(f64x2.sub(v128.or(i64x2.shrU(above, 52), f.f64(units)), f.f64(units + 33)))
    const s = f.vector(f64x2.div(f64x2.sub(m, one), f64x2.add(m, one)))
    return { e, s, z: f.vector(f64x2.mul(s, s)) }
  })
  const tails = polynomials(
    f,
    parts.map(({ z }) => z),
    logTail,
  )
  return parts.map(({ e, s, z }, i) => {
    const ofM = f64x2.mul(s, f.maddWide(z, tails[i]!, f.f64(-4)))
    return f.vector(f64x2.sqrt(f.maddWide(e, f.f64(-2 * Math.LN2), ofM)))
  })
}

/** Cosines and sines of 2π·x/2³² as rounded to float64, for x in [½, 2³²): error below 2⁻⁴⁶. */
function circles(f: FunctionBuilder, xs: Beside): readonly (readonly [cosine: V128, sine: V128])[] {
  const shifted = xs.map((x) => f.vector(f.maddWide(x, f.f64(2 ** -30), f.f64(magic))))
  const rs = xs.map((x, i) => {
    const angle = f64x2.mul(x, f.f64((2 * Math.PI) / 2 ** 32))
    const quarters = f.vector(f64x2.sub(shifted[i]!, f.f64(magic)))
    const rough = f.maddWide(quarters, f.f64(-quarterHigh), angle)
    return f.vector(f.maddWide(quarters, f.f64(-quarterLow), rough))
  })
  const zs = rs.map((r) => f.vector(f64x2.mul(r, r)))
  const ofSine = polynomials(f, zs, sineTail)
  rs.forEach((r, i) => f.set(ofSine[i]!, f.maddWide(f64x2.mul(r, zs[i]!), ofSine[i]!, r)))
  const ofCosine = polynomials(f, zs, [1, -0.5, ...cosineTail])
  // By quarter: (c, s), (−s, c), (−c, −s), (s, −c).
  const one = f.lanes(1, 0, 1, 0)
  const sign = (k: V128) => v128.and(i64x2.shl(k, 62), f.f64(-0))
  return shifted.map((k, i) => {
    const odd = f.vector(i64x2.sub(f.i32(0), v128.and(k, one)))
    const [s, c] = [ofSine[i]!, ofCosine[i]!]
    return [
      v128.xor(v128.bitselect(s, c, odd), sign(i64x2.add(k, one))),
      v128.xor(v128.bitselect(c, s, odd), sign(k)),
    ]
  })
}

/** Bits of a float64 that float32 has not, and half of that: where rounding changes. */
const dropped = 2 ** 29 - 1
const tie = 2 ** 28
/** How near to a tie, in the last place of float64, a result is in doubt: 2⁻⁴¹ of it at least. */
const doubt = 2 ** 11

/** Standard normals in float32, a vector of each kind for the first words of all and for the last. */
export interface Normals {
  readonly vectors: readonly V128[]
  /** Lanes that are not 0 where one of them is in doubt. */
  readonly doubtful: Expr<'v128'>
}

/**
 * Pairs of standard normals by Box and Muller, four for each vector of words of radius with that of words of angle:
 * (w + ½)/2³² each. Computed in float64 with an error below 2⁻⁴³, so that both they and the same in any other float64
 * arithmetic of 2⁻⁴³ round to the same float32; save where that is in doubt, next to a tie.
 */
export function boxMuller(f: FunctionBuilder, lengths: readonly V128[], angles: readonly V128[]): Normals {
  /** w + ½ of two words at a time. */
  const numbers = (all: readonly V128[]) =>
    all.flatMap((w) =>
      [w, shuffle32(w, w, [2, 3, 2, 3])].map((two) =>
        f.vector(f64x2.add(f64x2.convertLowI32x4U(two), f.f64(0.5))),
      ),
    )
  const rs = radii(f, numbers(lengths))
  const points = circles(f, numbers(angles)).map((point, i) =>
    point.map((of) => f.vector(f64x2.mul(rs[i]!, of))),
  )
  /** The same of both halves of four words. */
  const halves = lengths.flatMap((_, i) =>
    points[2 * i]!.map((low, k) => [low, points[2 * i + 1]![k]!] as const),
  )
  const near = ([x, y]: readonly [V128, V128]): V128 => {
    const past = i32x4.add(shuffle32(x, y, [0, 2, 4, 6]), f.i32(doubt - tie))
    return i32x4.eq(v128.and(past, f.i32(dropped & ~(2 * doubt - 1))), f.i32(0))
  }
  return {
    vectors: halves.map(([x, y]) =>
      f.vector(shuffle64(f32x4.demoteF64x2Zero(x), f32x4.demoteF64x2Zero(y), [0, 2])),
    ),
    doubtful: halves.map(near).reduce((a, b) => v128.or(a, b)),
  }
}
