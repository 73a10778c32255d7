import { TweedieError } from '../../errors.ts'
import type { Expr, FunctionBuilder, Local, V128 } from '../asm/index.ts'
import { f32x4, f64x2, i32x4, v128 } from '../asm/index.ts'

/** Emits the code of y = fn(x) on four float32 at once and gives y. `x` is used repeatedly: pass a variable. */
export type LaneFunction = (x: V128) => Expr<'v128'>

/**
 * Prepares a function inside a kernel: called before the kernel's loops, so that its constants are set up
 * once; the {@link LaneFunction} it gives emits the body, as often as it is called.
 */
export type LaneMath = (f: FunctionBuilder, lanes: Lanes) => LaneFunction

/** a·b + c of float32 lanes, fused or rounded twice. */
export const maddOf =
  (fused: boolean) =>
  (a: V128, b: V128, c: V128): Expr<'v128'> =>
    fused ? f32x4.relaxedMadd(a, b, c) : f32x4.add(f32x4.mul(a, b), c)

/**
 * What the functions of one kernel share: vector constants, each held in a variable that is set where it is
 * first asked for (loops run up to twice as fast as with the constants inside), and multiply-add.
 */
export class Lanes {
  readonly #f: FunctionBuilder
  readonly #fused: boolean
  #sealed = false
  readonly #known = new Map<string, Local<'v128'>>()

  /** `fused`: whether relaxed SIMD may be emitted. */
  constructor(f: FunctionBuilder, fused: boolean) {
    this.#f = f
    this.#fused = fused
  }

