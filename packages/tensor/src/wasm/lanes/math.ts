import type { Expr, FunctionBuilder, V128 } from '../asm/index.ts'
import { f32x4, i32x4, v128 } from '../asm/index.ts'

/** Emits the code of y = fn(x) on four float32 at once and gives y. `x` is used repeatedly: pass a variable. */
export type LaneFunction = (x: V128, f: FunctionBuilder) => Expr<'v128'>

const signBit = -0x80000000

// All polynomials are minimax fits made for this file (Remez exchange on the relative error of the whole
// function; 40 digits), then rounded to float32.

/** (eʳ − 1 − r)/r² on |r| ≤ ½·ln 2, error of eʳ below 2⁻²⁸. */
const expTail = [0.49999994, 0.1666652, 0.0416684, 0.008368851, 0.0013814321]
/** The same with the error of eʳ − 1 below 2⁻³¹. */
const expm1Tail = [0.5, 0.16666666, 0.04166636, 0.0083333896, 0.0013940823, 0.00019845895]
/** (log(1 + f) − f + f²/2)/f³ on √½ ≤ 1 + f ≤ √2, error of log(1 + f) below 2⁻²⁷. */
const logTail = [
  0.3333333, -0.2500083, 0.20001245, -0.1662293, 0.14200978, -0.13163829, 0.12769282, -0.0763428,
]

/** Adding 1.5·2²³ leaves the nearest integer in the low bits of the sum. */
const magic = 12582912

/** Splits x = n·ln 2 + r, or where `negated` −x = n·ln 2 − r, with integer n and |r| ≤ ½·ln 2; `shifted` is n + magic. */
function reduceByLn2(x: V128, f: FunctionBuilder, negated = false) {
  // ln 2 = 0.693359375 + low part; the first has 10 bits, so its products with n are exact.
  const high = f.f32(0.693359375)
  const low = f.f32(Math.LN2 - 0.693359375)
  const shifted = f.vector(f.madd(x, f.f32(negated ? -Math.LOG2E : Math.LOG2E), f.f32(magic)))
  const n = f.vector(f32x4.sub(shifted, f.f32(magic)))
  const r = negated ? f.madd(n, low, f.madd(n, high, x)) : f.nmadd(n, low, f.nmadd(n, high, x))
  return { r: f.vector(r), shifted }
}

/** The integer n of n + magic. */
const integerOf = (shifted: V128, f: FunctionBuilder) => f.vector(i32x4.sub(shifted, f.i32(0x4b400000)))

/** eˣ for x in [−104, 89] or NaN, with gradual underflow. */
function expCore(x: V128, f: FunctionBuilder): Expr<'v128'> {
  const { r, shifted } = reduceByLn2(x, f)
  const exponent = integerOf(shifted, f)
  const y = f32x4.add(f.madd(f32x4.mul(r, r), f.polynomial(r, expTail), r), f.f32(1))
  // 2ⁿ in two factors: n reaches from −150 to 128. Products, so that NaN stays NaN.
  const half = f.vector(i32x4.shrS(exponent, 1))
  const power = (n: V128) => i32x4.shl(i32x4.add(n, f.i32(127)), 23)
  return f32x4.mul(f32x4.mul(y, power(half)), power(i32x4.sub(exponent, half)))
}

/** {@link expTail} with its signs by turns, for −r. */
const decayTail = expTail.map((c, i) => (i % 2 === 0 ? c : -c))

/** e⁻ˣ for x in [−88, 87] and anything for NaN: what of an exponential costs least. */
function decay(x: V128, f: FunctionBuilder): Expr<'v128'> {
  const { r, shifted } = reduceByLn2(x, f, true)
  const y = f32x4.sub(f.f32(1), f.nmadd(f32x4.mul(r, r), f.polynomial(r, decayTail), r))
  // The sum's upper bits leave the word: what is added to the exponent of y is n.
  return i32x4.add(y, i32x4.shl(shifted, 23))
}

/**
 * e⁻ˣ for x ≥ 0, the exponential of a softmax; error at most 1 ulp up to x = 87, and 0 (that is less than 2⁻¹²⁵)
 * above and for NaN.
 */
