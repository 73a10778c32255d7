import type { Interpreter, PrimitiveName, PrimitiveParams, Shape, Tensor } from '@tweedie/tensor'
import { dispatchAt } from '@tweedie/tensor'
import type { Rule } from './rules/index.ts'
import { rules } from './rules/index.ts'

/** A value as the tape remembers it. */
export interface ValueRef {
  readonly id: number
  readonly shape: Shape
}

/** Gradients of the results in, gradients of the wanted inputs out; undefined stands for zero. */
export type Backward = (cotangents: readonly (Tensor | undefined)[]) => readonly (Tensor | undefined)[]

/** One recorded call: which values went in and came out, what it saved, and its way back. */
export interface TapeNode {
  readonly name: string
  readonly inputs: readonly (ValueRef & { readonly wanted: boolean })[]
  readonly outputs: readonly ValueRef[]
  /** Handles that this node alone owns. */
  readonly saved: readonly Tensor[]
  /** Whether gradients are to be summed down to the inputs' shapes. */
  readonly broadcasts: boolean
  readonly backward: Backward
}

type VjpRule<P extends PrimitiveName> = Extract<Rule<P>, { kind: 'vjp' }>

/** A composed primitive, to be differentiated by tracing its composition. */
export type ComposedCall = (inputs: readonly Tensor[], cotangent: Tensor) => Tensor[]

/**
 * Records the primitive calls through which gradients flow from the watched values. Values are known by
 * `Tensor.id`, so it does not matter which handle shows them, nor what else runs in between.
 */
export class Tape implements Interpreter {
  readonly nodes: TapeNode[] = []
  private readonly tracked = new Set<number>()
  private readonly composed: (
    compose: Extract<Rule<PrimitiveName>, { kind: 'composed' }>['compose'],
    params: unknown,
  ) => ComposedCall

  /** @param composed - How the engine differentiates a composition, once it comes to that. */
  constructor(composed: Tape['composed']) {
    this.composed = composed
  }

  watch(x: Tensor): void {
    this.tracked.add(x.id)
  }

  isTracked(x: Tensor): boolean {
    return this.tracked.has(x.id)
  }

  run<P extends PrimitiveName>(
    primitive: P,
    inputs: readonly Tensor[],
    params: PrimitiveParams[P],
    level: number,
  ): Tensor {
    const out = dispatchAt(level, primitive, inputs, params)
    for (const input of inputs) {
      if (this.tracked.has(input.id)) {
        this.recordCall(primitive, inputs, params, out)
        break
      }
    }
    return out
  }

  /** Records a call with a way back of its own (customVjp, checkpoint). */
  record(node: TapeNode): void {
    this.nodes.push(node)
    for (const { id } of node.outputs) this.tracked.add(id)
  }

  /** Frees everything saved that no backward pass has freed yet. */
  dispose(): void {
    for (const node of this.nodes) for (const tensor of node.saved) tensor.dispose()
    this.nodes.length = 0
  }

  private recordCall<P extends PrimitiveName>(
    primitive: P,
    inputs: readonly Tensor[],
    params: PrimitiveParams[P],
    out: Tensor,
  ): void {
    const rule: Rule<P> = rules[primitive]
    if (rule.kind === 'constant') return
    if (rule.kind === 'composed') {
      const saved = inputs.map((input) => input.alias())
      const call = this.composed(rule.compose as never, params)
      this.push(
        primitive,
        inputs,
        out,
        inputs.map((x) => this.isTracked(x)),
        saved,
        false,
        ([dy]) => call(saved, dy!),
      )
      return
    }
    if (rule.differentiable?.(params, inputs) === false) return
    const wanted = inputs.map((input, i) => this.isTracked(input) && rule.input(i) !== undefined)
    if (!wanted.includes(true)) return
    const saved = saveFor(rule, inputs, out, wanted)
    const backward = backwardOf(
      rule,
      inputs.map((input) => input.shape),
      params,
      saved,
      wanted,
    )
    this.push(primitive, inputs, out, wanted, [...saved.values()], rule.broadcasts === true, backward)
  }

  private push(
    name: string,
    inputs: readonly Tensor[],
    out: Tensor,
    wanted: readonly boolean[],
    saved: readonly Tensor[],
    broadcasts: boolean,
    backward: Backward,
  ): void {
    const refs = inputs.map(({ id, shape }, i) => ({ id, shape, wanted: wanted[i]! }))
    this.record({
      name,
      inputs: refs,
      outputs: [{ id: out.id, shape: out.shape }],
      saved,
      broadcasts,
      backward,
    })
  }
}

/** Handles of what the rules of the wanted inputs declare, once each. */
function saveFor<P extends PrimitiveName>(
  rule: VjpRule<P>,
  inputs: readonly Tensor[],
  out: Tensor,
  wanted: readonly boolean[],
): Map<number | 'y', Tensor> {
  const saved = new Map<number | 'y', Tensor>()
  wanted.forEach((isWanted, i) => {
    if (!isWanted) return
    for (const need of rule.input(i)!.needs) {
      if (!saved.has(need)) saved.set(need, (need === 'y' ? out : inputs[need]!).alias())
    }
  })
  return saved
}

function backwardOf<P extends PrimitiveName>(
  rule: VjpRule<P>,
  shapes: readonly Shape[],
  params: PrimitiveParams[P],
  saved: ReadonlyMap<number | 'y', Tensor>,
  wanted: readonly boolean[],
): Backward {
  return ([dy]) => {
    let once: Tensor | undefined
    const context = {
      dy: dy!,
      x: (i: number) => saved.get(i)!,
      get y() {
        return saved.get('y')!
      },
      params,
      shapes,
      shared: (make: () => Tensor) => (once ??= make()),
    }
    return shapes.map((_, i) => (wanted[i] ? rule.input(i)!.grad(context) : undefined))
  }
}
