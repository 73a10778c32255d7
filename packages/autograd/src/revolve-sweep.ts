import type { Tensor } from '@tweedie/tensor'
import { add, isFloat, scope, TweedieError, treeLeaves, treeMap } from '@tweedie/tensor'
import { pullThrough } from './engine.ts'
import { interpreting, rename, Substitution } from './interpreters.ts'
import type { ForwardMode, Sparse } from './node.ts'
import { revolveCut } from './revolve-schedule.ts'
import { Tape } from './tape.ts'
import { orElse, outputLeaves } from './trace.ts'

/** One step of a chain: a state to the next one. */
export type Step<X> = (x: X) => X

/** Frees handles before their scope does. */
export function free(xs: Sparse): void {
  for (const x of xs) x?.dispose()
}

/** A handle of x that is the innermost scope's, whoever owns x. */
function handleOf(x: Tensor): Tensor {
  const handle = x.alias()
  handle.rehome()
  return handle
}

/**
 * The state after the steps; what they make and every state between is freed. Each state gets names of its
 * own, by a primitive, so that a step may hand on its input, or what it closes over, as it is.
 */
export function advance<X>(steps: readonly Step<X>[], x: X): X {
  let state = x
  const forget = () => {
    if (state !== x) free(treeLeaves(state))
  }
  for (const step of steps) {
    const next = orElse(forget, () => scope(() => treeMap(step(state), rename)))
    forget()
    state = next
  }
  return state
}

/** What the steps reach by closure: by which names, what stands there, and whose gradients are wanted. */
export interface ClosedOver {
  readonly ids: readonly number[]
  readonly values: readonly Tensor[]
  readonly wanted: readonly boolean[]
}

const floats = (leaves: readonly Tensor[]): boolean[] => leaves.map(({ dtype }) => isFloat(dtype))

/**
 * One pass over a chain. Sums the gradients of what its steps close over; cotangents and states are freed
 * once they are used up, so that what is alive at a time is what the schedule stores, one step's tape
 * with the states at its two ends, one cotangent, and that of the whole node, which its caller holds.
 */
export class Sweep {
  readonly #closure: ClosedOver
  readonly #sums: (Tensor | undefined)[]

  constructor(closure: ClosedOver) {
    this.#closure = closure
    this.#sums = closure.values.map(() => undefined)
  }

  /** {@link advance} with what the steps close over put back in its place. */
  advance<X>(steps: readonly Step<X>[], x: X): X {
    return this.#within(this.#closure.values, () => advance(steps, x))
  }

  /** Gradients in the first state and in the closure, by the binomial schedule from the stored first state. */
  binomial<X>(
    steps: readonly Step<X>[],
    x: X,
    slots: number,
    cotangents: Sparse,
    wanted: readonly boolean[],
  ): Sparse {
    return [...this.#reverse(steps, x, slots, this.#copy(cotangents), wanted), ...this.#sums]
  }

  /** Uses up `flow`. */
  #reverse<X>(
    steps: readonly Step<X>[],
    x: X,
    slots: number,
    flow: Sparse,
    wanted: readonly boolean[],
  ): Sparse {
    let end = steps.length
    let arriving = flow
    while (end > 1) {
      const m = revolveCut(end, slots)
      const middle = this.advance(steps.slice(0, m), x)
      const leaves = treeLeaves(middle)
      arriving = this.#reverse(steps.slice(m, end), middle, slots - 1, arriving, floats(leaves))
      free(leaves)
      end = m
    }
    return this.#pull(steps[0]!, x, arriving, wanted)
  }

  /** Gradients in the first state and in the closure, from the last state and the steps' inverses. */
  inverted<X>(
    steps: readonly Step<X>[],
    inverses: readonly Step<X>[],
    last: X,
    cotangents: Sparse,
    wanted: readonly boolean[],
  ): Sparse {
    let after = last
    let flow: Sparse = this.#copy(cotangents)
    for (let i = steps.length - 1; i >= 0; i--) {
      const before = this.advance([inverses[i]!], after)
      const leaves = treeLeaves(before)
      if (after !== last) free(treeLeaves(after))
      flow = this.#pull(steps[i]!, before, flow, i === 0 ? wanted : floats(leaves))
      after = before
    }
    free(treeLeaves(after))
    return [...flow, ...this.#sums]
  }

  /** Tangents of the last state from those of the first and of the closure, one step at a time. */
  forward<X>(steps: readonly Step<X>[], x: X, tangents: Sparse, { pushThrough }: ForwardMode): Sparse {
    const n = treeLeaves(x).length
    let state = x
    let flow: Sparse = tangents.slice(0, n)
    steps.forEach((step, i) => {
      const leaves = treeLeaves(state)
      const inputs = [...leaves, ...this.#closure.values]
      const moved = pushThrough(new Tape(), this.#inLeaves(step, state), inputs, [
        ...flow,
        ...tangents.slice(n),
      ])
      if (i > 0) free(flow)
      if (i < steps.length - 1) {
        const next = this.advance([step], state)
        if (i > 0) free(leaves)
        state = next
      }
      flow = moved.map((tangent) => (tangent !== undefined && isFloat(tangent.dtype) ? tangent : undefined))
    })
    return flow
  }

  /** Tapes one step at x and walks it back; uses up the cotangents. */
  #pull<X>(step: Step<X>, x: X, cotangents: Sparse, wanted: readonly boolean[]): Sparse {
    const { values, wanted: wantedOfClosure } = this.#closure
    const leaves = treeLeaves(x)
    const inputs = [...leaves, ...values]
    const grads = pullThrough(
      new Tape(),
      this.#inLeaves(step, x, cotangents.length),
      inputs,
      [...wanted, ...wantedOfClosure],
      cotangents,
    )
    free(cotangents)
    grads.slice(leaves.length).forEach((grad, i) => {
      const before = this.#sums[i]
      if (grad === undefined) return
      this.#sums[i] = before === undefined ? grad : add(before, grad)
      if (before !== undefined) free([before, grad])
    })
    return grads.slice(0, leaves.length)
  }

  /** A step as a function of the leaves of its state and the values of the closure. */
  #inLeaves<X>(step: Step<X>, x: X, expected?: number): (...inputs: Tensor[]) => readonly Tensor[] {
    const n = treeLeaves(x).length
    return (...inputs) =>
      this.#within(inputs.slice(n), () =>
        scope(() => {
          const leaves = outputLeaves('checkpointedChain', step(treeMap(x, (_, i) => inputs[i]!)))
          if (expected === undefined || leaves.length === expected) return leaves.map(rename)
          throw new TweedieError(
            `checkpointedChain: a step is not pure: it returned ${expected} tensors, then ${leaves.length}`,
          )
        }),
      )
  }

  #within<T>(values: readonly Tensor[], fn: () => T): T {
    return interpreting(new Substitution(new Map(this.#closure.ids.map((id, i) => [id, values[i]!]))), fn)
  }

  #copy(cotangents: Sparse): Sparse {
    return cotangents.map((x) => (x === undefined ? undefined : handleOf(x)))
  }
}
