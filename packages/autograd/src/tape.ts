import type { Interpreter, PrimitiveName, PrimitiveParams, Tensor } from '@tweedie/tensor'
import { dispatchAt, isFloat, whenScopeEnds } from '@tweedie/tensor'
import { inspector } from './inspector.ts'
import type { Recording, TapeNode } from './node.ts'
import { composedNode, primitiveNode } from './primitive-node.ts'
import type { Rule } from './rules/index.ts'
import { rules } from './rules/index.ts'

/** A value through which no gradient can flow, and the primitive that is why. */
export interface Severed {
  readonly primitive: string
  readonly why: string
}

/**
 * Records the primitive calls through which derivatives flow from the watched values. Values are known by
 * `Tensor.id`, so it does not matter which handle shows them, nor what else runs in between.
 */
export class Tape implements Recording {
  readonly nodes: TapeNode[] = []
  readonly #tracked = new Set<number>()
  readonly #severed = new Map<number, Severed>()
  #owned: Tensor[] | undefined

  watch(x: Tensor): void {
    this.#tracked.add(x.id)
  }

  isTracked(x: { readonly id: number }): boolean {
    return this.#tracked.has(x.id)
  }

  /** Why nothing flows through a value that came, by way of integers or truth values, from a watched one. */
  severedAt(x: { readonly id: number }): Severed | undefined {
    return this.#severed.get(x.id)
  }

  /**
   * From now on the tape owns the results of what it follows, until {@link freeOwned}: for functions that
   * wait, which no scope can enclose.
   */
  startOwning(): void {
    this.#owned = []
  }

  /** Takes a result over, where the tape owns results. */
  own(x: Tensor): void {
    this.#owned?.push(x)
  }

  /** Frees what the tape owns but for `kept`. */
  freeOwned(kept: readonly Tensor[]): void {
    const keep = new Set(kept)
    for (const x of this.#owned ?? []) if (!keep.has(x)) x.dispose()
    this.#owned = undefined
  }

  readonly run: Interpreter['run'] = (primitive, inputs, params, level) => {
    const out = dispatchAt(level, primitive, inputs, params)
    if (inputs.some(({ id }) => this.#tracked.has(id))) {
      this.own(out)
      const node = this.#nodeOf(primitive, inputs, params, out)
      if (node !== undefined) this.record(node)
    } else if (this.#severed.size > 0) {
      const cut = inputs.map(({ id }) => this.#severed.get(id)).find((found) => found !== undefined)
      if (cut !== undefined) this.#severed.set(out.id, cut)
    }
    return out
  }

  /** Records a call with ways of its own (customVjp, checkpoint). */
  record(node: TapeNode): void {
    const site = inspector()?.site()
    this.nodes.push(site === undefined ? node : { ...node, site })
    for (const { id } of node.outputs) this.#tracked.add(id)
  }

  dispose(): void {
    for (const node of this.nodes) for (const tensor of node.saved) tensor.dispose()
    this.nodes.length = 0
  }

  /** What to record of a call one of whose inputs is tracked; nothing where the result is constant in all. */
  #nodeOf<P extends PrimitiveName>(
    primitive: P,
    inputs: readonly Tensor[],
    params: PrimitiveParams[P],
    out: Tensor,
  ): TapeNode | undefined {
    inspector()?.call(primitive, inputs, out)
    const rule: Rule<P> = rules[primitive]
    const tracked = inputs.map(({ id }) => this.#tracked.has(id))
    if (rule.kind === 'composed') return composedNode(newTape, primitive, rule, inputs, params, out, tracked)
    const why = rule.kind === 'constant' ? rule.why : rule.constant?.(params, inputs)
    if (rule.kind === 'constant' || why !== undefined) {
      if (!isFloat(out.dtype)) this.#severed.set(out.id, { primitive, why: why! })
      return undefined
    }
    const wanted = tracked.map((isTracked, i) => isTracked && rule.input(i, params) !== undefined)
    return wanted.includes(true) ? primitiveNode(primitive, rule, inputs, params, out, wanted) : undefined
  }
}

const newTape = (): Tape => new Tape()

const finaliser = new FinalizationRegistry<Tape>((tape) => tape.dispose())

/**
 * Sees to a tape that nobody frees who could: with `dispose` where a scope around ends by an error; else, once no scope is left,
 * with the garbage collection of the state that all ways to use it share. A tape that is used up within a scope costs the
 * collector nothing: what it watches outlives its short collections.
 */
export function freedWith(state: { readonly open: boolean }, tape: Tape, dispose: () => void): void {
  const watch = () => {
    if (state.open && !whenScopeEnds(dispose, watch)) finaliser.register(state, tape)
  }
  watch()
}
