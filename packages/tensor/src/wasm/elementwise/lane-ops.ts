import type { DType } from '../../dtype.ts'
import type { PrimitiveName } from '../../primitives.ts'
import type { Expr, FunctionBuilder, V128 } from '../asm/index.ts'
import { f32x4, i32x4, v128 } from '../asm/index.ts'
import type { LaneFunction } from '../lanes/math.ts'
import { erf, exp, expm1, log, log1p, sigmoid, silu, siluSlope, tanh } from '../lanes/math.ts'
import { power } from '../lanes/power.ts'
import { cos, sin } from '../lanes/trig.ts'

/**
 * An elementwise operation on four elements at once. Every element is 32 bits wide in its lane; a bool is
 * an integer that is 0 or 1 on the way in, and a mask or such an integer on the way out.
 */
export interface LaneOp {
  /** Element types it takes, by operand, and gives. */
  readonly inputs: readonly DType[]
  readonly output: DType
  /** Float32 numbers given at the call, each in all lanes. */
  readonly scalars: number
  /** Long chains of arithmetic gain nothing from unrolled loops. */
  readonly heavy?: boolean
  /** Emits the code for its operands, which are variables, and the scalars. */
  readonly compute: Compute
}

/** Of one, two or three operands, then the scalars; the function under construction comes last. */
type Compute = (...x: readonly [...V128[], FunctionBuilder]) => Expr<'v128'>
type Binary = (a: V128, b: V128, f: FunctionBuilder) => Expr<'v128'>
type Ternary = (a: V128, b: V128, c: V128, f: FunctionBuilder) => Expr<'v128'>

const op =
  <F extends (...x: never) => Expr<'v128'>>(inputs: readonly DType[], output: DType, scalars = 0) =>
  (compute: F): LaneOp => ({ inputs, output, scalars, compute: compute as unknown as Compute })
const float = 'float32' as const
const map = (input: DType, output: DType) => op<LaneFunction>([input], output)
const unary = map(float, float)
const heavy = (light: LaneOp): LaneOp => ({ ...light, heavy: true })
const math = (fn: LaneFunction) => heavy(unary(fn))
/** Of two operands of one type. */
const pairs = (input: DType, output: DType) => op<Binary>([input, input], output)
const binary = pairs(float, float)
const compare = pairs(float, 'bool')
const integer = pairs('int32', 'int32')
const compareInteger = pairs('int32', 'bool')
const logical = pairs('bool', 'bool')
const choose = (dtype: DType): LaneOp =>
  op<Ternary>(['bool', dtype, dtype], dtype)((c, a, b, f) => v128.bitselect(a, b, i32x4.ne(c, f.i32(0))))
/** Of one operand and two numbers given at the call. */
const withPair = op<Ternary>([float], float, 2)
const same: LaneFunction = (x) => x as Expr<'v128'>

const reciprocal = unary((x, f) => f32x4.div(f.f32(1), x))

/**
 * The operations by primitive, one per element type. NaN follows the reference: `maximum`, `minimum` and
 * `clamp` give NaN for NaN, comparisons with NaN are false, `sign` keeps NaN and −0. `affine`, `divScalar` and `clamp`
 * round their numbers to float32 first.
 */
export const laneOps = {
  neg: [unary(f32x4.neg), map('int32', 'int32')(i32x4.neg)],
  abs: [unary(f32x4.abs), map('int32', 'int32')(i32x4.abs)],
  sign: [
    unary((x, f) => {
      const zero = f.f32(0)
      const below = v128.bitselect(f.f32(-1), x, f32x4.lt(x, zero))
      return v128.bitselect(f.f32(1), below, f32x4.gt(x, zero))
    }),
  ],
  floor: [unary(f32x4.floor)],
  exp: [math(exp)],
  log: [math(log)],
  log1p: [math(log1p)],
  expm1: [math(expm1)],
  sqrt: [unary(f32x4.sqrt)],
  rsqrt: [unary((x, f) => f32x4.div(f.f32(1), f32x4.sqrt(x)))],
  reciprocal: [reciprocal],
  sin: [math(sin)],
  cos: [math(cos)],
  tanh: [math(tanh)],
  sigmoid: [math(sigmoid)],
  silu: [math(silu)],
  erf: [math(erf)],
  affine: [withPair((x, scale, shift) => f32x4.add(f32x4.mul(x, scale), shift))],
  divScalar: [op<Binary>([float], float, 1)(f32x4.div)],
  clamp: [withPair((x, min, max) => f32x4.min(f32x4.max(x, min), max))],
  not: [map('bool', 'bool')((x, f) => i32x4.eq(x, f.i32(0)))],
  cast: [
    map(float, 'int32')(i32x4.truncSatF32x4S),
    map(float, 'bool')((x, f) => f32x4.ne(x, f.f32(0))),
    map('int32', float)(f32x4.convertI32x4S),
    map('int32', 'bool')((x, f) => i32x4.ne(x, f.i32(0))),
    map('bool', float)(f32x4.convertI32x4S),
    map('bool', 'int32')(same),
  ],
  add: [binary(f32x4.add), integer(i32x4.add)],
  sub: [binary(f32x4.sub), integer(i32x4.sub)],
  mul: [binary(f32x4.mul)],
  div: [binary(f32x4.div)],
  pow: [heavy(binary(power))],
  maximum: [binary(f32x4.max), integer(i32x4.maxS)],
  minimum: [binary(f32x4.min), integer(i32x4.minS)],
  siluGrad: [heavy(binary((dy, x, f) => f32x4.mul(dy, siluSlope(x, f))))],
  eq: [compare(f32x4.eq), compareInteger(i32x4.eq), logical(i32x4.eq)],
  lt: [compare(f32x4.lt), compareInteger(i32x4.ltS)],
  le: [compare(f32x4.le), compareInteger(i32x4.leS)],
  and: [logical(v128.and)],
  or: [logical(v128.or)],
  where: [choose(float), choose('int32')],
} satisfies { readonly [P in PrimitiveName]?: readonly LaneOp[] }

/** x^½ as pow means it: +0 at −0 and ∞ at −∞, which √ is not. */
const powerRoot: LaneFunction = (x, f) =>
  v128.bitselect(f.f32(Infinity), f32x4.sqrt(f32x4.add(x, f.f32(0))), f32x4.eq(x, f.f32(-Infinity)))

/** xᵖ for any p, given as a float32 and what that leaves out. */
export const anyPower: LaneOp = heavy(withPair((x, exponent, rest, f) => power(x, exponent, f, rest)))

/** xᵖ for exponents that need no logarithm, right for every x. */
export const powers: ReadonlyMap<number, LaneOp> = new Map([
  [1, unary(same)],
  [2, unary((x) => f32x4.mul(x, x))],
  [3, unary((x) => f32x4.mul(f32x4.mul(x, x), x))],
  [-1, reciprocal],
  [0.5, unary(powerRoot)],
  [-0.5, unary((x, f) => f32x4.div(f.f32(1), powerRoot(x, f)))],
])
