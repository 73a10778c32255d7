import type { DType } from './dtype.ts'
import type { Shape } from './shape.ts'

/** Parameters of primitives that have none. */
export type NoParams = Readonly<Record<string, never>>

/** Parameters of a convolution; spatial pairs are (rows, columns). */
export interface Conv2dParams {
  readonly stride: readonly [number, number]
  /** Zeros added (negative: rows cut off) before and after, per spatial axis, counted after `lhsDilation`. */
  readonly padding: readonly [readonly [number, number], readonly [number, number]]
  /** Dilation of the input: d−1 zeros between its elements (transposed convolution). */
  readonly lhsDilation: readonly [number, number]
  /** Dilation of the kernel (atrous convolution). */
  readonly rhsDilation: readonly [number, number]
  readonly groups: number
}

/** What may follow a contraction elementwise, last of all. */
export type Activation = 'none' | 'silu'

/**
 * What is done to a product before it is stored: plus bias, plus residual (of the result's shape), then the
 * activation. Those that are present follow the two factors among the inputs, bias first.
 */
export interface Epilogue<BiasAxis extends string> {
  /** The axis along which the bias, a vector, lies. */
  readonly bias: BiasAxis | 'none'
  readonly residual: boolean
  readonly activation: Activation
}

export type FusedConv2dParams = Conv2dParams & Epilogue<'channel'>
export type FusedMatmulParams = Epilogue<'row' | 'column'>

/** Parameters of GroupNorm, optionally followed by SiLU. */
export interface GroupNormParams {
  readonly groups: number
  readonly eps: number
  readonly silu: boolean
}

/** Parameters of attention. */
export interface AttentionParams {
  /** Factor of the scores QᵀK before their softmax. */
  readonly scale: number
}

/** Parameters of reductions. */
export interface ReduceParams {
  /** Sorted, distinct, non-negative. */
  readonly axes: readonly number[]
  readonly keepDims: boolean
}

/** Every primitive with the type of its parameters: the closed set that all interpreters and devices know. */
export interface PrimitiveParams {
  // elementwise, one input
  neg: NoParams
  abs: NoParams
  sign: NoParams
  floor: NoParams
  exp: NoParams
  log: NoParams
  log1p: NoParams
  expm1: NoParams
  sqrt: NoParams
  rsqrt: NoParams
  reciprocal: NoParams
  sin: NoParams
  cos: NoParams
  tanh: NoParams
  sigmoid: NoParams
  silu: NoParams
  erf: NoParams
  affine: { readonly scale: number; readonly shift: number }
  /** x over a number: the quotient, rounded once. */
  divScalar: { readonly divisor: number }
  powScalar: { readonly exponent: number }
  clamp: { readonly min: number; readonly max: number }
  not: NoParams
  cast: { readonly dtype: DType }
  // elementwise, two or three inputs that broadcast
  add: NoParams
  sub: NoParams
  mul: NoParams
  div: NoParams
  pow: NoParams
  maximum: NoParams
  minimum: NoParams
  siluGrad: NoParams
  eq: NoParams
  lt: NoParams
  le: NoParams
  and: NoParams
  or: NoParams
  where: NoParams
  // reductions and scans
  reduceSum: ReduceParams
  reduceMax: ReduceParams
  reduceMin: ReduceParams
  argmax: { readonly axis: number }
  cumsum: { readonly axis: number }
  // contractions
  matmul: NoParams
  conv2d: Conv2dParams
  // moving data
  gather: { readonly axis: number }
  scatterAdd: { readonly axis: number; readonly size: number }
  pad: { readonly low: readonly number[]; readonly high: readonly number[] }
  concat: { readonly axis: number }
  contiguous: NoParams
  // views
  reshape: { readonly shape: Shape }
  transpose: { readonly permutation: readonly number[] }
  slice: {
    readonly start: readonly number[]
    readonly size: readonly number[]
    readonly step: readonly number[]
  }
  broadcastTo: { readonly shape: Shape }
  // fused, each with gradients of its own because a measurement asked for it (docs/adr/0004, 0009)
  fusedConv2d: FusedConv2dParams
  fusedMatmul: FusedMatmulParams
  groupNorm: GroupNormParams
  groupNormGradInput: GroupNormParams
  groupNormGradAffine: GroupNormParams
  groupNormGrad: GroupNormParams
  // docs/adr/0010; along the last axis
  softmax: NoParams
  softmaxGrad: NoParams
  attention: AttentionParams
  attentionGrad: AttentionParams
}

export type PrimitiveName = keyof PrimitiveParams