export const fade: LaneFunction = (x, f) => {
  const top = f.f32(87)
  return v128.and(decay(f.vector(f32x4.pmin(top, x)), f), f32x4.le(x, top))
}

/** (2ʳ − 1)/r on |r| ≤ ½, error of 2ʳ below 2⁻²³. */
const exp2Tail = [0.6931470037, 0.24022244, 0.055507332, 0.009671514, 0.0013264726]

/**
 * 2ˣ for −∞ ≤ x ≤ 0, where speed counts most: error at most 2 ulp down to x = −126, less than 2⁻¹²⁶ below, and 0 from
 * −127 on. Anything for NaN.
 */
export const exp2Down: LaneFunction = (x, f) => {
  const t = f.vector(f32x4.pmax(x, f.f32(-127)))
  const shifted = f.vector(f32x4.add(t, f.f32(magic)))
  const r = f.vector(f32x4.sub(t, f32x4.sub(shifted, f.f32(magic))))
  const y = f.madd(r, f.polynomial(r, exp2Tail), f.f32(1))
  // Added to the exponent of y; at −127 nothing is left of 1.
  return i32x4.add(y, i32x4.shl(shifted, 23))
}

/** eˣ; error at most 1 ulp, ±∞, NaN and denormal results included. */
export const exp: LaneFunction = (x, f) =>
  // pmin and pmax give their first operand where either is NaN.
  expCore(f.vector(f32x4.pmax(f32x4.pmin(x, f.f32(89)), f.f32(-104))), f)

/** eˣ − 1; error at most 2 ulp. */
export const expm1: LaneFunction = (x, f) => {
  const { r, shifted } = reduceByLn2(f.vector(f32x4.pmax(f32x4.pmin(x, f.f32(89)), f.f32(-18))), f)
  const q = f.madd(f32x4.mul(r, r), f.polynomial(r, expm1Tail), r)
  // 2ⁿ·q + 2ⁿ − 1, halved: 2¹²⁸ is no float32.
  const t = f.vector(i32x4.shl(i32x4.add(integerOf(shifted, f), f.i32(126)), 23))
  const y = f.vector(f.madd(t, q, f32x4.sub(t, f.f32(0.5))))
  return v128.bitselect(x, f32x4.add(y, y), f32x4.lt(f32x4.abs(x), f.f32(2 ** -25)))
}

/** log(u) + c for u > 0 and a small c (a rounding error of u, relative to it). */
function logCore(u: V128, f: FunctionBuilder, c?: V128): Expr<'v128'> {
  const zero = f.f32(0)
  const denormal = f.vector(f32x4.lt(u, f.f32(2 ** -126)))
  const x = f.vector(v128.bitselect(f32x4.mul(u, f.f32(2 ** 23)), u, denormal))
  // x = 2ᵉ·m with √½ ≤ m < √2.
  const e = f.vector(i32x4.shrS(i32x4.sub(x, f.i32(0x3f3504f3)), 23))
  const m = f.vector(f32x4.sub(i32x4.sub(x, i32x4.shl(e, 23)), f.f32(1)))
  const n = f.vector(f32x4.convertI32x4S(i32x4.sub(e, v128.and(denormal, f.i32(23)))))
  const z = f.vector(f32x4.mul(m, m))
  let y = f32x4.mul(f32x4.mul(m, z), f.polynomial(m, logTail))
  y = f.nmadd(z, f.f32(0.5), f.madd(n, f.f32(Math.LN2 - 0.693359375), y))
  if (c !== undefined) y = f32x4.add(y, c)
  y = f.madd(n, f.f32(0.693359375), f32x4.add(m, y))
  y = v128.bitselect(y, u, f32x4.lt(u, f.f32(Infinity)))
  const outside = v128.bitselect(f.f32(-Infinity), f.f32(Number.NaN), f32x4.eq(u, zero))
  return v128.bitselect(outside, y, f32x4.le(u, zero))
}

/** log x; error at most 1 ulp; −∞ at 0, NaN below, right for denormal x. */
export const log: LaneFunction = (x, f) => logCore(x, f)

