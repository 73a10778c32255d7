import { dispatch } from '../dispatch.ts'
import type { DType } from '../dtype.ts'
import { requireDType } from '../dtype.ts'
import { OptionError } from '../errors.ts'
import type { Tensor } from '../tensor.ts'
import type { Operand } from './operand.ts'
import { affine, asTensors } from './operand.ts'

const none = {} as const

/** −x. */
export const neg = (x: Tensor): Tensor => dispatch('neg', [x], none)
/** |x|; gradient sign(x), so 0 at 0. */
export const abs = (x: Tensor): Tensor => dispatch('abs', [x], none)
/** −1, 0 or 1. */
export const sign = (x: Tensor): Tensor => dispatch('sign', [x], none)
/** Largest integer not above x. */
export const floor = (x: Tensor): Tensor => dispatch('floor', [x], none)
/** eˣ. */
export const exp = (x: Tensor): Tensor => dispatch('exp', [x], none)
/** Natural logarithm. */
export const log = (x: Tensor): Tensor => dispatch('log', [x], none)
/** log(1 + x), accurate near 0. */
export const log1p = (x: Tensor): Tensor => dispatch('log1p', [x], none)
/** eˣ − 1, accurate near 0. */
export const expm1 = (x: Tensor): Tensor => dispatch('expm1', [x], none)
/** √x. */
export const sqrt = (x: Tensor): Tensor => dispatch('sqrt', [x], none)
/** 1/√x. */
export const rsqrt = (x: Tensor): Tensor => dispatch('rsqrt', [x], none)
/** 1/x. */
export const reciprocal = (x: Tensor): Tensor => dispatch('reciprocal', [x], none)
/** Sine of x in radians. */
export const sin = (x: Tensor): Tensor => dispatch('sin', [x], none)
/** Cosine of x in radians. */
export const cos = (x: Tensor): Tensor => dispatch('cos', [x], none)
/** Hyperbolic tangent. */
export const tanh = (x: Tensor): Tensor => dispatch('tanh', [x], none)
/** 1/(1 + e⁻ˣ). */
export const sigmoid = (x: Tensor): Tensor => dispatch('sigmoid', [x], none)
/** x·sigmoid(x), also called swish. */
export const silu = (x: Tensor): Tensor => dispatch('silu', [x], none)
/** Gauss error function (2/√π)∫₀ˣ e^(−s²) ds. */
export const erf = (x: Tensor): Tensor => dispatch('erf', [x], none)
/** Logical negation of a bool tensor. */
export const logicalNot = (x: Tensor): Tensor => dispatch('not', [x], none)
/** max(x, 0), NaN for NaN; gradient 0 at 0. */
export const relu = (x: Tensor): Tensor => where(lessEqual(x, 0), 0, x)
/** x·x. */
export const square = (x: Tensor): Tensor => dispatch('mul', [x, x], none)

/** Limits values to min … max; the gradient is 0 outside. @throws {OptionError} where min > max. */
export function clamp(x: Tensor, min: number, max: number): Tensor {
  if (!(min <= max)) throw new OptionError('clamp', `min ${min} must not exceed max ${max}`)
  return dispatch('clamp', [x], { min, max })
}

/**
 * The values in another element type. Toward int32 fractions are dropped, numbers beyond ±2³¹ become the nearest end
 * of the range, and NaN becomes 0. Toward bool all but 0 is true, NaN included.
 * @throws {DTypeError} for what is no element type.
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  requireDType('cast', dtype)
  return x.dtype === dtype ? x : dispatch('cast', [x], { dtype })
}

/** a + b, with broadcasting. */
export function add(a: Operand, b: Operand): Tensor {
  if (typeof b === 'number' && typeof a !== 'number') return affine('add', a, 1, b)
  if (typeof a === 'number' && typeof b !== 'number') return affine('add', b, 1, a)
  return dispatch('add', asTensors('add', a, b), none)
}

/** a − b, with broadcasting. */
export function sub(a: Operand, b: Operand): Tensor {
  if (typeof b === 'number' && typeof a !== 'number') return affine('sub', a, 1, -b)
  if (typeof a === 'number' && typeof b !== 'number') return affine('sub', b, -1, a)
  return dispatch('sub', asTensors('sub', a, b), none)
}

/** a·b elementwise, with broadcasting. */
export function mul(a: Operand, b: Operand): Tensor {
  if (typeof b === 'number' && typeof a !== 'number') return affine('mul', a, b, -0)
  if (typeof a === 'number' && typeof b !== 'number') return affine('mul', b, a, -0)
  return dispatch('mul', asTensors('mul', a, b), none)
}

/** a/b elementwise, with broadcasting, each quotient rounded once; floats only. */
export function div(a: Operand, b: Operand): Tensor {
  if (typeof b === 'number' && typeof a !== 'number') return dispatch('divScalar', [a], { divisor: b })
  if (a === 1 && typeof b !== 'number') return reciprocal(b)
  return dispatch('div', asTensors('div', a, b), none)
}

/**
 * aᵇ elementwise, with the special values of IEEE 754: x⁰ and 1ˣ are 1 for any x, NaN included, and a base below 0
 * gives NaN for an exponent that is no integer.
 *
 * The gradient in a tensor exponent is NaN where the base is below 0. At a base of 0 gradients are the limits from above
 * where these are finite (0 in a⁰; 0 in the exponent of 0ᵇ, b > 0), and 0 in the exponent of 0⁰ as in PyTorch.
 */
export function pow(a: Operand, b: Operand): Tensor {
  if (typeof b === 'number' && typeof a !== 'number') return dispatch('powScalar', [a], { exponent: b })
  return dispatch('pow', asTensors('pow', a, b), none)
}

/** The larger of a and b; where they tie, each gets half of the gradient. */
export const maximum = (a: Operand, b: Operand): Tensor =>
  dispatch('maximum', asTensors('maximum', a, b), none)
/** The smaller of a and b; where they tie, each gets half of the gradient. */
export const minimum = (a: Operand, b: Operand): Tensor =>
  dispatch('minimum', asTensors('minimum', a, b), none)

/** a = b, as bool. */
export const equal = (a: Operand, b: Operand): Tensor => dispatch('eq', asTensors('equal', a, b), none)
/** a < b, as bool. */
export const less = (a: Operand, b: Operand): Tensor => dispatch('lt', asTensors('less', a, b), none)
/** a ≤ b, as bool. */
export const lessEqual = (a: Operand, b: Operand): Tensor =>
  dispatch('le', asTensors('lessEqual', a, b), none)
/** a > b, as bool. */
export const greater = (a: Operand, b: Operand): Tensor => less(b, a)
/** a ≥ b, as bool. */
export const greaterEqual = (a: Operand, b: Operand): Tensor => lessEqual(b, a)
/** Both, of bool tensors. */
export const logicalAnd = (a: Tensor, b: Tensor): Tensor => dispatch('and', [a, b], none)
/** Either, of bool tensors. */
export const logicalOr = (a: Tensor, b: Tensor): Tensor => dispatch('or', [a, b], none)

/** a where the condition holds, else b; the branch not taken gets gradient 0, even where it is NaN. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  return dispatch('where', [condition, ...asTensors('where', a, b)], none)
}
