import type { PrimitiveName, Tensor } from '@tweedie/tensor'
import {
  add,
  cast,
  cos,
  dispatch,
  div,
  equal,
  exp,
  isFloat,
  less,
  lessEqual,
  log,
  logicalAnd,
  mul,
  neg,
  pow,
  sigmoid,
  sign,
  sin,
  square,
  sub,
  where,
  zerosLike,
} from '@tweedie/tensor'
import type { Rule, VjpContext } from './types.ts'
import { broadcasting, constant, unary } from './types.ts'

/** 1 where a wins, ½ where both tie, 0 where b wins, in a's element type. */
function winner(op: 'maximum' | 'minimum', a: Tensor, b: Tensor): Tensor {
  const wins = op === 'maximum' ? less(b, a) : less(a, b)
  return add(cast(wins, a.dtype), mul(cast(equal(a, b), a.dtype), 0.5))
}

const extreme = <P extends 'maximum' | 'minimum'>(op: P): Rule<P> =>
  broadcasting(
    [[0, 1], ({ dy, x }) => mul(dy, winner(op, x(0), x(1)))],
    [[0, 1], ({ dy, x }) => mul(dy, winner(op, x(1), x(0)))],
  )

/** silu″(x) = s(1−s)(2 + x(1−2s)) with s = sigmoid(x). */
function siluCurvature(x: Tensor): Tensor {
  const s = sigmoid(x)
  return mul(mul(s, sub(1, s)), add(mul(x, sub(1, mul(s, 2))), 2))
}

function powScalar({ dy, x, params }: VjpContext<'powScalar'>): Tensor {
  const p = params.exponent
  if (p === 0) return zerosLike(dy)
  return mul(dy, p === 1 ? 1 : mul(p === 2 ? x(0) : pow(x(0), p - 1), p))
}

/**
 * b·aᵇ⁻¹, and 0 where a and b are both 0. There the formula is 0·∞; a is replaced as well, so that the branch not taken
 * has finite gradients of its own.
 */
function powInBase({ dy, x }: VjpContext<'pow'>): Tensor {
  const a = x(0)
  const b = x(1)
  const flat = logicalAnd(equal(a, 0), equal(b, 0))
  return where(flat, 0, mul(dy, mul(b, pow(where(flat, 1, a), sub(b, 1)))))
}

/** aᵇ·log a, and 0 where a is 0 and b is not below 0: the limit for b > 0, for b = 0 PyTorch's choice. */
function powInExponent({ dy, x, y }: VjpContext<'pow'>): Tensor {
  const a = x(0)
  const b = x(1)
  const flat = logicalAnd(equal(a, 0), lessEqual(0, b))
  return where(flat, 0, mul(dy, mul(y, log(where(flat, 1, a)))))
}

const stepwise = 'the result is constant between jumps'

/** Gradients of the elementwise primitives. */
export const elementwiseRules = {
  neg: unary([], ({ dy }) => neg(dy)),
  abs: unary([0], ({ dy, x }) => mul(dy, sign(x(0)))),
  sign: constant(stepwise),
  floor: constant(stepwise),
  exp: unary(['y'], ({ dy, y }) => mul(dy, y)),
  log: unary([0], ({ dy, x }) => div(dy, x(0))),
  log1p: unary([0], ({ dy, x }) => div(dy, add(x(0), 1))),
  expm1: unary(['y'], ({ dy, y }) => mul(dy, add(y, 1))),
  sqrt: unary(['y'], ({ dy, y }) => mul(div(dy, y), 0.5)),
  rsqrt: unary(['y'], ({ dy, y }) => mul(mul(dy, pow(y, 3)), -0.5)),
  reciprocal: unary(['y'], ({ dy, y }) => neg(mul(dy, square(y)))),
  sin: unary([0], ({ dy, x }) => mul(dy, cos(x(0)))),
  cos: unary([0], ({ dy, x }) => neg(mul(dy, sin(x(0))))),
  tanh: unary(['y'], ({ dy, y }) => mul(dy, sub(1, square(y)))),
  sigmoid: unary(['y'], ({ dy, y }) => mul(dy, mul(y, sub(1, y)))),
  silu: unary([0], ({ dy, x }) => dispatch('siluGrad', [dy, x(0)], {})),
  erf: unary([0], ({ dy, x }) => mul(dy, mul(exp(neg(square(x(0)))), 2 / Math.sqrt(Math.PI)))),
  affine: unary([], ({ dy, params }) => mul(dy, params.scale)),
  divScalar: unary([], ({ dy, params }) => div(dy, params.divisor)),
  powScalar: unary([0], powScalar),
  clamp: unary([0], ({ dy, x, params }) =>
    where(logicalAnd(lessEqual(params.min, x(0)), lessEqual(x(0), params.max)), dy, 0),
  ),
  not: constant('bool tensors have no gradient'),
  cast: {
    kind: 'vjp',
    casts: true,
    input: () => ({ needs: [], grad: ({ dy }) => dy }),
    jvp: 'linear',
    constant: ({ dtype }, [x]) =>
      isFloat(dtype) && isFloat(x!.dtype) ? undefined : `a cast from ${x!.dtype} to ${dtype} moves in steps`,
  },
  add: broadcasting([[], ({ dy }) => dy], [[], ({ dy }) => dy]),
  sub: broadcasting([[], ({ dy }) => dy], [[], ({ dy }) => neg(dy)]),
  mul: broadcasting([[1], ({ dy, x }) => mul(dy, x(1))], [[0], ({ dy, x }) => mul(dy, x(0))]),
  div: broadcasting(
    [[1], ({ dy, x }) => div(dy, x(1))],
    [[1, 'y'], ({ dy, x, y }) => neg(div(mul(dy, y), x(1)))],
  ),
  pow: broadcasting([[0, 1], powInBase], [[0, 1, 'y'], powInExponent]),
  maximum: extreme('maximum'),
  minimum: extreme('minimum'),
  siluGrad: broadcasting(
    [[1], ({ dy, x }) => dispatch('siluGrad', [dy, x(1)], {})],
    [[0, 1], ({ dy, x }) => mul(mul(dy, x(0)), siluCurvature(x(1)))],
  ),
  eq: constant(stepwise),
  lt: constant(stepwise),
  le: constant(stepwise),
  and: constant('bool tensors have no gradient'),
  or: constant('bool tensors have no gradient'),
  where: broadcasting(
    undefined,
    [[0], ({ dy, x }) => where(x(0), dy, 0)],
    [[0], ({ dy, x }) => where(x(0), 0, dy)],
  ),
} satisfies { [P in PrimitiveName]?: Rule<P> }
