import type { DType, Epilogue, PrimitiveName, PrimitiveParams, Tensor } from '@tweedie/tensor'
import {
  dispatch,
  fromData,
  isFloat,
  matrixTranspose,
  normal,
  randomKey,
  resultOf,
  sign,
  transpose,
} from '@tweedie/tensor'

/** What a generator of calls may ask for: random extents and tensors, away from kinks where that is needed. */
export interface Draw {
  /** An integer in low … high. */
  int(low: number, high: number): number
  shape(rank: number, least?: number): number[]
  /** Standard normal values. */
  normal(shape: readonly number[]): Tensor
  /** Values of magnitude at least 0.3, of both signs. */
  apart(shape: readonly number[]): Tensor
  /** Values from 0.3 up. */
  positive(shape: readonly number[]): Tensor
  /** Two shapes that broadcast. */
  pair(): [number[], number[]]
}

export interface Call<P extends PrimitiveName> {
  readonly inputs: readonly Tensor[]
  readonly params: PrimitiveParams[P]
}

type MakeCall<P extends PrimitiveName> = (draw: Draw) => Call<P>

const one = (kind: 'normal' | 'apart' | 'positive') => (d: Draw) => ({
  inputs: [d[kind](d.shape(d.int(0, 3)))],
  params: {},
})
const two = (kind: 'normal' | 'apart' | 'positive') => (d: Draw) => {
  const [a, b] = d.pair()
  return { inputs: [d[kind](a), d[kind](b)], params: {} }
}
const bool = (x: Tensor) => dispatch('lt', [x, x.mul(0)], {})
const indices = (values: number[]) =>
  fromData(values, [values.length], { dtype: 'int32', device: 'reference' })

const reduceCase = (d: Draw) => {
  const rank = d.int(1, 3)
  const axes = Array.from({ length: rank }, (_, i) => i).filter(() => d.int(0, 1) === 1)
  return { inputs: [d.normal(d.shape(rank, 1))], params: { axes, keepDims: d.int(0, 1) === 1 } }
}

function convCase(d: Draw): Call<'conv2d'> {
  const groups = d.int(1, 2)
  const [perGroup, outPerGroup] = [d.int(1, 2), d.int(1, 2)]
  const kernel = [d.int(1, 3), d.int(1, 3)] as const
  const pair = (low: number, high: number): [number, number] => [d.int(low, high), d.int(low, high)]
  const [lhsDilation, rhsDilation] = [pair(1, 2), pair(1, 2)]
  const padding: [[number, number], [number, number]] = [pair(-1, 2), pair(-1, 2)]
  // Inputs long enough that the padded extent covers the kernel whatever was drawn.
  const extents = kernel.map((k, i) => Math.max(1, (k - 1) * rhsDilation[i as 0 | 1] + 3 + d.int(0, 2)))
  return {
    inputs: [
      d.normal([d.int(1, 2), groups * perGroup, ...extents]),
      d.normal([groups * outPerGroup, perGroup, ...kernel]),
    ],
    params: { stride: pair(1, 3), padding, lhsDilation, rhsDilation, groups },
  }
}

const epilogueCase = <B extends string>(d: Draw, bias: B | 'none'): Epilogue<B> => ({
  bias,
  residual: d.int(0, 1) === 1,
  activation: d.int(0, 1) === 1 ? 'silu' : 'none',
})

const addends = (d: Draw, { bias, residual }: Epilogue<string>, shape: readonly number[], length: number) => [
  ...(bias === 'none' ? [] : [d.normal([length])]),
  ...(residual ? [d.normal(shape)] : []),
]

function groupNormCase(d: Draw): { x: Tensor; w: Tensor; b: Tensor; params: PrimitiveParams['groupNorm'] } {
  const groups = d.int(1, 2)
  const channels = groups * d.int(1, 2)
  const x = d.normal([d.int(1, 2), channels, d.int(2, 4)])
  return {
    x,
    w: d.normal([channels]),
    b: d.normal([channels]),
    params: { groups, eps: 0.1, silu: d.int(0, 1) === 1 },
  }
}

function groupNormGradCase(d: Draw) {
  const { x, w, b, params } = groupNormCase(d)
  return { inputs: [x, w, b, d.normal(x.shape)], params }
}

