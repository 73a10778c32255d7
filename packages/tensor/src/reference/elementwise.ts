import { converted } from '../dtype.ts'
import type { PrimitiveName, PrimitiveParams } from '../primitives.ts'
import type { HostOut, HostView, ReferenceKernel } from './host.ts'
import { packed, packedAs } from './host.ts'

/** Error function to full double precision: Maclaurin series below 2.5, continued fraction of erfc above. */
export function erf(x: number): number {
  const z = Math.abs(x)
  if (Number.isNaN(x)) return Number.NaN
  if (z < 2.5) {
    let term = z
    let sum = z
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (2 * z * z) / (2 * n + 1)
      sum += term
    }
    return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * sum
  }
  if (z > 6) return Math.sign(x)
  let fraction = 0
  for (let n = 60; n >= 1; n--) fraction = n / 2 / (z + fraction)
  return Math.sign(x) * (1 - Math.exp(-z * z) / Math.sqrt(Math.PI) / (z + fraction))
}

export const sigmoid = (x: number): number =>
  x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))

export const silu = (x: number): number => (x === -Infinity ? -0 : x * sigmoid(x))

/** d silu(x)/dx. */
export const siluSlope = (x: number): number => {
  const s = sigmoid(x)
  return s === 0 || s === 1 ? s : s * (1 + x * (1 - s))
}

/** aᵇ by IEEE 754, as in NumPy and PyTorch: `**`, but 1 to any power is 1, and so is −1 to ±∞. */
export const power = (a: number, b: number): number =>
  a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b

/** xᵖ for exponents that one exactly rounded operation gives. */
const powers: ReadonlyMap<number, (x: number) => number> = new Map([
  [1, (x) => x],
  [2, (x) => x * x],
  [-1, (x) => 1 / x],
])

// NaN in either operand gives NaN, as in Math.max and IEEE maximum.
const scalarUnary = {
  neg: (x) => -x,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
  exp: Math.exp,
  log: Math.log,
  log1p: Math.log1p,
  expm1: Math.expm1,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  reciprocal: (x) => 1 / x,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  sigmoid,
  silu,
  erf,
  not: (x) => (x === 0 ? 1 : 0),
} satisfies Partial<Record<PrimitiveName, (x: number) => number>>

const scalarBinary = {
  pow: power,
  maximum: Math.max,
  minimum: Math.min,
  /** The gradient dy that reached silu(x), times its slope. */
  siluGrad: (dy, x) => dy * siluSlope(x),
  eq: (a, b) => (a === b ? 1 : 0),
  lt: (a, b) => (a < b ? 1 : 0),
  le: (a, b) => (a <= b ? 1 : 0),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
} satisfies Partial<Record<PrimitiveName, (a: number, b: number) => number>>

function map(fn: (x: number) => number): ReferenceKernel<never> {
  return ([x], _params, out) => {
    const values = packed(x!)
    for (let i = 0; i < values.length; i++) out.data[i] = fn(values[i]!)
  }
}

function zip(fn: (a: number, b: number) => number): ReferenceKernel<never> {
  return ([a, b], _params, out) => {
    const p = packedAs(a!, out.shape)
    const q = packedAs(b!, out.shape)
    for (let i = 0; i < p.length; i++) out.data[i] = fn(p[i]!, q[i]!)
  }
}

/** Numbers given as parameters, as the element type of the result holds them. */
const held = (out: HostOut, ...numbers: readonly number[]): number[] =>
  numbers.map(out.dtype === 'float32' ? Math.fround : (v) => v)

/** Maps x by a function of one number that `make` sets up for the parameters. */
function mapWith(
  numbers: readonly number[],
  make: (numbers: readonly number[]) => (x: number) => number,
  x: HostView,
  out: HostOut,
): void {
  map(make(numbers))([x], {} as never, out)
}

type Kernels<K extends PrimitiveName> = { [P in K]: ReferenceKernel<P> }

function mapTable<K extends string, F, G>(table: Record<K, F>, wrap: (fn: F) => G): Record<K, G> {
  return Object.fromEntries(Object.entries(table).map(([name, fn]) => [name, wrap(fn as F)])) as Record<K, G>
}

/** The commonest, each a loop of its own, which is compiled without a call for each element. */
const arithmeticLoops = {
  add: ([a, b], _params, { data, shape }) => {
    const [p, q] = [packedAs(a!, shape), packedAs(b!, shape)]
    for (let i = 0; i < p.length; i++) data[i] = p[i]! + q[i]!
  },
  sub: ([a, b], _params, { data, shape }) => {
    const [p, q] = [packedAs(a!, shape), packedAs(b!, shape)]
    for (let i = 0; i < p.length; i++) data[i] = p[i]! - q[i]!
  },
  mul: ([a, b], _params, { data, shape }) => {
    const [p, q] = [packedAs(a!, shape), packedAs(b!, shape)]
    for (let i = 0; i < p.length; i++) data[i] = p[i]! * q[i]!
  },
  div: ([a, b], _params, { data, shape }) => {
    const [p, q] = [packedAs(a!, shape), packedAs(b!, shape)]
    for (let i = 0; i < p.length; i++) data[i] = p[i]! / q[i]!
  },
  affine: ([x], { scale, shift }, out) => {
    const [a, b] = held(out, scale, shift)
    const [values, data] = [packed(x!), out.data]
    for (let i = 0; i < values.length; i++) data[i] = a! * values[i]! + b!
  },
} satisfies Kernels<'add' | 'sub' | 'mul' | 'div' | 'affine'>

/** Elementwise primitives as plain loops. */
export const elementwiseKernels = {
  ...(mapTable(scalarUnary, map) as Kernels<keyof typeof scalarUnary>),
  ...(mapTable(scalarBinary, zip) as Kernels<keyof typeof scalarBinary>),
  ...arithmeticLoops,
  divScalar: ([x], { divisor }: PrimitiveParams['divScalar'], out) =>
    mapWith(
      held(out, divisor),
      ([b]) =>
        (v) =>
          v / b!,
      x!,
      out,
    ),
  powScalar: ([x], { exponent }: PrimitiveParams['powScalar'], out) =>
    mapWith([exponent], () => powers.get(exponent) ?? ((v) => power(v, exponent)), x!, out),
  clamp: ([x], { min, max }: PrimitiveParams['clamp'], out) =>
    mapWith(
      held(out, min, max),
      ([low, high]) =>
        (v) =>
          Math.min(Math.max(v, low!), high!),
      x!,
      out,
    ),
  cast: ([x], _params, out) => map(converted[out.dtype])([x!], {} as never, out),
  where: ([condition, a, b], _params, out) => {
    const [c, p, q] = [condition!, a!, b!].map((input) => packedAs(input, out.shape))
    for (let i = 0; i < c!.length; i++) out.data[i] = c![i] ? p![i]! : q![i]!
  },
} satisfies { [P in PrimitiveName]?: ReferenceKernel<P> }
