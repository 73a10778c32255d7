import type { Tensor } from '@tweedie/tensor'
import {
  add,
  cast,
  DTypeError,
  formatShape,
  ShapeError,
  sameShape,
  scope,
  sumTo,
  zeros,
} from '@tweedie/tensor'
import { inspector } from './inspector.ts'
import { interpreting, rename } from './interpreters.ts'
import type { Recording, Sparse, TapeNode, ValueRef } from './node.ts'

/** Handles by value, each owned by the pass that made it, so that it can be freed once it is used up. */
export type Flow = Map<number, Tensor>

export function accumulate(flow: Flow, id: number, x: Tensor): void {
  const before = flow.get(id)
  if (before === undefined) {
    flow.set(id, x)
    return
  }
  flow.set(id, add(before, x))
  before.dispose()
  x.dispose()
}

export function drop(flow: Flow, id: number): void {
  flow.get(id)?.dispose()
  flow.delete(id)
}

/** Runs a pass, whose results are handles of their own; where it throws, what has arrived anywhere is freed. */
export function passing(pass: (flow: Flow) => Tensor[]): Tensor[] {
  const flow: Flow = new Map()
  try {
    const results = scope(() => pass(flow))
    for (const x of results) x.rehome()
    return results
  } catch (error) {
    for (const x of flow.values()) x.dispose()
    throw error
  }
}

/** What reached a value, or zeros. */
export const arrived = (flow: Flow, { id, shape, dtype, device }: ValueRef): Tensor =>
  flow.get(id) ?? zeros(shape, { dtype, device })

/** The gradient in the form of the input: summed down where the call broadcast, cast where it cast, else checked. */
function fit(node: TapeNode, i: number, grad: Tensor): Tensor {
  const { shape, dtype } = node.inputs[i]!
  const typed = node.casts === true ? cast(grad, dtype) : grad
  if (typed.dtype !== dtype) {
    throw new DTypeError(
      node.name,
      `the gradient of input ${i} came out as ${typed.dtype}, the input is ${dtype}`,
    )
  }
  if (sameShape(typed.shape, shape)) return typed
  if (node.broadcasts === true) return sumTo(typed, shape)
  throw new ShapeError(node.name, `the gradient of input ${i} came out as ${formatShape(typed.shape)}`, [
    shape,
  ])
}

/** What leaves one node on its way backwards, in handles owned by the caller alone. */
function back(node: TapeNode, arriving: Sparse): Sparse {
  return scope(() => {
    const leaving = node
      .backward(arriving)
      .map((x, i) => (x !== undefined && node.inputs[i]!.wanted ? fit(node, i, x) : undefined))
    inspector()?.pass(node, 'backward', arriving, leaving)
    return handles(leaving)
  })
}

/** What no scope frees: to be made only when nothing can throw any more. */
export const handles = (xs: Sparse): Sparse => xs.map((x) => x?.alias())

export const isZero = (xs: Sparse): boolean => xs.every((x) => x === undefined)

/**
 * Walks a tape backwards from `outputs` with their cotangents, and returns the gradients in `wanted`
 * (zeros where nothing arrived). With `retain`, saved tensors stay for another pass; else each node's are
 * freed once it is passed. Results belong to the innermost scope.
 */
export function backpropagate(
  tape: Recording,
  outputs: readonly ValueRef[],
  cotangents: Sparse,
  wanted: readonly ValueRef[],
  retain = false,
): Tensor[] {
  return passing((flow) => {
    outputs.forEach((out, i) => {
      const cotangent = cotangents[i]
      if (cotangent !== undefined && tape.isTracked(out)) accumulate(flow, out.id, cotangent.alias())
    })
    const keep = new Set(wanted.map(({ id }) => id))
    for (let at = tape.nodes.length - 1; at >= 0; at--) {
      const node = tape.nodes[at]!
      const arriving = node.outputs.map(({ id }) => flow.get(id))
      if (!isZero(arriving)) {
        back(node, arriving).forEach((grad, i) => {
          if (grad !== undefined) accumulate(flow, node.inputs[i]!.id, grad)
        })
        for (const { id } of node.outputs) if (!keep.has(id)) drop(flow, id)
      }
      if (!retain) for (const tensor of node.saved) tensor.dispose()
    }
    if (!retain) tape.nodes.length = 0
    return wanted.map((ref) => arrived(flow, ref))
  })
}

/** Runs f under a tape that watches the `wanted` inputs, and walks it; itself differentiable by the tapes around. */
export function tracing(
  tape: Recording,
  f: (...inputs: Tensor[]) => readonly Tensor[],
  inputs: readonly Tensor[],
  wanted: readonly boolean[],
  walk: (inputs: readonly ValueRef[], outputs: readonly ValueRef[]) => Sparse,
): Sparse {
  try {
    return scope(() => {
      const watched = inputs.map(rename)
      watched.forEach((x, i) => {
        if (wanted[i] === true) tape.watch(x)
      })
      return walk(
        watched,
        interpreting(tape, () => f(...watched)),
      )
    })
  } finally {
    tape.dispose()
  }
}

/** The gradients in the `wanted` inputs of Σ ⟨f(…inputs)ᵢ, cotangentᵢ⟩. */
export const pullThrough = (
  tape: Recording,
  f: (...inputs: Tensor[]) => readonly Tensor[],
  inputs: readonly Tensor[],
  wanted: readonly boolean[],
  cotangents: Sparse,
): Sparse =>
  tracing(tape, f, inputs, wanted, (ins, outs) => {
    const chosen = ins.filter((_, i) => wanted[i])
    const grads = backpropagate(tape, outs, cotangents, chosen)
    return ins.map((x) => grads[chosen.indexOf(x)])
  })
