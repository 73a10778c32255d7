import { stopGradient } from '@tweedie/autograd'
import type { Activation, Conv2dOptions, Range, Shape, Tensor } from '@tweedie/tensor'
import * as t from '@tweedie/tensor'

/** A number of a program; JSON has no infinities. */
type Scalar = number | 'Infinity' | '-Infinity'
type None = Record<string, never>
type Axes = readonly number[] | null
interface Reduction {
  readonly axes: Axes
  readonly keepDims: boolean
}
interface OneAxis {
  readonly axis: number
}
interface OneNumber {
  readonly n: Scalar
}
type Pair = readonly [number, number]
/** What follows a product; the tensors are arguments after its own. */
interface Epilogue<Bias> {
  readonly bias: Bias
  readonly residual: boolean
  readonly activation: Activation
}

/** Ops without parameters, by the number of tensors they take. */
type Unary =
  | ('neg' | 'abs' | 'sign' | 'floor' | 'exp' | 'log' | 'log1p' | 'expm1' | 'sqrt' | 'rsqrt' | 'reciprocal')
  | ('sin' | 'cos' | 'tanh' | 'sigmoid' | 'silu' | 'erf' | 'relu' | 'square' | 'logicalNot' | 'contiguous')
  | ('matrixTranspose' | 'stopGradient' | 'toFloat' | 'castThroughFloat32' | 'squareInFloat32')
type Binary =
  | ('add' | 'sub' | 'mul' | 'div' | 'pow' | 'maximum' | 'minimum' | 'equal' | 'less' | 'lessEqual')
  | ('greater' | 'greaterEqual' | 'logicalAnd' | 'logicalOr' | 'matmul')

/** The parameters of every op of the programs. */
export type OpParams = { [O in Unary | Binary | 'where']: None } & {
  addNumber: OneNumber
  subtractFrom: OneNumber
  mulNumber: OneNumber
  divNumber: OneNumber
  divideInto: OneNumber
  powNumber: OneNumber
  numberPow: OneNumber
  maximumNumber: OneNumber
  lessNumber: OneNumber
  whereNumber: OneNumber
  clamp: { readonly min: Scalar; readonly max: Scalar }
  sum: Reduction
  mean: Reduction
  max: Reduction
  min: Reduction
  variance: Reduction & { readonly correction: number }
  logSumExp: Reduction
  norm: Reduction
  softmax: OneAxis
  cumsum: OneAxis
  takeMax: OneAxis
  sumTo: { readonly shape: Shape }
  gather: OneAxis & { readonly indices: readonly number[] }
  scatterAdd: OneAxis & { readonly indices: readonly number[]; readonly size: number }
  pad: { readonly widths: readonly Pair[] }
  concat: OneAxis
  stack: OneAxis
  reshape: { readonly shape: Shape }
  transpose: { readonly permutation: readonly number[] | null }
  slice: { readonly ranges: readonly Range[] }
  flip: { readonly axes: readonly number[] }
  broadcastTo: { readonly shape: Shape }
  expandDims: OneAxis
  squeeze: { readonly axes: Axes }
  conv2d: Required<Conv2dOptions>
  convTranspose2d: {
    readonly stride: Pair
    readonly padding: Pair
    readonly outputPadding: Pair
    readonly dilation: Pair
    readonly groups: number
  }
  groupNorm: { readonly groups: number; readonly eps: number; readonly silu: boolean }
  scaledDotProductAttention: { readonly scale: number | null }
  fusedConv2d: Required<Conv2dOptions> & Epilogue<boolean>
  fusedMatmul: Epilogue<'none' | 'row' | 'column'>
}

export type OpName = keyof OpParams

/** The meaning of one op in our tensors. */
export type Meaning<O extends OpName> = (args: readonly Tensor[], params: OpParams[O]) => Tensor

const one =
  (f: (x: Tensor) => Tensor): Meaning<Unary> =>
  ([x]) =>
    f(x!)
