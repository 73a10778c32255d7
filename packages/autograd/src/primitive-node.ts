import type { PrimitiveName, PrimitiveParams, Tensor } from '@tweedie/tensor'
import { pullThrough } from './engine.ts'
import { resolved } from './interpreters.ts'
import type { Recording, TapeNode } from './node.ts'
import { inputRefs, refTo } from './node.ts'
import type { Gradients, Rule, SavedCall, VjpRule } from './rules/index.ts'

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
    y: saved.get('y')!,
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
    forward: (tangents, { pushforward }) => [pushforward(primitive, rule, call, refs, out.shape, tangents)],
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

/** A call with the gradient that arrives at its result. */
export function vjpContext<P extends PrimitiveName>(
  call: SavedCall<P>,
  dy: Tensor,
  wanted: readonly boolean[],
) {
  let once: Tensor | undefined
  return { ...call, dy, wanted, shared: (make: () => Tensor) => (once ??= make()) }
}

/**
 * The node of a primitive whose derivatives are those of a composition. A pass traces the composition on a tape that
 * `fresh` makes.
 */
export function composedNode<P extends PrimitiveName>(
  fresh: () => Recording,
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
      fresh(),
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
    backward: (cotangents) => pullThrough(fresh(), composition, saved, wanted, cotangents),
    forward: (tangents, { pushThrough }) => pushThrough(fresh(), composition, saved, tangents),
  }
}
