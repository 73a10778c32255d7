import type { PrimitiveName, Shape, Tensor, TypedArray } from './index.ts'
import * as T from './index.ts'
import { unaryNames } from './primitives.ts'

/** Parameters of a call as plain data: every number in it may be replaced. */
export type Plain =
  | number
  | string
  | boolean
  | null
  | undefined
  | readonly Plain[]
  | { readonly [key: string]: Plain }

/** Tensors of a call: small integers, so that sums are exact in any order. */
export interface Inputs {
  readonly device: T.Device
  x(...shape: number[]): Tensor
  /** int32 indices. */
  i(...values: number[]): Tensor
}

/** A call that is right with `args`, to be made with others in their place. */
export interface HostileCall {
  readonly args: readonly Plain[]
  /** What is wrong may be of any type. */
  run(inputs: Inputs, ...args: never[]): Tensor | TypedArray | Uint32Array | T.Key | number
}

const call = (args: readonly Plain[], run: HostileCall['run']): HostileCall => ({ args, run })

/** A primitive called without the op in front of it, which checks some of its parameters. */
const primitive = <P extends PrimitiveName>(
  name: P,
  params: Plain,
  inputs: (from: Inputs) => readonly Tensor[],
): HostileCall => call([params], (from, given) => T.dispatch(name, inputs(from), given))

const unary = (op: (x: Tensor, ...args: never[]) => Tensor, shape: Shape, ...args: Plain[]): HostileCall =>
  call(args, ({ x }, ...given) => op(x(...shape), ...given))

const binary = (op: (a: T.Operand, b: T.Operand) => Tensor): HostileCall =>
  call([2], ({ x }, number) => op(x(2, 3), number))

const conv = {
  stride: [1, 1],
  padding: [
    [1, 1],
    [0, 2],
  ],
  lhsDilation: [1, 1],
  rhsDilation: [1, 1],
  groups: 1,
}
const convOptions = { stride: 1, padding: 1, dilation: 1, lhsDilation: 1, groups: 1 }
const images = ({ x }: Inputs) => [x(1, 2, 4, 4), x(2, 2, 3, 3)]
const norm = { groups: 2, eps: 1e-5, silu: false }
const normInputs = ({ x }: Inputs) => [x(1, 4, 3), x(4), x(4)]
const attended = ({ x }: Inputs) => [x(2, 3), x(2, 4), x(2, 4)]
const key = T.randomKey(1)

