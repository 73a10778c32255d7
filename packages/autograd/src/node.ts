import type { Device, DType, Interpreter, PrimitiveName, Shape, Tensor } from '@tweedie/tensor'
import type { SavedCall, VjpRule } from './rules/index.ts'

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

/** What forward mode hands to the nodes it passes (`forward.ts`). */
export interface ForwardMode {
  /** The tangent of a primitive's result, of shape `shape`, from those of its inputs. */
  pushforward<P extends PrimitiveName>(
    primitive: P,
    rule: VjpRule<P>,
    call: SavedCall<P>,
    inputs: TapeNode['inputs'],
    shape: Shape,
    tangents: Sparse,
  ): Tensor
  /** The tangents of f(…inputs) along the tangents of its inputs. */
  pushThrough(
    tape: Recording,
    f: (...inputs: Tensor[]) => readonly Tensor[],
    inputs: readonly Tensor[],
    tangents: Sparse,
  ): Sparse
}

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
  forward(tangents: Sparse, mode: ForwardMode): Sparse
}

/** The inputs of a node, with which of them gradients are wanted in. */
export const inputRefs = (inputs: readonly Tensor[], wanted: readonly boolean[]): TapeNode['inputs'] =>
  inputs.map((x, i) => ({ ...refTo(x), wanted: wanted[i]! }))

/**
 * A tape as the walks know it: it records calls while it interprets, and is read backwards or forwards afterwards.
 * The walks are handed one, so that they need not know what makes nodes (`tape.ts`), which itself needs the walks.
 */
export interface Recording extends Interpreter {
  /** The calls, in the order in which they were made; a walk that frees what it has passed empties it. */
  readonly nodes: TapeNode[]
  /** Follows a value from now on. */
  watch(x: Tensor): void
  isTracked(x: { readonly id: number }): boolean
  /** Frees everything saved that no pass has freed yet. */
  dispose(): void
}