  /** a·b + c, rounded once where the machine can. */
  madd(a: V128, b: V128, c: V128): Expr<'v128'> {
    return maddOf(this.#fused)(a, b, c)
  }

  /** c − a·b, likewise. */
  nmadd(a: V128, b: V128, c: V128): Expr<'v128'> {
    return this.#fused ? f32x4.relaxedNmadd(a, b, c) : f32x4.sub(c, f32x4.mul(a, b))
  }

  /** Σ cᵢ·zⁱ by Horner's rule, highest power last in the list. */
  polynomial(z: V128, coefficients: readonly V128[]): Expr<'v128'> {
    let sum: Expr<'v128'> = coefficients.at(-1)!
    for (let i = coefficients.length - 2; i >= 0; i--) sum = this.madd(sum, z, coefficients[i]!)
    return sum
  }

  /** a·b + c of float64 lanes, likewise. */
  maddWide(a: V128, b: V128, c: V128): Expr<'v128'> {
    return this.#fused ? f64x2.relaxedMadd(a, b, c) : f64x2.add(f64x2.mul(a, b), c)
  }

  /** Twice the same float64. */
  f64(value: number): Local<'v128'> {
    return this.#keep(`d${Object.is(value, -0) ? '-0' : value}`, f64x2.const(value))
  }

  /** Four times the same float32. */
  f32(value: number): Local<'v128'> {
    return this.#keep(`f${Object.is(value, -0) ? '-0' : value}`, f32x4.const(value))
  }

  /** Four times the same int32. */
  i32(value: number): Local<'v128'> {
    return this.#keep(`i${value | 0}`, i32x4.const(value))
  }

  /** From here on new constants are an error: in a loop or branch, their setting might never run. */
  seal(): void {
    this.#sealed = true
  }

  #keep(key: string, value: V128): Local<'v128'> {
    let local = this.#known.get(key)
    if (local !== undefined) return local
    if (this.#sealed)
      throw new TweedieError(`wasm: constant ${key} asked for too late to be set before the loops`)
    local = this.#f.vector(value)
    this.#known.set(key, local)
    return local
  }
}

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

/** Splits x = n·ln 2 + r, or where `negated` −x = n·ln 2 − r, with integer n and |r| ≤ ½·ln 2. */
function reduceByLn2(f: FunctionBuilder, k: Lanes, negated = false) {
  // Adding 1.5·2²³ leaves the nearest integer in the low bits of the sum. ln 2 = 0.693359375 + low part;
  // the first has 10 bits, so its products with n are exact.
  const [log2e, magic, magicBits] = [
    k.f32(negated ? -Math.LOG2E : Math.LOG2E),
    k.f32(12582912),
    k.i32(0x4b400000),
  ]
  const [high, low] = [k.f32(0.693359375), k.f32(Math.LN2 - 0.693359375)]
  return (x: V128) => {
    const shifted = f.vector(k.madd(x, log2e, magic))
    const n = f.vector(f32x4.sub(shifted, magic))
    const r = negated ? k.madd(n, low, k.madd(n, high, x)) : k.nmadd(n, low, k.nmadd(n, high, x))
    return { r: f.vector(r), shifted, exponent: () => f.vector(i32x4.sub(shifted, magicBits)) }
  }
}

/** eˣ for x in [−104, 89] or NaN, with gradual underflow. */
function expCore(f: FunctionBuilder, k: Lanes): LaneFunction {
  const tail = expTail.map((c) => k.f32(c))
  const [one, bias] = [k.f32(1), k.i32(127)]
  const reduce = reduceByLn2(f, k)
  return (x) => {
    const { r, exponent: exponentOf } = reduce(x)
    const exponent = exponentOf()
    const y = f32x4.add(k.madd(f32x4.mul(r, r), k.polynomial(r, tail), r), one)
    // 2ⁿ in two factors: n reaches from −150 to 128. Products, so that NaN stays NaN.
    const half = f.vector(i32x4.shrS(exponent, 1))
    const power = (n: V128) => i32x4.shl(i32x4.add(n, bias), 23)
    return f32x4.mul(f32x4.mul(y, power(half)), power(i32x4.sub(exponent, half)))
  }
}

/** e⁻ˣ for x in [−88, 87] and anything for NaN: what of an exponential costs least. */
function decay(f: FunctionBuilder, k: Lanes): LaneFunction {
  const tail = expTail.map((c, i) => k.f32(i % 2 === 0 ? c : -c))
  const one = k.f32(1)
  const reduce = reduceByLn2(f, k, true)
  return (x) => {
    const { r, shifted } = reduce(x)
    const y = f32x4.sub(one, k.nmadd(f32x4.mul(r, r), k.polynomial(r, tail), r))
    // The sum's upper bits leave the word: what is added to the exponent of y is n.
    return i32x4.add(y, i32x4.shl(shifted, 23))
  }
}

/**
 * e⁻ˣ for x ≥ 0, the exponential of a softmax; error at most 1 ulp up to x = 87, and 0 (that is less than 2⁻¹²⁵)
 * above and for NaN.
 */
export const fade: LaneMath = (f, k) => {
  const top = k.f32(87)
  const inner = decay(f, k)
  return (x) => v128.and(inner(f.vector(f32x4.pmin(top, x))), f32x4.le(x, top))
}

/** (2ʳ − 1)/r on |r| ≤ ½, error of 2ʳ below 2⁻²³. */
const exp2Tail = [0.6931470037, 0.24022244, 0.055507332, 0.009671514, 0.0013264726]

/**
 * 2ˣ for −∞ ≤ x ≤ 0, where speed counts most: error at most 2 ulp down to x = −126, less than 2⁻¹²⁶ below, and 0 from
 * −127 on. Anything for NaN.
 */
export const exp2Down: LaneMath = (f, k) => {
  const tail = exp2Tail.map((c) => k.f32(c))
  const [bottom, magic, one] = [k.f32(-127), k.f32(12582912), k.f32(1)]
  return (x) => {
    const t = f.vector(f32x4.pmax(x, bottom))
    const shifted = f.vector(f32x4.add(t, magic))
    const r = f.vector(f32x4.sub(t, f32x4.sub(shifted, magic)))
    const y = k.madd(r, k.polynomial(r, tail), one)
    // Added to the exponent of y; at −127 nothing is left of 1.
    return i32x4.add(y, i32x4.shl(shifted, 23))
  }
}

/** eˣ; error at most 1 ulp, ±∞, NaN and denormal results included. */
export const exp: LaneMath = (f, k) => {
  const [top, bottom] = [k.f32(89), k.f32(-104)]
  const core = expCore(f, k)
  // pmin and pmax give their first operand where either is NaN.
  return (x) => core(f.vector(f32x4.pmax(f32x4.pmin(x, top), bottom)))
}

/** eˣ − 1; error at most 2 ulp. */
export const expm1: LaneMath = (f, k) => {
  const tail = expm1Tail.map((c) => k.f32(c))
  const [top, bottom, half, bias] = [k.f32(89), k.f32(-18), k.f32(0.5), k.i32(126)]
  const tiny = k.f32(2 ** -25)
  const reduce = reduceByLn2(f, k)
  return (x) => {
    const { r, exponent } = reduce(f.vector(f32x4.pmax(f32x4.pmin(x, top), bottom)))
    const q = k.madd(f32x4.mul(r, r), k.polynomial(r, tail), r)
    // 2ⁿ·q + 2ⁿ − 1, halved: 2¹²⁸ is no float32.
    const t = f.vector(i32x4.shl(i32x4.add(exponent(), bias), 23))
    const y = f.vector(k.madd(t, q, f32x4.sub(t, half)))
    return v128.bitselect(x, f32x4.add(y, y), f32x4.lt(f32x4.abs(x), tiny))
  }
}

/** log(u) + c for u > 0 and a small c (a rounding error of u, relative to it). */
function logCore(f: FunctionBuilder, k: Lanes): (u: V128, c?: V128) => Expr<'v128'> {
  const tail = logTail.map((c) => k.f32(c))
  const [least, scale, zero, half, one] = [k.f32(2 ** -126), k.f32(2 ** 23), k.f32(0), k.f32(0.5), k.f32(1)]
  const [root, shift, high] = [k.i32(0x3f3504f3), k.i32(23), k.f32(0.693359375)]
  const [low, infinity] = [k.f32(Math.LN2 - 0.693359375), k.f32(Number.POSITIVE_INFINITY)]
  const [minus, nan] = [k.f32(Number.NEGATIVE_INFINITY), k.f32(Number.NaN)]
  return (u, c) => {
    const denormal = f.vector(f32x4.lt(u, least))
    const x = f.vector(v128.bitselect(f32x4.mul(u, scale), u, denormal))
    // x = 2ᵉ·m with √½ ≤ m < √2.
    const e = f.vector(i32x4.shrS(i32x4.sub(x, root), 23))
    const m = f.vector(f32x4.sub(i32x4.sub(x, i32x4.shl(e, 23)), one))
    const n = f.vector(f32x4.convertI32x4S(i32x4.sub(e, v128.and(denormal, shift))))
    const z = f.vector(f32x4.mul(m, m))
    let y = f32x4.mul(f32x4.mul(m, z), k.polynomial(m, tail))
    y = k.nmadd(z, half, k.madd(n, low, y))
    if (c !== undefined) y = f32x4.add(y, c)
    y = k.madd(n, high, f32x4.add(m, y))
    y = v128.bitselect(y, u, f32x4.lt(u, infinity))
    const outside = v128.bitselect(minus, nan, f32x4.eq(u, zero))
    return v128.bitselect(outside, y, f32x4.le(u, zero))
  }
}

/** log x; error at most 1 ulp; −∞ at 0, NaN below, right for denormal x. */
export const log: LaneMath = (f, k) => {
  const core = logCore(f, k)
  return (x) => core(x)
}

/** log(1 + x); error at most 2 ulp. */
export const log1p: LaneMath = (f, k) => {
  const one = k.f32(1)
  const core = logCore(f, k)
  return (x) => {
    const u = f.vector(f32x4.add(x, one))
    const lost = f.vector(f32x4.div(f32x4.sub(x, f32x4.sub(u, one)), u))
    return v128.bitselect(x, core(u, lost), f32x4.eq(u, one))
  }
}

/** tanh x as t/(t + 2) with t = e^(2|x|) − 1; error at most 3 ulp. */
export const tanh: LaneMath = (f, k) => {
  const [sign, two, top] = [k.i32(signBit), k.f32(2), k.f32(20)]
  const inner = expm1(f, k)
  return (x) => {
    const magnitude = f.vector(f32x4.abs(x))
    const twice = f.vector(f32x4.pmin(f32x4.add(magnitude, magnitude), top))
    const t = f.vector(inner(twice))
    return v128.or(f32x4.div(t, f32x4.add(t, two)), v128.and(x, sign))
  }
}

/** 1/(1 + e⁻ˣ), as e^(−|x|)/(1 + e^(−|x|)) below 0; error at most 3 ulp, denormal results included. */
export const sigmoid: LaneMath = (f, k) => {
  const [sign, one, bottom] = [k.i32(signBit), k.f32(1), k.f32(-104)]
  const core = expCore(f, k)
  return (x) => {
    const e = f.vector(core(f.vector(f32x4.pmax(v128.or(x, sign), bottom))))
    return f32x4.div(v128.bitselect(e, one, i32x4.shrS(x, 31)), f32x4.add(e, one))
  }
}

/** x/(1 + e⁻ˣ); error at most 3 ulp for x ≥ −88, and −0 (the result is below 10⁻³⁶) for the rest, −∞ included. */
export const silu: LaneMath = (f, k) => {
  const [bottom, top, one, nothing] = [k.f32(-88), k.f32(87), k.f32(1), k.f32(-0)]
  const inner = decay(f, k)
  return (x) => {
    const limited = f.vector(f32x4.pmax(x, bottom))
    const e = inner(f.vector(f32x4.pmin(limited, top)))
    return v128.bitselect(nothing, f32x4.div(limited, f32x4.add(e, one)), f32x4.lt(x, bottom))
  }
}

/**
 * Slope of silu, s·(1 + x·(1 − s)) with s = sigmoid(x), 1 − s computed as e⁻ˣ·s; 1 at +∞, 0 below −88. Error at most
 * 4·2⁻²⁴ absolute (the slope has a zero near −1.278).
 */
export const siluSlope: LaneMath = (f, k) => {
  const [bottom, top, one] = [k.f32(-88), k.f32(87), k.f32(1)]
  const inner = decay(f, k)
  return (x) => {
    const limited = f.vector(f32x4.pmin(f32x4.pmax(x, bottom), top))
    const e = f.vector(inner(limited))
    const s = f.vector(f32x4.div(one, f32x4.add(e, one)))
    return v128.andnot(f32x4.mul(s, k.madd(limited, f32x4.mul(e, s), one)), f32x4.lt(x, bottom))
  }
}

/** erf(x)/x − 1 in powers of x² up to |x| = 0.9277, error of erf below 2⁻³¹. */
const erfSmall = [0.12837917, -0.37612632, 0.1128369, -0.026859073, 0.00520023, -0.00081336306, 0.00008331882]
/** −log(erfc t)/t on 0.918 ≤ t ≤ 4.1, error of erf below 2⁻²⁹. */
const erfLarge = [1.1286801, 0.63501215, 0.1064868, -0.023996105, 0.003762886, -0.0003550566, 0.000014741165]

/** Error function; at most 2 ulp. */
export const erf: LaneMath = (f, k) => {
  const small = erfSmall.map((c) => k.f32(c))
  const large = erfLarge.map((c) => k.f32(c))
  const [sign, one, top, border] = [k.i32(signBit), k.f32(1), k.f32(4.1), k.f32(0.9277)]
  const inner = decay(f, k)
  return (x) => {
    const magnitude = f.vector(f32x4.abs(x))
    const z = f.vector(f32x4.mul(x, x))
    const near = f.vector(k.madd(x, k.polynomial(z, small), x))
    const t = f.vector(f32x4.pmin(magnitude, top))
    const exponent = f.vector(f32x4.mul(t, k.polynomial(t, large)))
    const far = v128.or(f32x4.sub(one, inner(exponent)), v128.and(x, sign))
    // This way round, NaN comes from the near branch.
    return v128.bitselect(far, near, f32x4.ge(magnitude, border))
  }
}