const two =
  (f: (a: Tensor, b: Tensor) => Tensor): Meaning<Binary> =>
  ([a, b]) =>
    f(a!, b!)

const axesOf = (axes: Axes): readonly number[] | undefined => axes ?? undefined
const indicesFor = (x: Tensor, indices: readonly number[]): Tensor =>
  t.fromData(indices, [indices.length], { dtype: 'int32', device: x.device })

/** √Σx² with gradient 0 at 0: the guard that PyTorch's norm has built in. */
function norm(x: Tensor, { axes, keepDims }: Reduction): Tensor {
  const squares = t.sum(t.square(x), axesOf(axes), keepDims)
  const zero = t.equal(squares, 0)
  return t.where(zero, 0, t.sqrt(t.where(zero, 1, squares)))
}

/**
 * Transposed convolution of x with w [Cin, Cout/groups, kh, kw] as PyTorch has it: the convolution of x, spread
 * out by the stride, with the kernel turned round and its channel roles exchanged within each group.
 */
function convTranspose2d(x: Tensor, w: Tensor, params: OpParams['convTranspose2d']): Tensor {
  const { stride, padding, outputPadding, dilation, groups } = params
  const [inChannels, perGroup, kh, kw] = w.shape as readonly [number, number, number, number]
  const split = t.reshape(t.flip(w, [2, 3]), [groups, inChannels / groups, perGroup, kh, kw])
  const turned = t.reshape(t.transpose(split, [0, 2, 1, 3, 4]), [
    groups * perGroup,
    inChannels / groups,
    kh,
    kw,
  ])
  const side = (axis: 0 | 1): Pair => {
    const low = dilation[axis] * ([kh, kw][axis]! - 1) - padding[axis]
    return [low, low + outputPadding[axis]]
  }
  return t.conv2d(x, turned, { lhsDilation: stride, padding: [side(0), side(1)], dilation, groups })
}

/** The bias and the residual among the arguments after those of the product itself. */
function epilogue<Bias>(
  rest: readonly Tensor[],
  { bias, residual, activation }: Epilogue<Bias>,
): { bias?: Tensor; residual?: Tensor; activation: Activation } {
  const hasBias = bias !== false && bias !== 'none'
  const [first, last] = [rest[0], rest.at(-1)]
  return {
    activation,
    ...(hasBias && first !== undefined ? { bias: first } : {}),
    ...(residual && last !== undefined ? { residual: last } : {}),
  }
}

