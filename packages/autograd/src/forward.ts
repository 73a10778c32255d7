import type { PrimitiveName, Tensor } from '@tweedie/tensor'
import { add, broadcastTo, dispatch, sameShape, scope, zeros } from '@tweedie/tensor'
import { accumulate, arrived, drop, handles, isZero, passing, tracing } from './engine.ts'
import { inspector } from './inspector.ts'
import type { Recording, Sparse, TapeNode, ValueRef } from './node.ts'
import { vjpContext } from './primitive-node.ts'
import type { SavedCall, VjpRule } from './rules/index.ts'
import { tangentFormulas } from './rules/tangents.ts'

// The walk of a tape forwards. Nodes are handed what they need of it, so that reverse mode alone imports none of it.

/** What leaves one node on its way forwards, in handles owned by the caller alone. */
function onward(node: TapeNode, arriving: Sparse): Sparse {
  return scope(() => {
    const leaving = node.forward(arriving, { pushforward, pushThrough })
    inspector()?.pass(node, 'forward', arriving, leaving)
    return handles(leaving)
  })
}

/**
 * Walks a tape forwards from `inputs` with their tangents, and returns the tangents of `outputs` (zeros
 * where nothing arrived). Tangents are freed after their last use; `retain` as in {@link backpropagate}.
 */
export function pushForward(
  tape: Recording,
  inputs: readonly ValueRef[],
  tangents: Sparse,
  outputs: readonly ValueRef[],
  retain = false,
): Tensor[] {
  return passing((flow) => {
    inputs.forEach((ref, i) => {
      const tangent = tangents[i]
      if (tangent !== undefined && tape.isTracked(ref)) accumulate(flow, ref.id, tangent.alias())
    })
    const lastUse = new Map<number, number>()
    tape.nodes.forEach((node, at) => {
      for (const { id } of [...node.outputs, ...node.inputs]) lastUse.set(id, at)
    })
    for (const { id } of outputs) lastUse.set(id, tape.nodes.length)
    tape.nodes.forEach((node, at) => {
      const arriving = node.inputs.map(({ id, wanted }) => (wanted ? flow.get(id) : undefined))
      if (!isZero(arriving)) {
        onward(node, arriving).forEach((tangent, i) => {
          if (tangent !== undefined) accumulate(flow, node.outputs[i]!.id, tangent)
        })
      }
      for (const { id } of [...node.inputs, ...node.outputs]) if (lastUse.get(id) === at) drop(flow, id)
      if (!retain) for (const tensor of node.saved) tensor.dispose()
    })
    if (!retain) tape.nodes.length = 0
    const results = outputs.map((ref) => arrived(flow, ref))
    // What no node used and no one asked for.
    for (const x of flow.values()) if (!results.includes(x)) x.dispose()
    return results
  })
}

/** The tangents of f(…inputs) along the tangents of its inputs. */
export const pushThrough = (
  tape: Recording,
  f: (...inputs: Tensor[]) => readonly Tensor[],
  inputs: readonly Tensor[],
  tangents: Sparse,
): Sparse =>
  tracing(
    tape,
    f,
    inputs,
    tangents.map((tangent) => tangent !== undefined),
    (ins, outs) => pushForward(tape, ins, tangents, outs),
  )

/** The tangent of a primitive's result, in one of the ways that {@link Pushforward} lists. */
function pushforward<P extends PrimitiveName>(
  primitive: P,
  rule: VjpRule<P>,
  call: SavedCall<P>,
  inputs: TapeNode['inputs'],
  shape: readonly number[],
  tangents: Sparse,
): Tensor {
  const formula = tangentFormulas[primitive]
  if (formula !== undefined) return formula({ ...call, shape, dx: (i) => tangents[i] })
  if (rule.jvp === 'linear') {
    const zero = ({ shape, dtype, device }: TapeNode['inputs'][number]) => zeros(shape, { dtype, device })
    const moved = inputs.map((ref, i) =>
      rule.input(i, call.params) === undefined ? call.x(i) : (tangents[i] ?? zero(ref)),
    )
    return dispatch(primitive, moved, call.params)
  }
  const term = (dx: Tensor, i: number): Tensor =>
    rule.jvp === 'elementwise'
      ? rule.input(i, call.params)!.grad(
          vjpContext(
            call,
            dx,
            inputs.map((_, j) => j === i),
          ),
        )
      : dispatch(primitive, i === 0 ? [dx, call.x(1)] : [call.x(0), dx], call.params)
  const terms = tangents.flatMap((dx, i) => (dx === undefined ? [] : [term(dx, i)]))
  const sum = terms.reduce((a, b) => add(a, b))
  return sameShape(sum.shape, shape) ? sum : broadcastTo(sum, shape)
}
