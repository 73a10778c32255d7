import type { View } from '../device.ts'
import type { DType } from '../dtype.ts'
import type { PrimitiveName, PrimitiveParams } from '../primitives.ts'
import { resultOf, unaryNames } from '../primitives.ts'
import { sizeOf } from '../shape.ts'

/** A view with its memory on the host. */
export interface HostInput extends Omit<View, 'buffer'> {
  readonly data: readonly number[]
}

/** One primitive call, to run on any device. */
export interface Case<P extends PrimitiveName = PrimitiveName> {
  readonly primitive: P
  readonly inputs: readonly HostInput[]
  readonly params: PrimitiveParams[P]
  /** Size of the numbers that add up to the result, where they may cancel: rounding is relative to them. */
  readonly size?: number
}

/** Where random choices come from: whole numbers of at least 0. */
export type Draw = () => number

/** Numbers from a seed, where no property-test library is at hand (in a web page). */
export function seeded(seed: number): Draw {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 8
  }
}

const pick = <T>(draw: Draw, from: readonly T[]): T => from[draw() % from.length]!
const upTo = (draw: Draw, least: number, most: number): number => least + (draw() % (most - least + 1))
const shapeOf = (draw: Draw, rank: number, most = 4): number[] =>
  Array.from({ length: rank }, () => upTo(draw, 1, most))

/** Random strides over a shape: permuted axes, gaps, backward and repeated ones; multiples of 1/8 as values. */
export function viewOf(draw: Draw, shape: readonly number[], dtype: DType = 'float32', scale = 1): HostInput {
  const strides = new Array<number>(shape.length).fill(0)
  let step = upTo(draw, 1, 2)
  let lowest = 0
  let highest = 0
  const axes = shape.map((_, i) => i)
  while (axes.length > 0) {
    const axis = axes.splice(draw() % axes.length, 1)[0]!
    const kind = draw() % 8
    const stride = kind === 0 ? 0 : kind < 3 ? -step : step
    strides[axis] = stride
    const reach = (shape[axis]! - 1) * stride
    if (reach < 0) lowest += reach
    else highest += reach
    step *= shape[axis]! + (draw() % 2)
  }
  const offset = -lowest + upTo(draw, 0, 2)
  const values = seeded(draw())
  const data = Array.from({ length: offset + highest + 1 + (draw() % 2) }, () => {
    const value = (values() % 49) - 24
    return dtype === 'bool' ? value & 1 : (value / 8) * scale
  })
  return { data, dtype, shape, strides, offset }
}

/** A shape that broadcasts to `shape`. */
const narrowed = (draw: Draw, shape: readonly number[]): number[] =>
  shape.map((n) => (draw() % 4 === 0 ? 1 : n)).slice(draw() % 4 === 0 ? Math.min(1, shape.length) : 0)

type Family = (draw: Draw) => Case

const unary =
  (primitive: PrimitiveName, change: (x: number) => number = (x) => x, dtype: DType = 'float32'): Family =>
  (draw) => {
    const x = viewOf(draw, shapeOf(draw, upTo(draw, 0, 4)), dtype)
    return { primitive, inputs: [{ ...x, data: x.data.map(change) }], params: {} }
  }

const binary =
  (primitive: PrimitiveName, dtype: DType = 'float32', change: (x: number) => number = (x) => x): Family =>
  (draw) => {
    const shape = shapeOf(draw, upTo(draw, 0, 4))
    const [a, b] = [viewOf(draw, narrowed(draw, shape), dtype), viewOf(draw, narrowed(draw, shape), dtype)]
    return { primitive, inputs: [{ ...a, data: a.data.map(change) }, b], params: {} }
  }

const reduction =
  (primitive: 'reduceSum' | 'reduceMax' | 'reduceMin'): Family =>
  (draw) => {
    const long = draw() % 6 === 0
    const shape = long
      ? [upTo(draw, 1, 3), upTo(draw, 1100, 2300), upTo(draw, 1, 2)]
      : shapeOf(draw, upTo(draw, 0, 4))
    const axes = shape.map((_, i) => i).filter((i) => (long && i === 1) || draw() % 2 === 0)
    return { primitive, inputs: [viewOf(draw, shape)], params: { axes, keepDims: draw() % 2 === 0 } }
  }