/** What every op of the programs is in our tensors: one that is missing, or of other parameters, does not compile. */
export const ops: { readonly [O in OpName]: Meaning<O> } = {
  neg: one(t.neg),
  abs: one(t.abs),
  sign: one(t.sign),
  floor: one(t.floor),
  exp: one(t.exp),
  log: one(t.log),
  log1p: one(t.log1p),
  expm1: one(t.expm1),
  sqrt: one(t.sqrt),
  rsqrt: one(t.rsqrt),
  reciprocal: one(t.reciprocal),
  sin: one(t.sin),
  cos: one(t.cos),
  tanh: one(t.tanh),
  sigmoid: one(t.sigmoid),
  silu: one(t.silu),
  erf: one(t.erf),
  relu: one(t.relu),
  square: one(t.square),
  logicalNot: one(t.logicalNot),
  contiguous: one(t.contiguous),
  matrixTranspose: one(t.matrixTranspose),
  stopGradient: one(stopGradient),
  toFloat: one((x) => t.cast(x, 'float64')),
  castThroughFloat32: one((x) => t.cast(t.cast(x, 'float32'), 'float64')),
  squareInFloat32: one((x) => t.cast(t.square(t.cast(x, 'float32')), 'float64')),
  add: two(t.add),
  sub: two(t.sub),
  mul: two(t.mul),
  div: two(t.div),
  pow: two(t.pow),
  maximum: two(t.maximum),
  minimum: two(t.minimum),
  equal: two(t.equal),
  less: two(t.less),
  lessEqual: two(t.lessEqual),
  greater: two(t.greater),
  greaterEqual: two(t.greaterEqual),
  logicalAnd: two(t.logicalAnd),
  logicalOr: two(t.logicalOr),
  matmul: two(t.matmul),
  where: ([condition, a, b]) => t.where(condition!, a!, b!),
  addNumber: ([x], { n }) => t.add(x!, Number(n)),
  subtractFrom: ([x], { n }) => t.sub(Number(n), x!),
  mulNumber: ([x], { n }) => t.mul(x!, Number(n)),
  divNumber: ([x], { n }) => t.div(x!, Number(n)),
  divideInto: ([x], { n }) => t.div(Number(n), x!),
  powNumber: ([x], { n }) => t.pow(x!, Number(n)),
  numberPow: ([x], { n }) => t.pow(Number(n), x!),
  maximumNumber: ([x], { n }) => t.maximum(x!, Number(n)),
  lessNumber: ([x], { n }) => t.less(x!, Number(n)),
  whereNumber: ([condition, x], { n }) => t.where(condition!, x!, Number(n)),
  clamp: ([x], { min, max }) => t.clamp(x!, Number(min), Number(max)),
  sum: ([x], { axes, keepDims }) => t.sum(x!, axesOf(axes), keepDims),
  mean: ([x], { axes, keepDims }) => t.mean(x!, axesOf(axes), keepDims),
  max: ([x], { axes, keepDims }) => t.max(x!, axesOf(axes), keepDims),
  min: ([x], { axes, keepDims }) => t.min(x!, axesOf(axes), keepDims),
  variance: ([x], { axes, keepDims, correction }) => t.variance(x!, axesOf(axes), { keepDims, correction }),
  logSumExp: ([x], { axes, keepDims }) => t.logSumExp(x!, axesOf(axes), keepDims),
  norm: ([x], params) => norm(x!, params),
  softmax: ([x], { axis }) => t.softmax(x!, axis),
  cumsum: ([x], { axis }) => t.cumsum(x!, axis),
  takeMax: ([x], { axis }) => t.gather(x!, t.reshape(t.argmax(x!, axis), [-1]), axis),
  sumTo: ([x], { shape }) => t.sumTo(x!, shape),
  gather: ([x], { axis, indices }) => t.gather(x!, indicesFor(x!, indices), axis),
  scatterAdd: ([x], { axis, size, indices }) => t.scatterAdd(x!, indicesFor(x!, indices), size, axis),
  pad: ([x], { widths }) => t.pad(x!, widths),
  concat: (args, { axis }) => t.concat(args, axis),
  stack: (args, { axis }) => t.stack(args, axis),
  reshape: ([x], { shape }) => t.reshape(x!, shape),
  transpose: ([x], { permutation }) => t.transpose(x!, permutation ?? undefined),
  slice: ([x], { ranges }) => t.slice(x!, ...ranges),
  flip: ([x], { axes }) => t.flip(x!, axes),
  broadcastTo: ([x], { shape }) => t.broadcastTo(x!, shape),
  expandDims: ([x], { axis }) => t.expandDims(x!, axis),
  squeeze: ([x], { axes }) => t.squeeze(x!, axesOf(axes)),
  conv2d: ([x, w], params) => t.conv2d(x!, w!, params),
  convTranspose2d: ([x, w], params) => convTranspose2d(x!, w!, params),
  groupNorm: ([x, w, b], params) => t.groupNorm(x!, w!, b!, params),
  scaledDotProductAttention: ([q, k, v], { scale }) =>
    t.scaledDotProductAttention(q!, k!, v!, scale === null ? {} : { scale }),
  fusedConv2d: ([x, w, ...rest], { bias, residual, activation, ...geometry }) =>
    t.conv2d(x!, w!, { ...geometry, ...epilogue(rest, { bias, residual, activation }) }),
  fusedMatmul: ([a, b, ...rest], params) => t.matmul(a!, b!, epilogue(rest, params)),
}
