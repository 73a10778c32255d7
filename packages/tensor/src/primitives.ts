import type { DType } from './dtype.ts'
import { requireDType } from './dtype.ts'
import { DTypeError, ShapeError } from './errors.ts'
import type { PrimitiveName, PrimitiveParams } from './primitive-params.ts'
import type { Aval, Kind } from './rules/checks.ts'
import { requireAxes, requireIndices, requireIntegers, requireKind } from './rules/checks.ts'
import { conv2dShape } from './rules/conv2d.ts'
import { attentionShape, fusedArity, groupNormShape, softmaxShape, withEpilogue } from './rules/fused.ts'
import { matmulShape } from './rules/matmul.ts'
import type { Shape } from './shape.ts'
import { broadcastShapes, formatShape, isCount, reducedShape, sameShape, sizeOf } from './shape.ts'

export type * from './primitive-params.ts'
export type { Aval } from './rules/checks.ts'

export interface PrimitiveDef<P extends PrimitiveName> {
  /** Number of inputs; −1 for any number of at least one. */
  readonly arity: number
  /** Number of inputs where the parameters decide it, in place of `arity`. */
  arityOf?(params: PrimitiveParams[P]): number
  /** The kind of elements that all inputs have, in one element type; where it is missing, `shape` checks what it must. */
  readonly kind?: Kind
  /** Whether the result only looks at the input's memory another way. */
  readonly view?: true
  /** Inputs that may be stored as float16; views may be of any that are. */
  readonly half?: readonly number[]
  /** Shape of the result, or a typed error in the name of the primitive, `op`. */
  shape(inputs: readonly Aval[], params: PrimitiveParams[P], op: string): Shape
  /** Element type of the result, where it is not that of the first input. */
  dtype?(inputs: readonly Aval[], params: PrimitiveParams[P]): DType
}

const unary = (kind: Kind): PrimitiveDef<never> => ({ arity: 1, kind, shape: ([x]) => x!.shape })

const broadcast = (kind: Kind): PrimitiveDef<never> => ({
  arity: 2,
  kind,
  shape: ([a, b], _, op) => broadcastShapes(op, a!.shape, b!.shape),
})
const compare = (kind: Kind): PrimitiveDef<never> => ({ ...broadcast(kind), dtype: () => 'bool' })

type Reduction = PrimitiveDef<'reduceSum' | 'reduceMax' | 'reduceMin'>
const sum: Reduction = {
  arity: 1,
  kind: 'number',
  shape: ([x], { axes, keepDims }, op) => {
    requireAxes(op, x!, axes)
    return reducedShape(x!.shape, axes, keepDims)
  },
}

/** Axes that have an element. */
function requireElements(op: string, { shape }: Aval, axes: readonly number[]): void {
  if (axes.some((axis) => shape[axis] === 0))
    throw new ShapeError(op, 'an empty axis has no extreme', [shape])
}

const extreme: Reduction = {
  ...sum,
  shape: ([x], params, op) => {
    const shape = sum.shape([x!], params, op)
    requireElements(op, x!, params.axes)
    return shape
  },
}

const unaryNumbers = ['neg', 'abs', 'sign'] as const
const unaryFloats = [
  ...(['floor', 'exp', 'log', 'log1p', 'expm1', 'sqrt', 'rsqrt', 'reciprocal'] as const),
  ...(['sin', 'cos', 'tanh', 'sigmoid', 'silu', 'erf'] as const),
] as const

/** Functions of one number, elementwise and without parameters. */
export const unaryNames = [...unaryNumbers, ...unaryFloats] as const

/** One rule for several primitives. */
const each = <P extends PrimitiveName>(def: PrimitiveDef<never>, ...names: readonly P[]) =>
  Object.fromEntries(names.map((name) => [name, def])) as { readonly [Q in P]: PrimitiveDef<Q> }

/** A shape with another extent along one axis. */
const withExtent = (shape: Shape, axis: number, extent: number): Shape =>
  shape.map((n, i) => (i === axis ? extent : n))

