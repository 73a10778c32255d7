import { requireDType } from './dtype.ts'
import { DTypeError, ShapeError } from './errors.ts'
import type { PrimitiveName, PrimitiveParams } from './primitive-params.ts'
import type { Aval } from './rules/checks.ts'
import { requireAxes, requireAxis, requireFloat, requireIntegers, requireSameDType } from './rules/checks.ts'
import { conv2dShape } from './rules/conv2d.ts'
import { attentionShape, fusedArity, groupNormCheck, withEpilogue } from './rules/fused.ts'
import { matmulShape } from './rules/matmul.ts'
import { broadcastShapes, formatShape, isCount, reducedShape, sameShape, sizeOf } from './shape.ts'

export type * from './primitive-params.ts'
export type { Aval } from './rules/checks.ts'

export interface PrimitiveDef<P extends PrimitiveName> {
  /** Number of inputs; −1 for any number of at least one. */
  readonly arity: number
  /** Number of inputs where the parameters decide it, in place of `arity`. */
  arityOf?(params: PrimitiveParams[P]): number
  /** Whether the result only looks at the input's memory another way. */
  readonly view?: true
  /** Shape and dtype of the result, or a typed error that names the primitive. */
  infer(inputs: readonly Aval[], params: PrimitiveParams[P]): Aval
}

const unaryFloat = (op: PrimitiveName): PrimitiveDef<never> => ({
  arity: 1,
  infer: (inputs) => {
    requireFloat(op, inputs)
    return inputs[0]!
  },
})

const unaryNumber = (op: PrimitiveName): PrimitiveDef<never> => ({
  arity: 1,
  infer: (inputs) => {
    if (inputs[0]!.dtype === 'bool') throw new DTypeError(op, 'needs numbers, got bool; cast first')
    return inputs[0]!
  },
})

const broadcast =
  (kind: 'number' | 'float' | 'compare' | 'logical') =>
  (op: PrimitiveName): PrimitiveDef<never> => ({
    arity: 2,
    infer: (inputs) => {
      const [a, b] = inputs as readonly [Aval, Aval]
      if (kind === 'float') requireFloat(op, inputs)
      requireSameDType(op, inputs)
      if ((kind === 'logical') !== (a.dtype === 'bool') && !(op === 'eq')) {
        throw new DTypeError(
          op,
          `needs ${kind === 'logical' ? 'bool' : 'numbers'}, got ${a.dtype}; cast first`,
        )
      }
      const shape = broadcastShapes(op, a.shape, b.shape)
      return { shape, dtype: kind === 'compare' || kind === 'logical' ? 'bool' : a.dtype }
    },
  })

const reduce = (
  op: 'reduceSum' | 'reduceMax' | 'reduceMin',
): PrimitiveDef<'reduceSum' | 'reduceMax' | 'reduceMin'> => ({
  arity: 1,
  infer: ([x], { axes, keepDims }) => {
    if (x!.dtype === 'bool') throw new DTypeError(op, 'needs numbers, got bool; cast first')
    requireAxes(op, x!, axes)
    if (op !== 'reduceSum' && axes.some((axis) => x!.shape[axis] === 0)) {
      throw new ShapeError(op, 'an empty axis has no extreme', [x!.shape])
    }
    return { shape: reducedShape(x!.shape, axes, keepDims), dtype: x!.dtype }
  },
})

const unaryNumbers = ['neg', 'abs', 'sign'] as const
const unaryFloats = [
  ...(['floor', 'exp', 'log', 'log1p', 'expm1', 'sqrt', 'rsqrt', 'reciprocal'] as const),
  ...(['sin', 'cos', 'tanh', 'sigmoid', 'silu', 'erf'] as const),
] as const

/** Functions of one number, elementwise and without parameters. */
export const unaryNames = [...unaryNumbers, ...unaryFloats] as const

/** One rule for several primitives. */
const each = <P extends PrimitiveName, Def>(make: (op: P) => Def, ...names: readonly P[]) =>
  Object.fromEntries(names.map((name) => [name, make(name)])) as Readonly<Record<P, Def>>

