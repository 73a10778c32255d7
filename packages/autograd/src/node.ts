import type { Device, DType, Shape, Tensor } from '@tweedie/tensor'

/** A value as the tape remembers it: all of it but its elements. */
export interface ValueRef {
  readonly id: number
  readonly shape: Shape
  readonly dtype: DType
  readonly device: Device
}

export const refTo = ({ id, shape, dtype, device }: Tensor): ValueRef => ({ id, shape, dtype, device })

/** One tensor per value; undefined stands for zero. */
export type Sparse = readonly (Tensor | undefined)[]

/** One recorded call: which values went in and came out, what it saved, and the ways through it. */
export interface TapeNode {
  readonly name: string
  readonly inputs: readonly (ValueRef & { readonly wanted: boolean })[]
  readonly outputs: readonly ValueRef[]
  /** Handles that this node alone owns. */
  readonly saved: readonly Tensor[]
  /** Whether gradients are to be summed down to the inputs' shapes. */
  readonly broadcasts?: boolean
  /** Whether gradients are to be cast to the inputs' element types. */
  readonly casts?: boolean
  /** Where the call was made; known in anomaly mode. */
  readonly site?: string | undefined
  /** Gradients of the results in, gradients of the wanted inputs out. */
  backward(cotangents: Sparse): Sparse
  /** Tangents of the wanted inputs in, at least one of them; tangents of the results out. */
  forward(tangents: Sparse): Sparse
}

/** The inputs of a node, with which of them gradients are wanted in. */
export const inputRefs = (inputs: readonly Tensor[], wanted: readonly boolean[]): TapeNode['inputs'] =>
  inputs.map((x, i) => ({ ...refTo(x), wanted: wanted[i]! }))