/** Shape rules of every primitive. */
export const primitives: { readonly [P in PrimitiveName]: PrimitiveDef<P> } = {
  ...each(unary('number'), ...unaryNumbers),
  ...each(unary('float'), ...unaryFloats),
  ...each(unary('number'), 'affine'),
  ...each(unary('float'), 'divScalar', 'powScalar'),
  ...each(unary('number'), 'clamp'),
  ...each(unary('bool'), 'not'),
  cast: {
    arity: 1,
    shape: ([x], { dtype }, op) => {
      requireDType(op, dtype)
      return x!.shape
    },
    dtype: (_, { dtype }) => dtype,
  },
  ...each(broadcast('number'), 'add', 'sub', 'mul'),
  ...each(broadcast('float'), 'div', 'pow'),
  ...each(broadcast('number'), 'maximum', 'minimum'),
  ...each(broadcast('float'), 'siluGrad'),
  ...each(compare('any'), 'eq'),
  ...each(compare('number'), 'lt', 'le'),
  ...each(broadcast('bool'), 'and', 'or'),
  where: {
    arity: 3,
    shape: ([condition, a, b], _, op) => {
      if (condition!.dtype !== 'bool')
        throw new DTypeError(op, `the condition must be bool, got ${condition!.dtype}`)
      requireKind(op, 'any', [a!, b!])
      return broadcastShapes(op, condition!.shape, broadcastShapes(op, a!.shape, b!.shape))
    },
    dtype: ([, a]) => a!.dtype,
  },
  reduceSum: sum,
  reduceMax: extreme,
  reduceMin: extreme,
  argmax: {
    arity: 1,
    shape: ([x], { axis }, op) => {
      requireAxes(op, x!, [axis])
      requireElements(op, x!, [axis])
      return reducedShape(x!.shape, [axis], false)
    },
    dtype: () => 'int32',
  },
  cumsum: {
    arity: 1,
    kind: 'number',
    shape: ([x], { axis }, op) => {
      requireAxes(op, x!, [axis])
      return x!.shape
    },
  },
  matmul: { arity: 2, kind: 'float', half: [0, 1], shape: ([a, b]) => matmulShape(a!.shape, b!.shape) },
  conv2d: {
    arity: 2,
    kind: 'float',
    half: [1],
    shape: ([x, w], params) => conv2dShape(x!.shape, w!.shape, params),
  },
  gather: {
    arity: 2,
    half: [0],
    shape: ([x, indices], { axis }, op) => {
      const count = requireIndices(op, indices!)
      requireAxes(op, x!, [axis])
      return withExtent(x!.shape, axis, count)
    },
  },
  scatterAdd: {
    arity: 2,
    shape: ([updates, indices], { axis, size }, op) => {
      const count = requireIndices(op, indices!)
      requireAxes(op, updates!, [axis])
      if (!isCount(size)) throw new ShapeError(op, `the size must be a non-negative integer, got ${size}`)
      if (count !== updates!.shape[axis]) {
        throw new ShapeError(op, `needs one index per slice of axis ${axis}`, [
          updates!.shape,
          indices!.shape,
        ])
      }
      return withExtent(updates!.shape, axis, size)
    },
  },
  pad: {
    arity: 1,
    shape: ([x], { low, high }, op) => {
      requireIntegers(op, 'low', x!, low, 0)
      requireIntegers(op, 'high', x!, high, 0)
      return x!.shape.map((extent, i) => extent + low[i]! + high[i]!)
    },
  },
  concat: {
    arity: -1,
    kind: 'any',
    shape: (inputs, { axis }, op) => {
      requireAxes(op, inputs[0]!, [axis])
      const first = inputs[0]!.shape
      let extent = 0
      for (const { shape } of inputs) {
        if (shape.length !== first.length || shape.some((n, i) => i !== axis && n !== first[i])) {
          throw new ShapeError(op, `shapes may differ in axis ${axis} only`, [first, shape])
        }
        extent += shape[axis]!
      }
      return withExtent(first, axis, extent)
    },
  },
  contiguous: { arity: 1, half: [0], shape: ([x]) => x!.shape },
  reshape: {
    arity: 1,
    view: true,
    shape: ([x], { shape }, op) => {
      if (sizeOf(shape) !== sizeOf(x!.shape)) {
        throw new ShapeError(op, `${sizeOf(x!.shape)} elements do not fill ${formatShape(shape)}`, [x!.shape])
      }
      return shape
    },
  },
  transpose: {
    arity: 1,
    view: true,
    shape: ([x], { permutation }, op) => {
      const { shape } = x!
      const fits = new Set(permutation).size === shape.length && permutation.length === shape.length
      if (!fits || permutation.some((p) => !isCount(p) || p >= shape.length)) {
        throw new ShapeError(op, `[${permutation.join(', ')}] is no permutation of the axes`, [shape])
      }
      return permutation.map((p) => shape[p]!)
    },
  },
  slice: {
    arity: 1,
    view: true,
    shape: ([x], { start, size, step }, op) => {
      requireIntegers(op, 'start', x!, start)
      requireIntegers(op, 'size', x!, size, 0)
      requireIntegers(op, 'step', x!, step)
      x!.shape.forEach((extent, i) => {
        const first = start[i]!
        const last = start[i]! + (size[i]! - 1) * step[i]!
        const inside = (at: number) => at >= 0 && at < extent
        if (step[i] === 0 || (size[i]! > 0 && !(inside(first) && inside(last)))) {
          throw new ShapeError(
            op,
            `axis ${i}: ${size[i]} elements from ${first} by ${step[i]} leave 0 … ${extent - 1}`,
            [x!.shape],
          )
        }
      })
      return size
    },
  },
  broadcastTo: {
    arity: 1,
    view: true,
    shape: ([x], { shape }, op) => {
      if (!sameShape(broadcastShapes(op, x!.shape, shape), shape)) {
        throw new ShapeError(op, `cannot stretch to ${formatShape(shape)}`, [x!.shape])
      }
      return shape
    },
  },
  fusedConv2d: {
    arity: -1,
    arityOf: fusedArity('channel'),
    kind: 'float',
    half: [1],
    shape: (inputs, params, op) => {
      const shape = conv2dShape(inputs[0]!.shape, inputs[1]!.shape, params)
      return withEpilogue(op, inputs, shape, params, shape[1]!)
    },
  },
  fusedMatmul: {
    arity: -1,
    arityOf: fusedArity('row', 'column'),
    kind: 'float',
    half: [0, 1],
    shape: (inputs, params, op) => {
      const shape = matmulShape(inputs[0]!.shape, inputs[1]!.shape)
      return withEpilogue(op, inputs, shape, params, shape.at(params.bias === 'row' ? -2 : -1)!)
    },
  },
  groupNorm: { arity: 3, kind: 'float', shape: groupNormShape },
  groupNormGradInput: { arity: 4, kind: 'float', shape: groupNormShape },
  groupNormGradAffine: {
    arity: 4,
    kind: 'float',
    shape: (inputs, params, op) => [2, groupNormShape(inputs, params, op)[1]!],
  },
  groupNormGrad: {
    arity: 4,
    kind: 'float',
    shape: (inputs, params, op) => {
      const shape = groupNormShape(inputs, params, op)
      return [sizeOf(shape) + 2 * shape[1]!]
    },
  },
  softmax: { arity: 1, kind: 'float', shape: softmaxShape },
  softmaxGrad: { arity: 2, kind: 'float', shape: softmaxShape },
  attention: { arity: 3, kind: 'float', shape: attentionShape },
  attentionGrad: {
    arity: 4,
    kind: 'float',
    shape: (inputs, params, op) => {
      attentionShape(inputs, params, op)
      return [inputs.slice(0, 3).reduce((total, { shape }) => total + sizeOf(shape), 0)]
    },
  },
}

/** Shape and element type of a call's result, or a typed error that names the primitive. */
export function resultOf<P extends PrimitiveName>(
  primitive: P,
  inputs: readonly Aval[],
  params: PrimitiveParams[P],
): Aval {
  const def: PrimitiveDef<P> = primitives[primitive]
  if (def.kind !== undefined) requireKind(primitive, def.kind, inputs)
  return {
    shape: def.shape(inputs, params, primitive),
    dtype: def.dtype?.(inputs, params) ?? inputs[0]!.dtype,
  }
}

/** Names of all primitives, in the order of the table. */
export const primitiveNames = Object.keys(primitives) as PrimitiveName[]