const conv2d: Family = (draw) => {
  const pair = (least: number, most: number) => [upTo(draw, least, most), upTo(draw, least, most)] as const
  const groups = upTo(draw, 1, 3)
  const [perGroup, outPerGroup] = [upTo(draw, 1, 2), upTo(draw, 1, 2)]
  const w = [groups * outPerGroup, perGroup, upTo(draw, 1, 3), upTo(draw, 1, 3)]
  const rhsDilation = pair(1, 2)
  const lhsDilation = pair(1, 3)
  const x = [upTo(draw, 1, 2), groups * perGroup, upTo(draw, 2, 5), upTo(draw, 2, 5)]
  const padding = [0, 1].map((axis) => {
    const reach = (w[2 + axis]! - 1) * rhsDilation[axis]! + 1
    const spread = (x[2 + axis]! - 1) * lhsDilation[axis]! + 1
    const low = upTo(draw, -1, 2)
    return [low, Math.max(upTo(draw, -1, 2), reach - spread - low)] as const
  })
  return {
    primitive: 'conv2d',
    inputs: [viewOf(draw, x), viewOf(draw, w)],
    params: { stride: pair(1, 3), padding: [padding[0]!, padding[1]!], lhsDilation, rhsDilation, groups },
  }
}

const matmul: Family = (draw) => {
  const batch = shapeOf(draw, upTo(draw, 0, 2), 3)
  const inner = draw() % 5 === 0 ? upTo(draw, 120, 300) : upTo(draw, 1, 6)
  const [m, n] = shapeOf(draw, 2, 6)
  return {
    primitive: 'matmul',
    inputs: [viewOf(draw, [...batch, m!, inner]), viewOf(draw, [...batch, inner, n!])],
    params: {},
  }
}

/** A contraction with an epilogue: a call of `family`, with the bias along `axis` of the result. */
const followed =
  (family: Family, primitive: 'fusedConv2d' | 'fusedMatmul', bias: string, axis: number): Family =>
  (draw) => {
    const { primitive: contraction, inputs, params } = family(draw)
    const { shape } = resultOf(contraction, inputs, params as never)
    const [hasBias, residual, silu] = [draw() % 3 > 0, draw() % 3 > 0, draw() % 2 > 0]
    const addends = [...(hasBias ? [[shape.at(axis)!]] : []), ...(residual ? [shape] : [])]
    return {
      primitive,
      inputs: [...inputs, ...addends.map((extents) => viewOf(draw, extents))],
      params: { ...params, bias: hasBias ? bias : 'none', residual, activation: silu ? 'silu' : 'none' },
    } as Case
  }

const pad: Family = (draw) => {
  const shape = shapeOf(draw, upTo(draw, 0, 4))
  const sides = () => shape.map(() => upTo(draw, 0, 2))
  return { primitive: 'pad', inputs: [viewOf(draw, shape)], params: { low: sides(), high: sides() } }
}

const concat: Family = (draw) => {
  const shape = shapeOf(draw, upTo(draw, 1, 4), 3)
  const axis = draw() % shape.length
  const inputs = Array.from({ length: upTo(draw, 1, 14) }, () =>
    viewOf(
      draw,
      shape.map((n, i) => (i === axis ? upTo(draw, 0, 3) : n)),
    ),
  )
  return { primitive: 'concat', inputs, params: { axis } }
}

const where: Family = (draw) => {
  const shape = shapeOf(draw, upTo(draw, 0, 4))
  const inputs = (['bool', 'float32', 'float32'] as const).map((dtype) =>
    viewOf(draw, narrowed(draw, shape), dtype),
  )
  return { primitive: 'where', inputs, params: {} }
}

const withParams =
  (primitive: PrimitiveName, params: (draw: Draw) => object, change?: (x: number) => number): Family =>
  (draw) =>
    ({ ...unary(primitive, change)(draw), params: params(draw) }) as Case

const positive = (x: number): number => Math.abs(x) + 0.25
const ofPositive: ReadonlySet<string> = new Set(['log', 'log1p', 'sqrt', 'rsqrt', 'reciprocal'])
const eighth = (draw: Draw): number => (upTo(draw, 0, 40) - 20) / 8

/** x [N, C, …], weight, bias, and for the gradients dy. */
const groupNorm =
  (primitive: 'groupNorm' | 'groupNormGradInput' | 'groupNormGradAffine' | 'groupNormGrad'): Family =>
  (draw) => {
    const groups = upTo(draw, 1, 3)
    const channels = groups * upTo(draw, 1, 3)
    const long = draw() % 4 === 0
    const spatial = long ? [upTo(draw, 20, 90), upTo(draw, 30, 50)] : shapeOf(draw, upTo(draw, 0, 2), 6)
    const shape = [upTo(draw, 1, 3), channels, ...spatial]
    const affine = () => viewOf(draw, [channels])
    const inputs = [viewOf(draw, shape), affine(), affine()]
    if (primitive !== 'groupNorm') inputs.push(viewOf(draw, shape))
    const params = { groups, eps: pick(draw, [1e-2, 0.5]), silu: draw() % 2 === 0 }
    // Elements are at most 3, so dy·weight·rate is at most this, and Σ dz·n as many times it as there are pixels.
    const size = 9 / Math.sqrt(params.eps)
    const summed =
      primitive === 'groupNorm' || primitive === 'groupNormGradInput' ? 4 : 4 * Math.sqrt(sizeOf(shape))
    return { primitive, inputs, params, size: size * summed }
  }

