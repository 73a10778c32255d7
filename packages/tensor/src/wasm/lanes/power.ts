import type { Expr, FunctionBuilder, V128 } from '../asm/index.ts'
import { f32x4, f64x2, i32x4, i64x2, shuffle32, shuffle64, v128 } from '../asm/index.ts'
import type { Beside } from './beside.ts'
import { polynomials } from './beside.ts'

/** Adding 1.5·2⁵² leaves the nearest integer in the low bits of the sum. */
const magic = 6755399441055744

/** log₂ x by (2/ln 2)·artanh s with s = (m − 1)/(m + 1), |s| ≤ 0.172; the next term is below 10⁻¹². */
const logSeries = [0, 1, 2, 3, 4, 5, 6].map((i) => 2 / Math.LN2 / (2 * i + 1))
/** 2ʸ by the power series on |y| ≤ ½; the next term is below 10⁻⁹. */
const powerSeries = [1, 1, 2, 6, 24, 120, 720, 5040, 40320].map((factorial, i) => Math.LN2 ** i / factorial)

/**
 * |a|ᵇ in float64, by 2^(b·log₂|a|), of several pairs of lanes.
 */
function powersOfMagnitude(a: readonly V128[], b: readonly V128[], f: FunctionBuilder): Beside {
  const one = f.f64(1)
  const rounder = f.f64(magic)
  const lowest = f.f64(-Infinity)
  const each = (make: (i: number) => V128) => a.map((_, i) => f.vector(make(i)))
  const x = each((i) => f64x2.abs(a[i]!))
  // x = 2ᵉ·m with √½ ≤ m < √2; the bits of −∞ are those of sign and exponent.
  const e = each((i) => i64x2.sub(x[i]!, f.f64(Math.SQRT1_2)))
  const m = each((i) => i64x2.sub(x[i]!, v128.and(e[i]!, lowest)))
  const s = each((i) => f64x2.div(f64x2.sub(m[i]!, one), f64x2.add(m[i]!, one)))
  const series = polynomials(
    f,
    each((i) => f64x2.mul(s[i]!, s[i]!)),
    logSeries,
  )
  const y = each((i) => {
    const whole = f64x2.convertLowI32x4S(i32x4.shrS(shuffle32(e[i]!, e[i]!, [1, 3, 1, 3]), 20))
    const log = f.maddWide(s[i]!, series[i]!, whole)
    // Infinity and NaN are their own logarithms; that of 0 is −∞.
    const finite = v128.bitselect(log, x[i]!, f64x2.lt(x[i]!, f.f64(Infinity)))
    const logarithm = v128.bitselect(lowest, finite, f64x2.eq(x[i]!, f.f64(0)))
    return f64x2.pmax(f64x2.pmin(f64x2.mul(b[i]!, logarithm), f.f64(1000)), f.f64(-1000))
  })
  const shifted = each((i) => f64x2.add(y[i]!, rounder))
  const powers = polynomials(
    f,
    each((i) => f64x2.sub(y[i]!, f64x2.sub(shifted[i]!, rounder))),
    powerSeries,
  )
  return each((i) => i64x2.add(powers[i]!, i64x2.shl(shifted[i]!, 52)))
}

/**
 * aᵇ with the special values of IEEE 754: any base with an integer exponent, NaN for a negative base with another,
 * 1 for a⁰, 1ᵇ and (−1)^±∞; computed in float64, error at most 1 ulp. `rest` is what the float32 `b` leaves out of
 * the exponent.
 */
export function power(a: V128, b: V128, f: FunctionBuilder, rest?: V128): Expr<'v128'> {
  const zero = f.f32(0)
  const one = f.f32(1)
  const wide = (v: V128) => [f64x2.promoteLowF32x4(v), f64x2.promoteLowF32x4(shuffle64(v, v, [1, 0]))]
  const rests = rest && wide(rest)
  const exponents = wide(b).map((low, i) => f.vector(rests === undefined ? low : f64x2.add(low, rests[i]!)))
  const [low, high] = powersOfMagnitude(wide(a), exponents, f).map((y) => f32x4.demoteF64x2Zero(y))
  const magnitude = shuffle64(low!, high!, [0, 2])
  const halved = f.vector(f32x4.mul(b, f.f32(0.5)))
  const whole = f.vector(f32x4.eq(b, f32x4.trunc(b)))
  const odd = v128.andnot(whole, f32x4.eq(halved, f32x4.trunc(halved)))
  const signed = v128.or(magnitude, v128.and(v128.and(a, f.i32(-0x80000000)), odd))
  const negative = v128.and(f32x4.lt(a, zero), f32x4.gt(a, f.f32(-Infinity)))
  const y = v128.bitselect(f.f32(Number.NaN), signed, v128.andnot(negative, whole))
  const endless = v128.and(f32x4.eq(f32x4.abs(a), one), f32x4.eq(f32x4.abs(b), f.f32(Infinity)))
  const isOne = v128.or(v128.or(f32x4.eq(b, zero), f32x4.eq(a, one)), endless)
  return v128.bitselect(one, y, isOne)
}
