import type { PrimitiveName, Tensor } from '@tweedie/tensor'
import * as t from '@tweedie/tensor'
import type { Draw } from './calls.ts'

/** A random call of a public op, as a function of its float tensors. */
export interface OpCall {
  readonly inputs: readonly Tensor[]
  run(...inputs: Tensor[]): Tensor
}

type MakeCall = (draw: Draw) => OpCall

const axis = (d: Draw, x: Tensor): number => d.int(-x.rank, x.rank - 1)
const matrix = (d: Draw): Tensor => d.normal(d.shape(d.int(2, 3), 1))
const indices = (values: number[], { device }: Tensor) =>
  t.fromData(values, [values.length], { dtype: 'int32', device: device.name })

/** An op of one tensor, drawn by `values`, with options drawn for it. */
const unary =
  (
    make: (d: Draw, x: Tensor) => (x: Tensor) => Tensor,
    values: 'normal' | 'apart' | 'positive' = 'normal',
  ): MakeCall =>
  (d) => {
    const x = d[values](d.shape(d.int(1, 3), 1))
    return { inputs: [x], run: make(d, x) }
  }

/** A binary op with tensors that broadcast, or with a number on either side. */
const binary =
  (op: (a: t.Operand, b: t.Operand) => Tensor, values: 'normal' | 'apart' | 'positive'): MakeCall =>
  (d) => {
    const [a, b] = d.pair().map((shape) => d[values](shape)) as [Tensor, Tensor]
    const number = 0.5 + d.int(0, 3)
    const forms: OpCall[] = [
      { inputs: [a, b], run: op },
      { inputs: [a], run: (x) => op(x, number) },
      { inputs: [a], run: (x) => op(number, x) },
    ]
    return forms[d.int(0, 2)]!
  }

/** A reduction over one axis, some axes or all, with and without them kept. */
const reduction = (op: (x: Tensor, axes?: number | number[], keepDims?: boolean) => Tensor): MakeCall =>
  unary((d, x) => {
    const choices = [undefined, axis(d, x), Array.from(x.shape.keys()).slice(d.int(0, 1))]
    const [axes, keepDims] = [choices[d.int(0, 2)], d.int(0, 1) === 1]
    return (z) => op(z, axes, keepDims)
  })

const pair = (d: Draw, low: number, high: number): [number, number] => [d.int(low, high), d.int(low, high)]

function convolution(d: Draw): OpCall {
  const groups = d.int(1, 2)
  const [stride, dilation, lhsDilation] = [pair(d, 1, 3), pair(d, 1, 2), pair(d, 1, 2)]
  const [kernel, outChannels] = [pair(d, 1, 3), groups * d.int(1, 2)]
  const padding = [d.int(0, 2), pair(d, 0, 2), [pair(d, -1, 2), pair(d, -1, 2)]] as const
  const options = { stride, dilation, lhsDilation, groups, padding: padding[d.int(0, 2)]! }
  const extents = kernel.map((k, i) => (k - 1) * dilation[i]! + 3 + d.int(0, 2))
  const x = d.normal([d.int(1, 2), groups * d.int(1, 2), ...extents])
  const w = d.normal([outChannels, x.shape[1]! / groups, ...kernel])
  const plain = { inputs: [x, w], run: (a: Tensor, b: Tensor) => t.conv2d(a, b, options) }
  const biased = {
    inputs: [x, w, d.normal([outChannels])],
    run: (a: Tensor, b: Tensor, bias: Tensor) => t.conv2d(a, b, { ...options, bias, activation: 'silu' }),
  }
  return d.int(0, 1) === 0 ? plain : biased
}

function normalisation(d: Draw, op: typeof t.groupNormComposed): OpCall {
  const options = { groups: d.int(1, 2), eps: 0.1, silu: d.int(0, 1) === 1 }
  const channels = options.groups * d.int(1, 2)
  const x = d.normal([d.int(1, 2), channels, ...d.shape(d.int(1, 2), 2)])
  return {
    inputs: [x, d.normal([channels]), d.normal([channels])],
    run: (a, weight, bias) => op(a, weight, bias, options),
  }
}

/** Attention of a few heads, tokens before or after channels. */
function attention(d: Draw, op: (q: Tensor, k: Tensor, v: Tensor) => Tensor, tokensFirst: boolean): OpCall {
  const heads = d.shape(d.int(0, 2), 1)
  const [queries, keys, channels, values] = [d.int(1, 4), d.int(1, 4), d.int(1, 3), d.int(1, 3)]
  const make = (tokens: number, width: number) =>
    d.normal(tokensFirst ? [...heads, tokens, width] : [...heads, width, tokens])
  return { inputs: [make(queries, channels), make(keys, channels), make(keys, values)], run: op }
}

/** Several tensors of one shape, joined. */
const joined =
  (op: (tensors: readonly Tensor[], axis?: number) => Tensor): MakeCall =>
  (d) => {
    const shape = d.shape(2, 1)
    const at = d.int(0, 1)
    return {
      inputs: Array.from({ length: d.int(1, 3) }, () => d.normal(shape)),
      run: (...xs) => op(xs, at),
    }
  }