/** log(1 + x); error at most 2 ulp. */
export const log1p: LaneFunction = (x, f) => {
  const one = f.f32(1)
  const u = f.vector(f32x4.add(x, one))
  const lost = f.vector(f32x4.div(f32x4.sub(x, f32x4.sub(u, one)), u))
  return v128.bitselect(x, logCore(u, f, lost), f32x4.eq(u, one))
}

/** tanh x as t/(t + 2) with t = e^(2|x|) − 1; error at most 3 ulp. */
export const tanh: LaneFunction = (x, f) => {
  const magnitude = f.vector(f32x4.abs(x))
  const twice = f.vector(f32x4.pmin(f32x4.add(magnitude, magnitude), f.f32(20)))
  const t = f.vector(expm1(twice, f))
  return v128.or(f32x4.div(t, f32x4.add(t, f.f32(2))), v128.and(x, f.i32(signBit)))
}

/** 1/(1 + e⁻ˣ), as e^(−|x|)/(1 + e^(−|x|)) below 0; error at most 3 ulp, denormal results included. */
export const sigmoid: LaneFunction = (x, f) => {
  const one = f.f32(1)
  const e = f.vector(expCore(f.vector(f32x4.pmax(v128.or(x, f.i32(signBit)), f.f32(-104))), f))
  return f32x4.div(v128.bitselect(e, one, i32x4.shrS(x, 31)), f32x4.add(e, one))
}

/** x/(1 + e⁻ˣ); error at most 3 ulp for x ≥ −88, and −0 (the result is below 10⁻³⁶) for the rest, −∞ included. */
export const silu: LaneFunction = (x, f) => {
  const bottom = f.f32(-88)
  const limited = f.vector(f32x4.pmax(x, bottom))
  const e = decay(f.vector(f32x4.pmin(limited, f.f32(87))), f)
  return v128.bitselect(f.f32(-0), f32x4.div(limited, f32x4.add(e, f.f32(1))), f32x4.lt(x, bottom))
}

/**
 * Slope of silu, s·(1 + x·(1 − s)) with s = sigmoid(x), 1 − s computed as e⁻ˣ·s; 1 at +∞, 0 below −88. Error at most
 * 4·2⁻²⁴ absolute (the slope has a zero near −1.278).
 */
export const siluSlope: LaneFunction = (x, f) => {
  const bottom = f.f32(-88)
  const one = f.f32(1)
  const limited = f.vector(f32x4.pmin(f32x4.pmax(x, bottom), f.f32(87)))
  const e = f.vector(decay(limited, f))
  const s = f.vector(f32x4.div(one, f32x4.add(e, one)))
  return v128.andnot(f32x4.mul(s, f.madd(limited, f32x4.mul(e, s), one)), f32x4.lt(x, bottom))
}

/** erf(x)/x − 1 in powers of x² up to |x| = 0.9277, error of erf below 2⁻³¹. */
const erfSmall = [0.12837917, -0.37612632, 0.1128369, -0.026859073, 0.00520023, -0.00081336306, 0.00008331882]
/** −log(erfc t)/t on 0.918 ≤ t ≤ 4.1, error of erf below 2⁻²⁹. */
const erfLarge = [1.1286801, 0.63501215, 0.1064868, -0.023996105, 0.003762886, -0.0003550566, 0.000014741165]

/** Error function; at most 2 ulp. */
export const erf: LaneFunction = (x, f) => {
  const magnitude = f.vector(f32x4.abs(x))
  const z = f.vector(f32x4.mul(x, x))
  const near = f.vector(f.madd(x, f.polynomial(z, erfSmall), x))
  const t = f.vector(f32x4.pmin(magnitude, f.f32(4.1)))
  const exponent = f.vector(f32x4.mul(t, f.polynomial(t, erfLarge)))
  const far = v128.or(f32x4.sub(f.f32(1), decay(exponent, f)), v128.and(x, f.i32(signBit)))
  // This way round, NaN comes from the near branch.
  return v128.bitselect(far, near, f32x4.ge(magnitude, f.f32(0.9277)))
}
