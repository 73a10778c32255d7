import type { Expr, FunctionBuilder, V128 } from './asm.ts'
import { f32x4, f64x2, i64, i64x2, shuffle32, v128 } from './asm.ts'
import type { Lanes } from './math.ts'

/** Adding 1.5·2⁵² leaves the nearest integer in the low bits of the sum. */
const magic = 6755399441055744

const horner = (z: V128, coefficients: readonly number[]): Expr<'v128'> =>
  coefficients.reduceRight<Expr<'v128'> | undefined>(
    (sum, c) => (sum === undefined ? f64x2.const(c) : f64x2.add(f64x2.mul(sum, z), f64x2.const(c))),
    undefined,
  )!

/** log₂ x by (2/ln 2)·artanh s with s = (m − 1)/(m + 1), |s| ≤ 0.172; the next term is below 10⁻¹². */
const logSeries = [0, 1, 2, 3, 4, 5, 6].map((i) => 2 / Math.LN2 / (2 * i + 1))
/** 2ʸ by the power series on |y| ≤ ½; the next term is below 10⁻⁹. */
const powerSeries = [1, 1, 2, 6, 24, 120, 720, 5040, 40320].map((factorial, i) => Math.LN2 ** i / factorial)

/** |a|ᵇ of two lanes in float64, by 2^(b·log₂|a|). */
function powerOfMagnitude(f: FunctionBuilder, a: V128, b: V128): Expr<'v128'> {
  const x = f.local('v128', f64x2.abs(a))
  // x = 2ᵉ·m with √½ ≤ m < √2.
  const root = i64x2.splat(i64.const(0x3fe6a09e667f3bcdn))
  const e = f.local('v128', i64x2.shrS(i64x2.sub(x, root), 52))
  const m = f.local('v128', i64x2.sub(x, i64x2.shl(e, 52)))
  const one = f64x2.const(1)
  const s = f.local('v128', f64x2.div(f64x2.sub(m, one), f64x2.add(m, one)))
  const z = f.local('v128', f64x2.mul(s, s))
  const log = f64x2.add(
    f64x2.mul(s, horner(z, logSeries)),
    f64x2.convertLowI32x4S(shuffle32(e, e, [0, 2, 0, 2])),
  )
  // Infinity and NaN are their own logarithms; that of 0 is −∞.
  const finite = v128.bitselect(log, x, f64x2.lt(x, f64x2.const(Number.POSITIVE_INFINITY)))
  const zero = f64x2.eq(x, f64x2.const(0))
  const logarithm = v128.bitselect(f64x2.const(Number.NEGATIVE_INFINITY), finite, zero)
  const limit = (y: V128) => f64x2.pmax(f64x2.pmin(y, f64x2.const(1000)), f64x2.const(-1000))
  const y = f.local('v128', limit(f64x2.mul(b, logarithm)))
  const shifted = f.local('v128', f64x2.add(y, f64x2.const(magic)))
  const fraction = f.local('v128', f64x2.sub(y, f64x2.sub(shifted, f64x2.const(magic))))
  return i64x2.add(horner(fraction, powerSeries), i64x2.shl(shifted, 52))
}

/**
 * aᵇ with the special values of ECMAScript's `**`: any base with an integer exponent, NaN for a negative
 * base with another; computed in float64, error at most 1 ulp. `rest` is what the float32 `b` leaves out of
 * the exponent.
 */
export function power(f: FunctionBuilder, k: Lanes): (a: V128, b: V128, rest?: V128) => Expr<'v128'> {
  const [zero, half, one, sign] = [k.f32(0), k.f32(0.5), k.f32(1), k.i32(-0x80000000)]
  const [nan, lowest] = [k.f32(Number.NaN), k.f32(Number.NEGATIVE_INFINITY)]
  return (a, b, rest) => {
    const part = (lanes: readonly [number, number]) => {
      const [low, high] = lanes
      const wide = (v: V128) => f64x2.promoteLowF32x4(shuffle32(v, v, [low, high, low, high]))
      const exponent = f.local('v128', rest === undefined ? wide(b) : f64x2.add(wide(b), wide(rest)))
      return f.local('v128', f32x4.demoteF64x2Zero(powerOfMagnitude(f, wide(a), exponent)))
    }
    const magnitude = shuffle32(part([0, 1]), part([2, 3]), [0, 1, 4, 5])
    const halved = f.local('v128', f32x4.mul(b, half))
    const whole = f.local('v128', f32x4.eq(b, f32x4.trunc(b)))
    const odd = v128.andnot(whole, f32x4.eq(halved, f32x4.trunc(halved)))
    const signed = v128.or(magnitude, v128.and(v128.and(a, sign), odd))
    const negative = v128.and(f32x4.lt(a, zero), f32x4.gt(a, lowest))
    const y = v128.bitselect(nan, signed, v128.andnot(negative, whole))
    return v128.bitselect(one, y, f32x4.eq(b, zero))
  }
}
