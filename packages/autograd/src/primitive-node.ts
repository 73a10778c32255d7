import type { PrimitiveName, PrimitiveParams, Tensor } from '@tweedie/tensor'
import { add, broadcastTo, dispatch, sameShape, zeros } from '@tweedie/tensor'
import { pullThrough, pushThrough } from './engine.ts'
import { resolved } from './interpreters.ts'
import type { Sparse, TapeNode } from './node.ts'
import { inputRefs, refTo } from './node.ts'
import type { Gradients, Rule, SavedCall, VjpRule } from './rules/index.ts'
import type { Tape } from './tape.ts'

/** The node of a primitive with derivatives of its own. */
export function primitiveNode<P extends PrimitiveName>(
  primitive: P,
  rule: VjpRule<P>,
  inputs: readonly Tensor[],
  params: PrimitiveParams[P],
  out: Tensor,
  wanted: readonly boolean[],
): TapeNode {
  const saved = saveFor(rule, inputs, params, out, wanted)
  const refs = inputRefs(inputs, wanted)
  const call: SavedCall<P> = {
    x: (i) => saved.get(i)!,
    get y() {
      return saved.get('y')!
    },
    params,
    shapes: refs.map(({ shape }) => shape),
  }
  return {
    name: primitive,
    inputs: refs,
    outputs: [refTo(out)],
    saved: [...saved.values()],
    broadcasts: rule.broadcasts === true,
    casts: rule.casts === true,
    backward: ([dy]) => {
      const context = vjpContext(call, dy!, wanted)
      return wanted.map((isWanted, i) => (isWanted ? rule.input(i, params)!.grad(context) : undefined))
    },
    forward: (tangents) => [pushforward(primitive, rule, call, refs, out.shape, tangents)],
  }
}

/** Handles of what the rules of the wanted inputs declare, once each. */
function saveFor<P extends PrimitiveName>(
  rule: VjpRule<P>,
  inputs: readonly Tensor[],
  params: PrimitiveParams[P],
  out: Tensor,
  wanted: readonly boolean[],
): ReadonlyMap<number | 'y', Tensor> {
  const saved = new Map<number | 'y', Tensor>()
  wanted.forEach((isWanted, i) => {
    if (!isWanted) return
    for (const need of rule.input(i, params)!.needs) {
      if (!saved.has(need)) saved.set(need, (need === 'y' ? out : resolved(inputs[need]!)).alias())
    }
  })
  return saved
}

function vjpContext<P extends PrimitiveName>(call: SavedCall<P>, dy: Tensor, wanted: readonly boolean[]) {
  let once: Tensor | undefined
  return { ...call, dy, wanted, shared: (make: () => Tensor) => (once ??= make()) }
}

/** The tangent of a primitive's result, in one of the ways that {@link Pushforward} lists. */
function pushforward<P extends PrimitiveName>(
  primitive: P,
  rule: VjpRule<P>,
  call: SavedCall<P>,
  inputs: TapeNode['inputs'],
  shape: readonly number[],
  tangents: Sparse,
): Tensor {
  if (typeof rule.jvp === 'function') return rule.jvp({ ...call, shape, dx: (i) => tangents[i] })
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

/** The node of a primitive whose derivatives are those of a composition, traced when it comes to that. */
export function composedNode<P extends PrimitiveName>(
  tape: Tape,
  primitive: P,
  rule: Extract<Rule<P>, { kind: 'composed' }>,
  inputs: readonly Tensor[],
  params: PrimitiveParams[P],
  out: Tensor,
  wanted: readonly boolean[],
): TapeNode {
  const saved = inputs.map((input) => resolved(input).alias())
  const gradients: Gradients = (f, xs, cotangent) =>
    pullThrough(
      tape.another(),
      (...ys) => [f(...ys)],
      xs,
      xs.map(() => true),
      [cotangent],
    ) as Tensor[]
  const composition = (...xs: Tensor[]) => [rule.compose(xs, params, gradients)]
  return {
    name: primitive,
    inputs: inputRefs(inputs, wanted),
    outputs: [refTo(out)],
    saved,
    backward: (cotangents) => pullThrough(tape.another(), composition, saved, wanted, cotangents),
    forward: (tangents) => pushThrough(tape.another(), composition, saved, tangents),
  }
}
