import type { KernelCall } from '../../device.ts'
import type { DType } from '../../dtype.ts'
import type { PrimitiveName, PrimitiveParams } from '../../primitives.ts'
import { sizeOf } from '../../shape.ts'
import type { Planner, Program } from './program.ts'
import { broadcastStrides, elementOfThread, literal, rounded, threadOf } from './program.ts'

const names = ['x', 'y', 'z']

/** A kernel that loads the inputs (stretched to the result's shape) as x, y, z, runs `body`, and returns `r`. */
function pointwise(call: KernelCall, body: string, scalars: readonly number[] = []): Program {
  const length = sizeOf(call.shape)
  const loads = call.inputs.map((input, i) => {
    const view = { shape: call.shape, strides: broadcastStrides(input, call.shape), offset: input.offset }
    return `const ${names[i]} = ${elementOfThread(i, view, call.shape, threadOf(length))};`
  })
  return [
    { body: [...loads, body, 'return r;'].join('\n'), length, inputs: call.inputs.map((_, i) => i), scalars },
  ]
}

const of =
  (value: string) =>
  (call: KernelCall): Program =>
    pointwise(call, `let r = ${value};`)

const test =
  (condition: string) =>
  (call: KernelCall): Program =>
    pointwise(call, `let r = 0;\nif (${condition}) { r = 1; }`)

/** The larger (or smaller) of x and y; NaN where either is. */
const extreme = (than: '>' | '<') => (call: KernelCall) =>
  pointwise(call, `let r = y;\nif (x ${than} y) { r = x; }\nif (!(x === x)) { r = x; }`)

/** x to a whole power by repeated squaring. */
function wholePower(exponent: number): string {
  const lines = ['let r = 1.0;', 'let p = x;']
  for (let left = Math.abs(exponent); left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) lines.push('r = r * p;')
    if (left > 1) lines.push('p = p * p;')
  }
  if (exponent < 0) lines.push('r = 1 / r;')
  return lines.join('\n')
}

function powerBody(exponent: number): string {
  if (Number.isInteger(exponent) && Math.abs(exponent) <= 32) return wholePower(exponent)
  if (exponent === 0.5) return 'let r = Math.sqrt(x);'
  if (exponent === -0.5) return 'let r = 1 / Math.sqrt(x);'
  return `let r = powerOf(x, ${literal('powScalar', exponent)});`
}

/** x over a number; over ±∞, which kernels are not given, x·±0. */
function quotient(call: KernelCall<'divScalar'>): Program {
  const held = Math.fround(call.params.divisor)
  if (Math.abs(held) !== Number.POSITIVE_INFINITY) {
    return pointwise(call, 'let r = x / s0;', [rounded('divScalar', held)])
  }
  return pointwise(call, `let r = x * ${held > 0 ? '0.0' : '(-0.0)'};`)
}

function clampBody({ min, max }: PrimitiveParams['clamp']): string {
  const lines = ['let r = x;']
  if (min !== Number.NEGATIVE_INFINITY) {
    const low = literal('clamp', min)
    lines.push(`if (r < ${low}) { r = ${low}; }`)
  }
  if (max !== Number.POSITIVE_INFINITY) {
    const high = literal('clamp', max)
    lines.push(`if (r > ${high}) { r = ${high}; }`)
  }
  return lines.join('\n')
}

/** Toward zero; NaN is 0. */
const toWhole = 'let r = Math.floor(Math.abs(x));\nif (x < 0) { r = -r; }\nif (!(x === x)) { r = 0; }'

const castTo: { readonly [D in DType]: (call: KernelCall) => Program } = {
  bool: test('!(x === 0)'),
  float32: of('x'),
  float64: of('x'),
  int32: (call) => pointwise(call, call.inputs[0]!.dtype === 'float32' ? toWhole : 'let r = x;'),
}

/** Elementwise primitives. Truth is the float 1, falsehood 0. */
export const elementwisePlanners = {
  neg: of('-x'),
  abs: of('Math.abs(x)'),
  sign: (call) => pointwise(call, 'let r = x;\nif (x > 0) { r = 1; }\nif (x < 0) { r = -1; }'),
  floor: of('Math.floor(x)'),
  exp: of('expOf(x)'),
  log: of('logOf(x)'),
  log1p: of('log1pOf(x)'),
  expm1: of('expm1Of(x)'),
  sqrt: of('Math.sqrt(x)'),
  rsqrt: of('1 / Math.sqrt(x)'),
  reciprocal: of('1 / x'),
  sin: of('sineOf(x, 0)'),
  cos: of('sineOf(x, 1)'),
  tanh: of('tanhOf(x)'),
  sigmoid: of('sigmoidOf(x)'),
  silu: of('siluOf(x)'),
  erf: of('erfOf(x)'),
  affine: (call) => {
    const { scale, shift } = call.params
    return pointwise(call, 'let r = x * s0 + s1;', [rounded('affine', scale), rounded('affine', shift)])
  },
  divScalar: quotient,
  powScalar: (call) => pointwise(call, powerBody(call.params.exponent)),
  clamp: (call) => {
    const { min, max } = call.params
    // Bounds of integers are as integers hold them.
    const bounds = call.dtype === 'int32' ? { min: Math.trunc(min), max: Math.trunc(max) } : { min, max }
    return pointwise(call, clampBody(bounds))
  },
  not: test('x < 0.5'),
  cast: (call) => castTo[call.dtype](call),
  contiguous: of('x'),
  add: of('x + y'),
  sub: of('x - y'),
  mul: of('x * y'),
  div: of('x / y'),
  pow: of('powerOf(x, y)'),
  maximum: extreme('>'),
  minimum: extreme('<'),
  siluGrad: of('x * siluSlopeOf(y)'),
  eq: test('x === y'),
  lt: test('x < y'),
  le: test('x <= y'),
  and: test('x > 0.5 && y > 0.5'),
  or: test('x > 0.5 || y > 0.5'),
  where: (call) => pointwise(call, 'let r = z;\nif (x > 0.5) { r = y; }'),
} satisfies { [P in PrimitiveName]?: Planner<P> }
