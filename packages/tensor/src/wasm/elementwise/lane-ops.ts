import type { DType } from '../../dtype.ts'
import type { PrimitiveName } from '../../primitives.ts'
import type { Expr, FunctionBuilder, V128 } from '../asm/index.ts'
import { f32x4, i32x4, v128 } from '../asm/index.ts'
import type { LaneMath, Lanes } from '../lanes/math.ts'
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
  readonly scalars?: number
  /** Long chains of arithmetic gain nothing from unrolled loops. */
  readonly heavy?: boolean
  /** Called once before the loops; gives what is called in them. Operands are variables. */
  prepare(lanes: Lanes, f: FunctionBuilder, scalars: readonly V128[]): Compute
}

/** Of one, two or three operands. */
type Compute = (a: V128, b: V128, c: V128) => Expr<'v128'>
type Prepare = LaneOp['prepare']

const op = (inputs: readonly DType[], output: DType, prepare: Prepare): LaneOp => ({
  inputs,
  output,
  prepare,
})
const float = 'float32' as const
const unary = (prepare: Prepare) => op([float], float, prepare)
const heavy = (light: LaneOp): LaneOp => ({ ...light, heavy: true })
const math = (fn: LaneMath) => heavy(unary((k, f) => fn(f, k)))
/** With numbers given at the call. */
const withScalars = (scalars: number, compute: (...given: readonly V128[]) => Compute): LaneOp => ({
  ...unary((_k, _f, given) => compute(...given)),
  scalars,
})
/** Of two operands of one type. */
const pairs = (input: DType, output: DType) => (fn: Compute) => op([input, input], output, () => fn)
const binary = pairs(float, float)
const compare = pairs(float, 'bool')
const integer = pairs('int32', 'int32')
const compareInteger = pairs('int32', 'bool')
const logical = pairs('bool', 'bool')
const choose = (dtype: DType): LaneOp =>
  op(['bool', dtype, dtype], dtype, (k) => {
    const zero = k.i32(0)
    return (c, a, b) => v128.bitselect(a, b, i32x4.ne(c, zero))
  })

const reciprocal = unary((k) => {
  const one = k.f32(1)
  return (x) => f32x4.div(one, x)
})

/**
 * The operations by primitive, one per element type. NaN follows the reference: `maximum`, `minimum` and
 * `clamp` give NaN for NaN, comparisons with NaN are false, `sign` keeps NaN and −0. `affine`, `divScalar` and `clamp`
 * round their numbers to float32 first.
 */
export const laneOps = {
  neg: [unary(() => f32x4.neg), op(['int32'], 'int32', () => i32x4.neg)],
  abs: [unary(() => f32x4.abs), op(['int32'], 'int32', () => i32x4.abs)],
  sign: [
    unary((k) => {
      const [zero, one, minus] = [k.f32(0), k.f32(1), k.f32(-1)]
      return (x) => v128.bitselect(one, v128.bitselect(minus, x, f32x4.lt(x, zero)), f32x4.gt(x, zero))
    }),
  ],
  floor: [unary(() => f32x4.floor)],
  exp: [math(exp)],
  log: [math(log)],
  log1p: [math(log1p)],
  expm1: [math(expm1)],
  sqrt: [unary(() => f32x4.sqrt)],
  rsqrt: [
    unary((k) => {
      const one = k.f32(1)
      return (x) => f32x4.div(one, f32x4.sqrt(x))
    }),
  ],
  reciprocal: [reciprocal],
  sin: [math(sin)],
  cos: [math(cos)],
  tanh: [math(tanh)],
  sigmoid: [math(sigmoid)],
  silu: [math(silu)],
  erf: [math(erf)],
  affine: [withScalars(2, (scale, shift) => (x) => f32x4.add(f32x4.mul(x, scale!), shift!))],
  divScalar: [withScalars(1, (divisor) => (x) => f32x4.div(x, divisor!))],
  clamp: [withScalars(2, (min, max) => (x) => f32x4.min(f32x4.max(x, min!), max!))],
  not: [
    op(['bool'], 'bool', (k) => {
      const zero = k.i32(0)
      return (x) => i32x4.eq(x, zero)
    }),
  ],
  cast: [
    op([float], 'int32', () => i32x4.truncSatF32x4S),
    op([float], 'bool', (k) => {
      const zero = k.f32(0)
      return (x) => f32x4.ne(x, zero)
    }),
    op(['int32'], float, () => f32x4.convertI32x4S),
    op(['int32'], 'bool', (k) => {
      const zero = k.i32(0)
      return (x) => i32x4.ne(x, zero)
    }),
    op(['bool'], float, () => f32x4.convertI32x4S),
    op(['bool'], 'int32', () => (x) => x as Expr<'v128'>),
  ],
  add: [binary(f32x4.add), integer(i32x4.add)],
  sub: [binary(f32x4.sub), integer(i32x4.sub)],
  mul: [binary(f32x4.mul)],
  div: [binary(f32x4.div)],
  pow: [heavy(op([float, float], float, (k, f) => power(f, k)))],
  maximum: [binary(f32x4.max), integer(i32x4.maxS)],
  minimum: [binary(f32x4.min), integer(i32x4.minS)],
  siluGrad: [
    heavy(
      op([float, float], float, (k, f) => {
        const slope = siluSlope(f, k)
        return (dy, x) => f32x4.mul(dy, slope(x))
      }),
    ),
  ],
  eq: [compare(f32x4.eq), compareInteger(i32x4.eq), logical(i32x4.eq)],
  lt: [compare(f32x4.lt), compareInteger(i32x4.ltS)],
  le: [compare(f32x4.le), compareInteger(i32x4.leS)],
  and: [logical(v128.and)],
  or: [logical(v128.or)],
  where: [choose(float), choose('int32')],
} satisfies { readonly [P in PrimitiveName]?: readonly LaneOp[] }

/** x^½ as pow means it: +0 at −0 and ∞ at −∞, which √ is not. */
function powerRoot(k: Lanes): (x: V128) => Expr<'v128'> {
  const [zero, infinity, minus] = [k.f32(0), k.f32(Number.POSITIVE_INFINITY), k.f32(Number.NEGATIVE_INFINITY)]
  return (x) => v128.bitselect(infinity, f32x4.sqrt(f32x4.add(x, zero)), f32x4.eq(x, minus))
}

/** xᵖ for any p, given as a float32 and what that leaves out. */
export const anyPower: LaneOp = {
  ...heavy(
    unary((k, f, [exponent, rest]) => {
      const raise = power(f, k)
      return (x) => raise(x, exponent!, rest!)
    }),
  ),
  scalars: 2,
}

/** xᵖ for exponents that need no logarithm, right for every x. */
export const powers: ReadonlyMap<number, LaneOp> = new Map([
  [1, unary(() => (x) => x as Expr<'v128'>)],
  [2, unary(() => (x) => f32x4.mul(x, x))],
  [3, unary(() => (x) => f32x4.mul(f32x4.mul(x, x), x))],
  [-1, reciprocal],
  [0.5, unary(powerRoot)],
  [
    -0.5,
    unary((k) => {
      const [one, root] = [k.f32(1), powerRoot(k)]
      return (x) => f32x4.div(one, root(x))
    }),
  ],
])