/** Ops by name, some in several forms. Each number in their parameters stands for one that a caller worked out. */
export const hostileCalls: Readonly<Record<string, HostileCall>> = {
  add: binary(T.add),
  sub: binary(T.sub),
  mul: binary(T.mul),
  div: binary(T.div),
  pow: binary(T.pow),
  maximum: binary(T.maximum),
  minimum: binary(T.minimum),
  equal: binary(T.equal),
  less: binary(T.less),
  lessEqual: binary(T.lessEqual),
  greater: binary(T.greater),
  greaterEqual: binary(T.greaterEqual),
  where: call([2], ({ x }, b) => T.where(T.less(x(2), 1), x(2), b)),
  clamp: unary(T.clamp, [4], -1, 1),
  cast: unary(T.cast, [4], 'float64'),
  sum: unary(T.sum, [2, 3], [0, 1]),
  'sum of one axis': unary(T.sum, [2, 3], 1),
  max: unary(T.max, [2, 3], 1),
  min: unary(T.min, [2, 3], [0]),
  mean: unary(T.mean, [2, 3], 1),
  variance: unary(T.variance, [2, 3], 1, { correction: 1 }),
  logSumExp: unary(T.logSumExp, [2, 3], 1),
  argmax: unary(T.argmax, [2, 3], 1),
  cumsum: unary(T.cumsum, [2, 3], 1),
  sumTo: unary(T.sumTo, [2, 3], [1, 3]),
  softmax: unary(T.softmax, [2, 3], 0),
  reshape: unary(T.reshape, [2, 3], [3, 2]),
  'reshape to an unknown extent': unary(T.reshape, [2, 6], [3, -1]),
  transpose: unary(T.transpose, [2, 3], [1, 0]),
  'slice by ranges': unary(T.slice, [5, 6], [1, 4, 2], [-1, 0, -2]),
  'slice by indices': unary(T.slice, [5, 6], 1, -2),
  flip: unary(T.flip, [2, 3], [0, 1]),
  broadcastTo: unary(T.broadcastTo, [1, 3], [2, 3]),
  expandDims: unary(T.expandDims, [2, 3], 1),
  squeeze: unary(T.squeeze, [2, 1, 3, 1], [1, 3]),
  pad: unary(
    T.pad,
    [2, 3],
    [
      [1, 0],
      [0, 2],
    ],
  ),
  gather: call([0], ({ x, i }, axis) => T.gather(x(3, 2), i(2, 0, 1), axis)),
  scatterAdd: call([4, 1], ({ x, i }, size, axis) => T.scatterAdd(x(2, 3), i(2, 0, 2), size, axis)),
  concat: call([1], ({ x }, axis) => T.concat([x(2, 3), x(2, 1)], axis)),
  stack: call([1], ({ x }, axis) => T.stack([x(2, 3), x(2, 3)], axis)),
  conv2d: call([convOptions], (from, options) => T.conv2d(images(from)[0]!, images(from)[1]!, options)),
  'conv2d by pairs': call(
    [
      {
        stride: [2, 1],
        padding: [
          [1, 2],
          [3, -1],
        ],
        dilation: [1, 2],
        lhsDilation: [2, 1],
        groups: 1,
      },
    ],
    (from, options) => T.conv2d(images(from)[0]!, images(from)[1]!, options),
  ),
  // Few outputs of an axis that is as long as can be.
  'conv2d of far elements': call(
    [{ stride: 2 ** 29, padding: 0, dilation: 1, lhsDilation: 2 ** 29 }],
    ({ x }, options) => T.conv2d(x(1, 1, 4, 4), x(1, 1, 1, 1), options),
  ),
  'conv2d of far taps': call(
    [
      {
        padding: [
          [2 ** 19, 0],
          [0, 0],
        ],
        dilation: [2 ** 19, 1],
        stride: [2 ** 18, 1],
      },
    ],
    ({ x }, options) => T.conv2d(x(1, 1, 4, 4), x(1, 1, 2, 2), options),
  ),
  'conv2d of several rows of far taps': call(
    [
      {
        padding: [
          [7, 7],
          [7, 7],
        ],
        dilation: [7, 7],
        lhsDilation: [7, 1],
        groups: 2,
      },
    ],
    ({ x }, options) => T.conv2d(x(2, 4, 4, 5), x(4, 2, 2, 3), options),
  ),
  groupNorm: call([norm], (from, options) => {
    const [x, weight, bias] = normInputs(from)
    return T.groupNorm(x!, weight!, bias!, options)
  }),
  scaledDotProductAttention: call([{ scale: 0.5 }], ({ x }, options) =>
    T.scaledDotProductAttention(x(3, 2), x(4, 2), x(4, 2), options),
  ),
  channelAttention: call([{ scale: 0.5 }], ({ x }, options) =>
    T.channelAttention(x(2, 3), x(2, 4), x(2, 4), options),
  ),
  full: call([[2, 3], 4], ({ device }, shape, value) => T.full(shape, value, { device })),
  zeros: call([[2, 3]], ({ device }, shape) => T.zeros(shape, { device })),
  'zeros of bool': call([[2, 3]], ({ device }, shape) => T.zeros(shape, { device, dtype: 'bool' })),
  ones: call([[2, 3]], ({ device }, shape) => T.ones(shape, { device })),
  fullLike: unary(T.fullLike, [2], 3),
  arange: call([4, { start: 1, step: 2 }], ({ device }, count, options: object) =>
    T.arange(count, { ...options, device }),
  ),
  linspace: call([0, 1, 4], ({ device }, start, stop, count) => T.linspace(start, stop, count, { device })),
  eye: call([3], ({ device }, n) => T.eye(n, { device })),
  fromData: call(
    [
      [1, 2, 3, 4],
      [2, 2],
    ],
    ({ device }, data, shape) => T.fromData(data, shape, { device }),
  ),
  fromWriter: call([[2, 2]], ({ device }, shape) =>
    T.fromWriter(shape, (values) => void values.fill(1), { device }),
  ),
  storeFloat16: call(
    [
      [1, 2, 3, 4],
      [2, 2],
    ],
    ({ device }, data, shape) => T.widened(T.storeFloat16(data, shape, { device })),
  ),
  tensor: call([[1, 2, 3]], ({ device }, values) => T.tensor(values, { device })),
  uniform: call([[2, 3]], ({ device }, shape) => T.uniform(key, shape, { device })),
  normal: call([[2, 3]], ({ device }, shape) => T.normal([key, key.fold(1)], shape, { device })),
  randomWords: call([5], (_, count) => T.randomWords(key, count)),
  randomIntegers: call([7, 5], (_, below, count) => T.randomIntegers(key, below, count)),
  randomPermutation: call([5], (_, count) => T.randomPermutation(key, count)),
  randomUnits: call([4], (_, count) => T.randomUnits(key, count)),
  randomKey: call([5, 2], (_, seed, by) => T.randomWords(T.randomKey(seed).fold(by), 2)),
  // Primitives by themselves, as interpreters and rules call them.
  'primitive affine': primitive('affine', { scale: 2, shift: 1 }, ({ x }) => [x(3)]),
  'primitive divScalar': primitive('divScalar', { divisor: 2 }, ({ x }) => [x(3)]),
  'primitive powScalar': primitive('powScalar', { exponent: 2 }, ({ x }) => [x(3)]),
  'primitive clamp': primitive('clamp', { min: -1, max: 1 }, ({ x }) => [x(3)]),
  'primitive reduceSum': primitive('reduceSum', { axes: [0, 1], keepDims: true }, ({ x }) => [x(2, 3)]),
  'primitive reduceMax': primitive('reduceMax', { axes: [1], keepDims: false }, ({ x }) => [x(2, 3)]),
  'primitive reduceMin': primitive('reduceMin', { axes: [1], keepDims: false }, ({ x }) => [x(2, 3)]),
  'primitive argmax': primitive('argmax', { axis: 1 }, ({ x }) => [x(2, 3)]),
  'primitive cumsum': primitive('cumsum', { axis: 1 }, ({ x }) => [x(2, 3)]),
  'primitive gather': primitive('gather', { axis: 1 }, ({ x, i }) => [x(2, 3), i(2, 0)]),
  'primitive scatterAdd': primitive('scatterAdd', { axis: 1, size: 4 }, ({ x, i }) => [x(2, 3), i(2, 0, 2)]),
  'primitive pad': primitive('pad', { low: [1, 0], high: [0, 2] }, ({ x }) => [x(2, 3)]),
  'primitive concat': primitive('concat', { axis: 1 }, ({ x }) => [x(2, 3), x(2, 1)]),
  'primitive reshape': primitive('reshape', { shape: [3, 2] }, ({ x }) => [x(2, 3)]),
  'primitive transpose': primitive('transpose', { permutation: [1, 0] }, ({ x }) => [x(2, 3)]),
  'primitive slice': primitive('slice', { start: [1, 4], size: [2, 3], step: [1, -2] }, ({ x }) => [x(3, 5)]),
  'primitive broadcastTo': primitive('broadcastTo', { shape: [2, 3] }, ({ x }) => [x(1, 3)]),
  'primitive conv2d': primitive('conv2d', conv, images),
  'primitive fusedConv2d': primitive(
    'fusedConv2d',
    { ...conv, bias: 'channel', residual: false, activation: 'none' },
    (from) => [...images(from), from.x(2)],
  ),
  'primitive fusedMatmul': primitive(
    'fusedMatmul',
    { bias: 'row', residual: false, activation: 'none' },
    ({ x }) => [x(2, 3), x(3, 4), x(2)],
  ),
  'primitive groupNorm': primitive('groupNorm', norm, normInputs),
  'primitive groupNormGradInput': primitive('groupNormGradInput', norm, (from) => [
    ...normInputs(from),
    from.x(1, 4, 3),
  ]),
  'primitive groupNormGradAffine': primitive('groupNormGradAffine', norm, (from) => [
    ...normInputs(from),
    from.x(1, 4, 3),
  ]),
  'primitive groupNormGrad': primitive('groupNormGrad', norm, (from) => [
    ...normInputs(from),
    from.x(1, 4, 3),
  ]),
  'primitive attention': primitive('attention', { scale: 0.5 }, attended),
  'primitive attentionGrad': primitive('attentionGrad', { scale: 0.5 }, (from) => [
    ...attended(from),
    from.x(2, 3),
  ]),
}