const softmax =
  (primitive: 'softmax' | 'softmaxGrad'): Family =>
  (draw) => {
    const shape = shapeOf(draw, upTo(draw, 1, 3), 6)
    const inputs = (primitive === 'softmax' ? [0] : [0, 1]).map(() => viewOf(draw, shape))
    return { primitive, inputs, params: {} }
  }

const attention =
  (primitive: 'attention' | 'attentionGrad'): Family =>
  (draw) => {
    const [lead, d, e] = [shapeOf(draw, upTo(draw, 0, 2), 2), upTo(draw, 1, 4), upTo(draw, 1, 4)]
    const [queries, keys] = [upTo(draw, 1, 5), upTo(draw, 1, 5)]
    const shapes = [
      [...lead, d, queries],
      [...lead, d, keys],
      [...lead, e, keys],
    ]
    if (primitive === 'attentionGrad') shapes.push([...lead, e, queries])
    const inputs = shapes.map((shape) => viewOf(draw, shape))
    // Products of two, or for gradients four, numbers of at most 3.
    return { primitive, inputs, params: { scale: pick(draw, [0.5, 1]) }, size: 3 ** shapes.length }
  }

/** Indices of an axis of an extent, in a view of any stride. */
function indicesOf(draw: Draw, count: number, extent: number): HostInput {
  const view = viewOf(draw, [count], 'int32')
  return { ...view, data: view.data.map((value) => Math.abs(Math.round(value * 8)) % extent) }
}

const gather =
  (dtype: DType): Family =>
  (draw) => {
    const shape = shapeOf(draw, upTo(draw, 1, 4))
    const axis = draw() % shape.length
    const x = viewOf(draw, shape, dtype === 'int32' ? 'float32' : dtype)
    const whole = {
      ...x,
      dtype,
      data: x.data.map((value) => (dtype === 'int32' ? Math.round(8 * value) : value)),
    }
    return {
      primitive: 'gather',
      inputs: [whole, indicesOf(draw, upTo(draw, 1, 5), shape[axis]!)],
      params: { axis },
    }
  }

const scatterAdd: Family = (draw) => {
  const shape = shapeOf(draw, upTo(draw, 1, 4))
  const axis = draw() % shape.length
  const size = upTo(draw, 1, 4)
  const inputs = [viewOf(draw, shape), indicesOf(draw, shape[axis]!, size)]
  return { primitive: 'scatterAdd', inputs, params: { axis, size } }
}

const scan =
  (primitive: 'argmax' | 'cumsum'): Family =>
  (draw) => {
    const long = draw() % 4 === 0
    const shape = long ? [upTo(draw, 1, 2), upTo(draw, 257, 700)] : shapeOf(draw, upTo(draw, 1, 4))
    return { primitive, inputs: [viewOf(draw, shape)], params: { axis: long ? 1 : draw() % shape.length } }
  }

/** Whole numbers in the place of multiples of 1/8. */
const whole =
  (family: Family): Family =>
  (draw) => {
    const { inputs, ...rest } = family(draw)
    const of = (input: HostInput) =>
      input.dtype === 'bool'
        ? input
        : { ...input, dtype: 'int32' as const, data: input.data.map((v) => Math.round(8 * v)) }
    return { ...rest, inputs: inputs.map(of) }
  }

/** Truth values in the place of multiples of 1/8; indices stay. */
const truths =
  (family: Family): Family =>
  (draw) => {
    const { inputs, ...rest } = family(draw)
    const of = (input: HostInput) =>
      input.dtype === 'float32'
        ? { ...input, dtype: 'bool' as const, data: input.data.map((v) => Math.abs(Math.round(8 * v)) % 2) }
        : input
    return { ...rest, inputs: inputs.map(of) }
  }