/** Queries, keys and values of some heads, with tokens in the last axis, laid out in different ways. */
function attentionCase(d: Draw): Call<'attention'> {
  const [heads, queries, keys, channels, values] = [
    d.shape(d.int(0, 2)),
    d.int(1, 4),
    d.int(1, 4),
    d.int(1, 3),
    d.int(1, 3),
  ]
  const q = d.normal([...heads, channels, queries])
  const k = d.normal([...heads, channels, keys])
  const v = matrixTranspose(d.normal([...heads, keys, values]))
  return { inputs: [q, k, v], params: { scale: 0.7 } }
}

/** One generator of calls per primitive; a primitive without one does not compile. */
const calls: { readonly [P in PrimitiveName]: MakeCall<P> } = {
  neg: one('normal'),
  abs: one('apart'),
  sign: one('apart'),
  floor: (d) => ({ inputs: [d.apart(d.shape(2)).mul(0.1).add(0.5)], params: {} }),
  exp: one('normal'),
  log: one('positive'),
  log1p: one('positive'),
  expm1: one('normal'),
  sqrt: one('positive'),
  rsqrt: one('positive'),
  reciprocal: one('apart'),
  sin: one('normal'),
  cos: one('normal'),
  tanh: one('normal'),
  sigmoid: one('normal'),
  silu: one('normal'),
  erf: one('normal'),
  affine: (d) => ({ ...one('normal')(d), params: { scale: 1.5, shift: -2 } }),
  divScalar: (d) => ({ ...one('normal')(d), params: { divisor: [3, -0.75, 49][d.int(0, 2)]! } }),
  powScalar: (d) => ({ ...one('positive')(d), params: { exponent: d.int(-2, 4) / 2 } }),
  clamp: (d) => ({ ...one('apart')(d), params: { min: -0.2, max: 0.2 + d.int(0, 1) * 100 } }),
  not: (d) => ({ inputs: [bool(d.apart([3]))], params: {} }),
  cast: (d) => ({ ...one('normal')(d), params: { dtype: 'float64' } }),
  add: two('normal'),
  sub: two('normal'),
  mul: two('normal'),
  div: two('apart'),
  pow: two('positive'),
  maximum: two('normal'),
  minimum: two('normal'),
  siluGrad: two('normal'),
  eq: two('normal'),
  lt: two('normal'),
  le: two('normal'),
  and: (d) => ({ inputs: [bool(d.apart([3])), bool(d.apart([2, 3]))], params: {} }),
  or: (d) => ({ inputs: [bool(d.apart([3])), bool(d.apart([2, 3]))], params: {} }),
  where: (d) => {
    const [a, b] = d.pair()
    return { inputs: [bool(d.apart(a)), d.normal(b), d.normal(a)], params: {} }
  },
  reduceSum: reduceCase,
  reduceMax: reduceCase,
  reduceMin: reduceCase,
  argmax: (d) => ({ inputs: [d.normal(d.shape(2, 1))], params: { axis: d.int(0, 1) } }),
  cumsum: (d) => ({ inputs: [d.normal(d.shape(2))], params: { axis: d.int(0, 1) } }),
  matmul: (d) => {
    const [m, k, n] = [d.int(1, 4), d.int(0, 4), d.int(1, 4)]
    const batch = d.shape(d.int(0, 1))
    return { inputs: [d.normal([...batch, m, k]), transpose(d.normal([n, k, ...batch]))], params: {} }
  },
  conv2d: convCase,
  gather: (d) => ({ inputs: [d.normal([3, 2]), indices([2, 0, 0, 1])], params: { axis: 0 } }),
  scatterAdd: (d) => ({ inputs: [d.normal([2, 3]), indices([1, 1, 4])], params: { axis: 1, size: 5 } }),
  pad: (d) => ({ inputs: [d.normal(d.shape(2))], params: { low: [d.int(0, 2), 0], high: [1, d.int(0, 2)] } }),
  concat: (d) => {
    const n = d.int(1, 3)
    return { inputs: [d.normal([n, 2]), d.normal([n, d.int(0, 2)]), d.normal([n, 1])], params: { axis: 1 } }
  },
  contiguous: (d) => ({ inputs: [transpose(d.normal(d.shape(2)))], params: {} }),
  reshape: (d) => {
    const [a, b] = [d.int(1, 3), d.int(1, 3)]
    return { inputs: [transpose(d.normal([a, b]))], params: { shape: [a * b] } }
  },
  transpose: (d) => ({ inputs: [d.normal(d.shape(3))], params: { permutation: [2, 0, 1] } }),
  slice: (d) => {
    const [n, step, size] = [d.int(6, 9), d.int(1, 3), d.int(0, 2)]
    const back = d.int(0, 1) === 1
    const start = back ? n - 1 : 0
    return {
      inputs: [d.normal([2, n])],
      params: { start: [1, start], size: [1, size], step: [1, back ? -step : step] },
    }
  },
  broadcastTo: (d) => ({ inputs: [d.normal([2, 1])], params: { shape: [d.int(1, 3), 2, d.int(0, 3)] } }),
  fusedConv2d: (d) => {
    const { inputs, params } = convCase(d)
    const epilogue = epilogueCase<'channel'>(d, d.int(0, 2) > 0 ? 'channel' : 'none')
    const { shape } = resultOf('conv2d', inputs, params)
    const rest = addends(d, epilogue, shape, shape[1]!)
    return { inputs: [...inputs, ...rest], params: { ...params, ...epilogue } }
  },
  fusedMatmul: (d) => {
    const [m, k, n] = [d.int(1, 4), d.int(0, 4), d.int(1, 4)]
    const batch = d.shape(d.int(0, 1))
    const params = epilogueCase<'row' | 'column'>(d, (['none', 'row', 'column'] as const)[d.int(0, 2)]!)
    const rest = addends(d, params, [...batch, m, n], params.bias === 'row' ? m : n)
    return { inputs: [d.normal([...batch, m, k]), d.normal([...batch, k, n]), ...rest], params }
  },
  groupNorm: (d) => {
    const { x, w, b, params } = groupNormCase(d)
    return { inputs: [x, w, b], params }
  },
  groupNormGradInput: groupNormGradCase,
  groupNormGradAffine: groupNormGradCase,
  groupNormGrad: groupNormGradCase,
  softmax: (d) => ({ inputs: [d.normal(d.shape(d.int(1, 3)))], params: {} }),
  softmaxGrad: (d) => {
    const shape = d.shape(d.int(1, 3))
    return { inputs: [d.normal(shape), d.normal(shape)], params: {} }
  },
  attention: attentionCase,
  attentionGrad: (d) => {
    const { inputs, params } = attentionCase(d)
    const [q, , v] = inputs as readonly [Tensor, Tensor, Tensor]
    return { inputs: [...inputs, d.normal([...v.shape.slice(0, -1), q.shape.at(-1)!])], params }
  },
}