/** Public ops that are more than one primitive under the same name: one generator of calls each. */
export const opCalls = {
  relu: unary(() => t.relu, 'apart'),
  square: unary(() => t.square),
  clamp: unary((d) => {
    const most = [0.2, 100][d.int(0, 1)]!
    return (x) => t.clamp(x, -0.2, most)
  }, 'apart'),
  add: binary(t.add, 'normal'),
  sub: binary(t.sub, 'normal'),
  mul: binary(t.mul, 'normal'),
  div: binary(t.div, 'apart'),
  pow: binary(t.pow, 'positive'),
  maximum: binary(t.maximum, 'apart'),
  minimum: binary(t.minimum, 'apart'),
  where: (d) => {
    const [a, b] = d.pair().map((shape) => d.normal(shape)) as [Tensor, Tensor]
    const condition = t.less(d.apart(a.shape), 0)
    return d.int(0, 1) === 0
      ? { inputs: [a, b], run: (x, y) => t.where(condition, x, y) }
      : { inputs: [b], run: (y) => t.where(condition, 0.5, y) }
  },
  sum: reduction(t.sum),
  max: reduction(t.max),
  min: reduction(t.min),
  mean: reduction(t.mean),
  variance: unary((d, x) => {
    const options = { keepDims: d.int(0, 1) === 1, correction: 0.5 * d.int(0, 1) }
    const at = axis(d, x)
    return (z) => t.variance(z, at, options)
  }),
  softmax: unary((d, x) => {
    const at = axis(d, x)
    return (z) => t.softmax(z, at)
  }),
  softmaxComposed: unary(() => t.softmaxComposed),
  scaledDotProductAttention: (d) => attention(d, t.scaledDotProductAttention, true),
  channelAttention: (d) => attention(d, t.channelAttention, false),
  attentionComposed: (d) => attention(d, (q, k, v) => t.attentionComposed(q, k, v, { scale: 0.6 }), false),
  logSumExp: reduction(t.logSumExp),
  cumsum: unary((d, x) => {
    const at = axis(d, x)
    return (z) => t.cumsum(z, at)
  }),
  sumTo: (d) => {
    const [a, b] = d.pair()
    const whole = t.broadcastShapes('sumTo', a, b)
    return { inputs: [d.normal(whole)], run: (x) => t.sumTo(x, b) }
  },
  matmul: (d) => {
    const [m, k, n, batch] = [d.int(1, 4), d.int(0, 4), d.int(1, 4), d.int(1, 3)]
    const right = d.int(0, 1) === 0 ? [k, n] : [batch, k, n]
    const [x, w] = [d.normal([batch, m, k]), d.normal(right)]
    const activation = d.int(0, 1) === 0 ? 'none' : 'silu'
    if (d.int(0, 1) === 0) return { inputs: [x, w], run: (a, b) => t.matmul(a, b, { activation }) }
    const [rows, residual] = [d.normal([m, 1]), d.normal([batch, m, n])]
    return {
      inputs: [x, w, rows, residual],
      run: (a, b, bias, r) => t.matmul(a, b, { bias, residual: r, activation }),
    }
  },
  conv2d: convolution,
  groupNorm: (d) => normalisation(d, t.groupNorm),
  groupNormComposed: (d) => normalisation(d, t.groupNormComposed),
  reshape: unary(() => (x) => t.reshape(x, [-1, 1])),
  transpose: unary((d, x) => {
    const permutation = d.int(0, 1) === 0 ? undefined : [...x.shape.keys()].reverse()
    return (z) => t.transpose(z, permutation)
  }),
  matrixTranspose: (d) => ({ inputs: [matrix(d)], run: t.matrixTranspose }),
  slice: unary((d, x) => {
    const [from, step] = [d.int(0, 1), d.int(1, 2)]
    const first: t.Range = [[from, null, step] as const, [null, null, -step] as const, 0][d.int(0, 2)]!
    return (z) => t.slice(z, first, ...x.shape.slice(1).map(() => null))
  }),
  flip: unary((d, x) => {
    const at = axis(d, x)
    return (z) => t.flip(z, [at])
  }),
  broadcastTo: unary((d, x) => {
    const lead = d.int(0, 3)
    return (z) => t.broadcastTo(z, [lead, ...x.shape])
  }),
  expandDims: unary((d, x) => {
    const at = d.int(0, x.rank)
    return (z) => t.expandDims(z, at)
  }),
  squeeze: unary(() => (x) => t.squeeze(t.expandDims(x, 1))),
  contiguous: unary(() => (x) => t.contiguous(t.transpose(x))),
  concat: joined(t.concat),
  stack: joined(t.stack),
  pad: unary((d, x) => {
    const widths = x.shape.map((): [number, number] => [d.int(0, 2), d.int(0, 2)])
    return (z) => t.pad(z, widths)
  }),
  gather: (d) => {
    const x = d.normal([3, 2])
    const rows = indices([2, 0, 0, d.int(0, 2)], x)
    return { inputs: [x], run: (z) => t.gather(z, rows) }
  },
  scatterAdd: (d) => {
    const x = d.normal([2, 3])
    const places = indices([1, d.int(0, 4), 4], x)
    return { inputs: [x], run: (z) => t.scatterAdd(z, places, 5, 1) }
  },
} as const satisfies Readonly<Record<string, MakeCall>>

export type OpName = keyof typeof opCalls

/** Public ops that are one primitive each, of the same name where none is given. */
export const primitiveOps: Readonly<Record<string, PrimitiveName>> = {
  ...Object.fromEntries(
    t.primitiveNames
      .filter(
        (name) => t.primitives[name].arity === 1 && Object.hasOwn(t, name) && !Object.hasOwn(opCalls, name),
      )
      .map((name) => [name, name]),
  ),
  logicalNot: 'not',
  logicalAnd: 'and',
  logicalOr: 'or',
  equal: 'eq',
  less: 'lt',
  lessEqual: 'le',
  greater: 'lt',
  greaterEqual: 'le',
}