/** Random calls of every primitive the gpu device covers, some in several domains. */
export const families: { readonly [name: string]: Family } = {
  ...Object.fromEntries(
    unaryNames.map((name) => [name, unary(name, ofPositive.has(name) ? positive : undefined)]),
  ),
  'log1p near 0': unary('log1p', (x) => x / 1000),
  'expm1 near 0': unary('expm1', (x) => x / 1000),
  'sin far off': unary('sin', (x) => x * 300),
  'cos far off': unary('cos', (x) => x * 300),
  'tanh near 0': unary('tanh', (x) => x / 1000),
  'tanh far off': unary('tanh', (x) => x * 40),
  'sigmoid far off': unary('sigmoid', (x) => x * 40),
  'silu far off': unary('silu', (x) => x * 40),
  'erf far off': unary('erf', (x) => x * 3),
  affine: withParams('affine', (draw) => ({ scale: eighth(draw), shift: eighth(draw) })),
  divScalar: withParams('divScalar', (draw) => ({ divisor: pick(draw, [3, -0.75, 49, 1e-3]) })),
  'powScalar whole': withParams(
    'powScalar',
    (draw) => ({ exponent: upTo(draw, -3, 6) }),
    (x) => x || 1,
  ),
  'powScalar half': withParams(
    'powScalar',
    (draw) => ({ exponent: pick(draw, [0.5, -0.5, 1.5, -2.25]) }),
    positive,
  ),
  clamp: withParams('clamp', (draw) => ({
    min: pick(draw, [-1, 0, Number.NEGATIVE_INFINITY]),
    max: pick(draw, [0.5, 2, Number.POSITIVE_INFINITY]),
  })),
  'cast to bool': withParams('cast', () => ({ dtype: 'bool' })),
  'cast to float32': (draw) =>
    ({ ...unary('cast', undefined, 'bool')(draw), params: { dtype: 'float32' } }) as Case,
  not: unary('not', undefined, 'bool'),
  ...Object.fromEntries(
    (['add', 'sub', 'mul', 'maximum', 'minimum', 'siluGrad', 'eq', 'lt', 'le'] as const).map((name) => [
      name,
      binary(name),
    ]),
  ),
  div: (draw) => {
    const { inputs, ...rest } = binary('div')(draw)
    return { ...rest, inputs: [inputs[0]!, { ...inputs[1]!, data: inputs[1]!.data.map((x) => x || 1) }] }
  },
  pow: binary('pow', 'float32', positive),
  and: binary('and', 'bool'),
  or: binary('or', 'bool'),
  'eq of bools': binary('eq', 'bool'),
  where,
  reduceSum: reduction('reduceSum'),
  reduceMax: reduction('reduceMax'),
  reduceMin: reduction('reduceMin'),
  matmul,
  conv2d,
  'fusedMatmul by row': followed(matmul, 'fusedMatmul', 'row', -2),
  'fusedMatmul by column': followed(matmul, 'fusedMatmul', 'column', -1),
  fusedConv2d: followed(conv2d, 'fusedConv2d', 'channel', 1),
  pad,
  concat,
  contiguous: unary('contiguous'),
  groupNorm: groupNorm('groupNorm'),
  groupNormGradInput: groupNorm('groupNormGradInput'),
  groupNormGradAffine: groupNorm('groupNormGradAffine'),
  groupNormGrad: groupNorm('groupNormGrad'),
  softmax: softmax('softmax'),
  softmaxGrad: softmax('softmaxGrad'),
  attention: attention('attention'),
  attentionGrad: attention('attentionGrad'),
  gather: gather('float32'),
  'gather bool': gather('bool'),
  'gather int32': gather('int32'),
  scatterAdd,
  argmax: scan('argmax'),
  cumsum: scan('cumsum'),
  'cast to int32': (draw) => ({ ...unary('cast')(draw), params: { dtype: 'int32' } }) as Case,
  'cast from int32': (draw) => ({ ...whole(unary('cast'))(draw), params: { dtype: 'float32' } }) as Case,
  ...Object.fromEntries(
    (['neg', 'abs', 'sign', 'contiguous'] as const).map((name) => [`${name} of int32`, whole(unary(name))]),
  ),
  ...Object.fromEntries(
    (['maximum', 'minimum', 'eq', 'lt', 'le'] as const).map((name) => [
      `${name} of int32`,
      whole(binary(name)),
    ]),
  ),
  'where of int32': whole(where),
  'reduceMax of int32': whole(reduction('reduceMax')),
  'concat of int32': whole(concat),
  'pad of int32': whole(pad),
  'reduceMin of int32': whole(reduction('reduceMin')),
  'argmax of int32': whole(scan('argmax')),
  'clamp of int32': whole(
    withParams('clamp', (draw) => ({ min: pick(draw, [-3, -1.5]), max: pick(draw, [0.5, 2]) })),
  ),
  'contiguous bool': unary('contiguous', undefined, 'bool'),
  'where of bool': truths(where),
  'pad of bool': truths(pad),
  'concat of bool': truths(concat),
  'scatterAdd of bool': truths(scatterAdd),
}