/** Draws that depend on the seed alone: the same values in both float types and on every device. */
export function drawFrom(seed: number, dtype: DType, device: string): Draw {
  const key = randomKey(seed)
  let count = 0
  const int = (low: number, high: number) => {
    const unit = normal(key.fold('int').fold(count++), [1], { device: 'reference' }).dataSync()[0]!
    return low + (Math.abs(Math.floor(unit * 1e4)) % (high - low + 1))
  }
  const shape = (rank: number, least = 0) => Array.from({ length: rank }, () => Math.max(least, int(0, 4)))
  // Drawn in float32 so that both element types see the same values.
  const draw = (dims: readonly number[]) => {
    const values = normal(key.fold('tensor').fold(count++), dims, { device: 'reference' })
    return fromData(values.dataSync(), dims, { dtype, device })
  }
  const apart = (dims: readonly number[]) => {
    const x = draw(dims)
    return x.add(sign(x).mul(0.3))
  }
  return {
    int,
    shape,
    normal: draw,
    apart,
    positive: (dims) => draw(dims).abs().add(0.3),
    pair: () => {
      const full = shape(int(1, 3), 1)
      const other = full.map((extent) => (int(0, 2) === 0 ? 1 : extent)).slice(int(0, full.length - 1))
      return int(0, 1) === 1 ? [full, other] : [other, full]
    },
  }
}

/** A random call of a primitive: inputs and parameters that fit, away from kinks. */
export const randomCall = <P extends PrimitiveName>(primitive: P, draw: Draw): Call<P> =>
  calls[primitive](draw)

/** Inputs with their float tensors, in order, replaced by `floats`. */
export function merge(inputs: readonly Tensor[], floats: readonly Tensor[]): Tensor[] {
  let next = 0
  return inputs.map((x) => (isFloat(x.dtype) ? floats[next++]! : x))
}