/** Functions of the package that take no number beside tensors, or that are no ops. */
export const withoutNumbers: readonly string[] = [
  ...unaryNames,
  ...['relu', 'square', 'logicalNot', 'logicalAnd', 'logicalOr'],
  ...['contiguous', 'matrixTranspose', 'matmul', 'softmaxComposed', 'onesLike', 'zerosLike', 'fromNdarray'],
  // The meanings of fused ops, out of the ops above.
  ...['attentionComposed', 'groupNormComposed'],
  ...['fromFloat16', 'toFloat16', 'widened'],
  'resultOf',
  ...[
    'dispatch',
    'dispatchAt',
    'evaluate',
    'activeInterpreters',
    'pushInterpreter',
    'removeInterpreter',
    'record',
    'ifRunAgain',
    'settled',
  ],
  ...['withInterpreters', 'availableDevices', 'createWasmDevice', 'getDevice', 'registerDevice'],
  ...[
    'setDefaultDevice',
    'memory',
    'resetPeak',
    'peakBytesOf',
    'scope',
    'unscoped',
    'whenScopeEnds',
    'undoing',
    'isTensor',
    'treeLeaves',
    'treeMap',
  ],
  ...['bytesPerElement', 'isFloat', 'broadcastShapes', 'formatShape', 'sameShape', 'sizeOf', 'dilated'],
  'printable',
]

