import type { Interpreter, PrimitiveName, PrimitiveParams, Tensor } from '@tweedie/tensor'
import {
  add,
  dispatch,
  dispatchAt,
  formatShape,
  pushInterpreter,
  removeInterpreter,
  ShapeError,
  sameShape,
  scope,
  sumTo,
  TweedieError,
  treeLeaves,
  zerosLike,
} from '@tweedie/tensor'
import type { Gradients } from './rules/index.ts'
import type { TapeNode } from './tape.ts'
import { Tape } from './tape.ts'

/** A fresh name for the same value: an inner tape can watch it without mistaking other uses of it. */
export const rename = (x: Tensor): Tensor => dispatch('reshape', [x], { shape: x.shape })

/** Lets a function that is run again use values whose own handles may be gone by now. */
export class Substitution implements Interpreter {
  private readonly by: ReadonlyMap<number, Tensor>
  constructor(by: ReadonlyMap<number, Tensor>) {
    this.by = by
  }
  run<P extends PrimitiveName>(
    primitive: P,
    inputs: readonly Tensor[],
    params: PrimitiveParams[P],
    level: number,
  ): Tensor {
    return dispatchAt(
      level,
      primitive,
      inputs.map((x) => this.by.get(x.id) ?? x),
      params,
    )
  }
}

/** Runs `fn` with an interpreter in force. */
export function interpreting<T>(interpreter: Interpreter, fn: () => T): T {
  pushInterpreter(interpreter)
  try {
    return fn()
  } finally {
    removeInterpreter(interpreter)
  }
}

/** A new tape that differentiates composed primitives by {@link gradients}. */
export const newTape = (): Tape =>
  new Tape(
    (compose, params) => (inputs, cotangent) =>
      gradients((...xs) => compose(xs, params as never, gradients), inputs, cotangent),
  )

/** The gradients in `inputs` of ⟨f(…inputs), cotangent⟩, itself differentiable by the tapes around it. */
export const gradients: Gradients = (f, inputs, cotangent) => {
  const tape = newTape()
  try {
    return scope(() => {
      const watched = inputs.map(rename)
      for (const x of watched) tape.watch(x)
      const out = interpreting(tape, () => f(...watched))
      return backpropagate(tape, [out], [cotangent], watched)
    })
  } finally {
    tape.dispose()
  }
}

function accumulate(sums: Map<number, Tensor>, id: number, grad: Tensor): void {
  const before = sums.get(id)
  if (before === undefined) {
    sums.set(id, grad)
    return
  }
  sums.set(id, add(before, grad))
  before.dispose()
  grad.dispose()
}

/** Summed down to the input's shape where the call broadcast, else checked against it. */
function fit(node: TapeNode, i: number, grad: Tensor): Tensor {
  const { shape } = node.inputs[i]!
  if (sameShape(grad.shape, shape)) return grad
  if (node.broadcasts) return sumTo(grad, shape)
  throw new ShapeError(node.name, `the gradient of input ${i} came out as ${formatShape(grad.shape)}`, [
    shape,
  ])
}

/** Gradients that leave one node: handles owned by the caller alone, so that each can be freed when used up. */
function nodeGradients(node: TapeNode, cotangents: readonly (Tensor | undefined)[]): (Tensor | undefined)[] {
  return scope(() =>
    node.backward(cotangents).map((grad, i) => {
      if (grad === undefined || !node.inputs[i]!.wanted) return undefined
      return fit(node, i, grad).alias()
    }),
  )
}

/**
 * Walks a tape backwards from `outputs` with their cotangents, and returns the gradients in `wanted`
 * (zeros where nothing arrived). With `retain`, saved tensors stay for another pass; else each node's are
 * freed once it is passed. Results belong to the innermost scope.
 */
export function backpropagate(
  tape: Tape,
  outputs: readonly Tensor[],
  cotangents: readonly Tensor[],
  wanted: readonly Tensor[],
  retain = false,
): Tensor[] {
  const sums = new Map<number, Tensor>()
  const results = scope(() => {
    outputs.forEach((out, i) => {
      if (tape.isTracked(out)) accumulate(sums, out.id, cotangents[i]!.alias())
    })
    const keep = new Set(wanted.map(({ id }) => id))
    for (let at = tape.nodes.length - 1; at >= 0; at--) {
      const node = tape.nodes[at]!
      const arrived = node.outputs.map(({ id }) => sums.get(id))
      if (arrived.some((grad) => grad !== undefined)) {
        nodeGradients(node, arrived).forEach((grad, i) => {
          if (grad !== undefined) accumulate(sums, node.inputs[i]!.id, grad)
        })
        for (const { id } of node.outputs) {
          if (keep.has(id)) continue
          sums.get(id)?.dispose()
          sums.delete(id)
        }
      }
      if (!retain) for (const tensor of node.saved) tensor.dispose()
    }
    if (!retain) tape.nodes.length = 0
    return wanted.map((x) => sums.get(x.id) ?? zerosLike(x))
  })
  for (const grad of results) grad.rehome()
  return results
}

/** The tensors of what a traced function returned, or an error that says what it should have returned. */
export function outputLeaves(op: string, value: unknown): Tensor[] {
  const leaves = treeLeaves(value)
  if (leaves.length === 0) throw new TweedieError(`${op}: the function returned no tensor`)
  return leaves
}