/** Shape rules of every primitive. */
export const primitives: { readonly [P in PrimitiveName]: PrimitiveDef<P> } = {
  ...each(unaryNumber, ...unaryNumbers),
  ...each(unaryFloat, ...unaryFloats),
  affine: unaryNumber('affine') as PrimitiveDef<'affine'>,
  divScalar: unaryFloat('divScalar') as PrimitiveDef<'divScalar'>,
  powScalar: unaryFloat('powScalar') as PrimitiveDef<'powScalar'>,
  clamp: unaryNumber('clamp') as PrimitiveDef<'clamp'>,
  not: {
    arity: 1,
    infer: ([x]) => {
      if (x!.dtype !== 'bool') throw new DTypeError('not', `needs bool, got ${x!.dtype}`)
      return x!
    },
  },
  cast: {
    arity: 1,
    infer: ([x], { dtype }) => {
      requireDType('cast', dtype)
      return { shape: x!.shape, dtype }
    },
  },
  ...each(broadcast('number'), 'add', 'sub', 'mul'),
  ...each(broadcast('float'), 'div', 'pow'),
  ...each(broadcast('number'), 'maximum', 'minimum'),
  ...each(broadcast('float'), 'siluGrad'),
  ...each(broadcast('compare'), 'eq', 'lt', 'le'),
  ...each(broadcast('logical'), 'and', 'or'),
  where: {
    arity: 3,
    infer: ([condition, a, b]) => {
      if (condition!.dtype !== 'bool') {
        throw new DTypeError('where', `the condition must be bool, got ${condition!.dtype}`)
      }
      requireSameDType('where', [a!, b!])
      const shape = broadcastShapes('where', condition!.shape, broadcastShapes('where', a!.shape, b!.shape))
      return { shape, dtype: a!.dtype }
    },
  },
  ...each(reduce, 'reduceSum', 'reduceMax', 'reduceMin'),
  argmax: {
    arity: 1,
    infer: ([x], { axis }) => {
      requireAxes('argmax', x!, [axis])
      if (x!.shape[axis] === 0) throw new ShapeError('argmax', 'an empty axis has no extreme', [x!.shape])
      return { shape: reducedShape(x!.shape, [axis], false), dtype: 'int32' }
    },
  },
  cumsum: {
    arity: 1,
    infer: ([x], { axis }) => {
      if (x!.dtype === 'bool') throw new DTypeError('cumsum', 'needs numbers, got bool; cast first')
      requireAxes('cumsum', x!, [axis])
      return x!
    },
  },
  matmul: {
    arity: 2,
    infer: (inputs) => {
      requireFloat('matmul', inputs)
      requireSameDType('matmul', inputs)
      return { shape: matmulShape(inputs[0]!.shape, inputs[1]!.shape), dtype: inputs[0]!.dtype }
    },
  },
  conv2d: {
    arity: 2,
    infer: (inputs, params) => {
      requireFloat('conv2d', inputs)
      requireSameDType('conv2d', inputs)
      return { shape: conv2dShape(inputs[0]!.shape, inputs[1]!.shape, params), dtype: inputs[0]!.dtype }
    },
  },
  gather: {
    arity: 2,
    infer: ([x, indices], { axis }) => {
      if (indices!.dtype !== 'int32')
        throw new DTypeError('gather', `indices must be int32, got ${indices!.dtype}`)
      if (indices!.shape.length !== 1)
        throw new ShapeError('gather', 'indices must be one-dimensional', [indices!.shape])
      requireAxes('gather', x!, [axis])
      return {
        shape: x!.shape.map((extent, i) => (i === axis ? indices!.shape[0]! : extent)),
        dtype: x!.dtype,
      }
    },
  },
  scatterAdd: {
    arity: 2,
    infer: ([updates, indices], { axis, size }) => {
      if (indices!.dtype !== 'int32')
        throw new DTypeError('scatterAdd', `indices must be int32, got ${indices!.dtype}`)
      requireAxes('scatterAdd', updates!, [axis])
      if (!isCount(size))
        throw new ShapeError('scatterAdd', `the size must be a non-negative integer, got ${size}`)
      if (indices!.shape.length !== 1 || indices!.shape[0] !== updates!.shape[axis]) {
        throw new ShapeError('scatterAdd', `needs one index per slice of axis ${axis}`, [
          updates!.shape,
          indices!.shape,
        ])
      }
      return { shape: updates!.shape.map((extent, i) => (i === axis ? size : extent)), dtype: updates!.dtype }
    },
  },
  pad: {
    arity: 1,
    infer: ([x], { low, high }) => {
      requireIntegers('pad', 'low', x!, low, 0)
      requireIntegers('pad', 'high', x!, high, 0)
      return { shape: x!.shape.map((extent, i) => extent + low[i]! + high[i]!), dtype: x!.dtype }
    },
  },
  concat: {
    arity: -1,
    infer: (inputs, { axis }) => {
      requireSameDType('concat', inputs)
      requireAxes('concat', inputs[0]!, [axis])
      const first = inputs[0]!.shape
      let extent = 0
      for (const { shape } of inputs) {
        if (shape.length !== first.length || shape.some((n, i) => i !== axis && n !== first[i])) {
          throw new ShapeError('concat', `shapes may differ in axis ${axis} only`, [first, shape])
        }
        extent += shape[axis]!
      }
      return { shape: first.map((n, i) => (i === axis ? extent : n)), dtype: inputs[0]!.dtype }
    },
  },
  contiguous: { arity: 1, infer: ([x]) => x! },
  reshape: {
    arity: 1,
    view: true,
    infer: ([x], { shape }) => {
      if (sizeOf(shape) !== sizeOf(x!.shape)) {
        throw new ShapeError('reshape', `${sizeOf(x!.shape)} elements do not fill ${formatShape(shape)}`, [
          x!.shape,
        ])
      }
      return { shape, dtype: x!.dtype }
    },
  },
  transpose: {
    arity: 1,
    view: true,
    infer: ([x], { permutation }) => {
      const seen = new Set(permutation)
      if (
        permutation.length !== x!.shape.length ||
        seen.size !== permutation.length ||
        permutation.some((p) => !isCount(p) || p >= x!.shape.length)
      ) {
        throw new ShapeError('transpose', `[${permutation.join(', ')}] is no permutation of the axes`, [
          x!.shape,
        ])
      }
      return { shape: permutation.map((p) => x!.shape[p]!), dtype: x!.dtype }
    },
  },
  slice: {
    arity: 1,
    view: true,
    infer: ([x], { start, size, step }) => {
      requireIntegers('slice', 'start', x!, start)
      requireIntegers('slice', 'size', x!, size, 0)
      requireIntegers('slice', 'step', x!, step)
      x!.shape.forEach((extent, i) => {
        const [first, last] = [start[i]!, start[i]! + (size[i]! - 1) * step[i]!]
        const inside = (at: number) => at >= 0 && at < extent
        if (step[i] === 0 || (size[i]! > 0 && !(inside(first) && inside(last)))) {
          throw new ShapeError(
            'slice',
            `axis ${i}: ${size[i]} elements from ${first} by ${step[i]} leave 0 … ${extent - 1}`,
            [x!.shape],
          )
        }
      })
      return { shape: size, dtype: x!.dtype }
    },
  },
  broadcastTo: {
    arity: 1,
    view: true,
    infer: ([x], { shape }) => {
      if (!sameShape(broadcastShapes('broadcastTo', x!.shape, shape), shape)) {
        throw new ShapeError('broadcastTo', `cannot stretch to ${formatShape(shape)}`, [x!.shape])
      }
      return { shape, dtype: x!.dtype }
    },
  },
  fusedConv2d: {
    arity: -1,
    arityOf: fusedArity('channel'),
    infer: (inputs, params) => {
      const shape = conv2dShape(inputs[0]!.shape, inputs[1]!.shape, params)
      return withEpilogue('fusedConv2d', inputs, shape, params, shape[1]!)
    },
  },
  fusedMatmul: {
    arity: -1,
    arityOf: fusedArity('row', 'column'),
    infer: (inputs, params) => {
      const shape = matmulShape(inputs[0]!.shape, inputs[1]!.shape)
      const length = shape.at(params.bias === 'row' ? -2 : -1)!
      return withEpilogue('fusedMatmul', inputs, shape, params, length)
    },
  },
  groupNorm: {
    arity: 3,
    infer: ([x, weight, bias], params) => {
      groupNormCheck('groupNorm', x!, [weight!, bias!], params)
      return x!
    },
  },
  groupNormGradInput: {
    arity: 4,
    infer: ([x, weight, bias, dy], params) => {
      groupNormCheck('groupNormGradInput', x!, [weight!, bias!, dy!], params)
      return x!
    },
  },
  groupNormGradAffine: {
    arity: 4,
    infer: ([x, weight, bias, dy], params) => {
      groupNormCheck('groupNormGradAffine', x!, [weight!, bias!, dy!], params)
      return { shape: [2, x!.shape[1]!], dtype: x!.dtype }
    },
  },
  groupNormGrad: {
    arity: 4,
    infer: ([x, weight, bias, dy], params) => {
      groupNormCheck('groupNormGrad', x!, [weight!, bias!, dy!], params)
      return { shape: [sizeOf(x!.shape) + 2 * x!.shape[1]!], dtype: x!.dtype }
    },
  },
  softmax: {
    arity: 1,
    infer: ([x]) => {
      requireFloat('softmax', [x!])
      requireAxis('softmax', x!)
      return x!
    },
  },
  softmaxGrad: {
    arity: 2,
    infer: ([y, dy]) => {
      requireFloat('softmaxGrad', [y!])
      requireSameDType('softmaxGrad', [y!, dy!])
      requireAxis('softmaxGrad', y!)
      if (!sameShape(y!.shape, dy!.shape)) {
        throw new ShapeError('softmaxGrad', 'y and its gradient must have one shape', [y!.shape, dy!.shape])
      }
      return y!
    },
  },
  attention: {
    arity: 3,
    infer: (inputs) => ({ shape: attentionShape('attention', inputs), dtype: inputs[0]!.dtype }),
  },
  attentionGrad: {
    arity: 4,
    infer: (inputs) => {
      attentionShape('attentionGrad', inputs)
      const size = inputs.slice(0, 3).reduce((total, { shape }) => total + sizeOf(shape), 0)
      return { shape: [size], dtype: inputs[0]!.dtype }
    },
  },
}

/** Names of all primitives, in the order of the table. */
export const primitiveNames = Object.keys(primitives) as PrimitiveName[]