/** Numbers that a caller may have worked out by mistake. */
export const hostileNumbers: readonly (number | undefined)[] = [
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, undefined, -0, 0, 7],
  ...[0.5, -0.5, 1.5, -1, -2, -100_000, 1000, 1e30, 2 ** 53, -(2 ** 53)],
  ...[2 ** 29, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 32 + 1, 2 ** 62],
]

type Path = readonly (string | number)[]

/** Where the numbers of an argument list are. */
export function numbersIn(value: Plain, path: Path = []): Path[] {
  if (typeof value === 'number') return [path]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => numbersIn(inner, [...path, name]))
}

/** Where the lists are that a caller may have made too short or too long. */
export function listsIn(value: Plain, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return []
  const own = Array.isArray(value) && path.length > 0 ? [path] : []
  return [...own, ...Object.entries(value).flatMap(([name, inner]) => listsIn(inner, [...path, name]))]
}

/** The same with another value at a place. */
export function replaced(value: Plain, path: Path, by: (old: Plain) => Plain): Plain {
  const [first, ...rest] = path
  if (first === undefined) return by(value)
  if (Array.isArray(value)) return value.map((v, i) => (i === Number(first) ? replaced(v, rest, by) : v))
  const record = value as { readonly [key: string]: Plain }
  return { ...record, [first]: replaced(record[first], rest, by) }
}
