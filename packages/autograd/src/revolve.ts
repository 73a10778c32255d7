import type { Tensor } from '@tweedie/tensor'
import { OptionError, treeLeaves, treeMap } from '@tweedie/tensor'
import { recordingTapes, recordOn, untaped } from './custom.ts'
import { capturing, rename, resolved } from './interpreters.ts'
import { isAsync } from './lift.ts'
import type { TapeNode } from './node.ts'
import { revolveCut } from './revolve-schedule.ts'
import type { Step } from './revolve-sweep.ts'
import { advance, free, Sweep } from './revolve-sweep.ts'
import { orElse, outputLeaves } from './trace.ts'

/**
 * What a chain keeps for the way back, of n steps:
 *
 * - `'tape'`: all that the rules of its primitives declare; no step runs again;
 * - `'checkpoint'`: the state before each step; each but the last runs again, n − 1 in all;
 * - `{ slots }`: `slots` states at a time, the first included; t(n, slots) steps run again, the fewest
 *   possible (see `revolveRecomputations`);
 * - `{ inverses }`: the last state alone; `inverses[i]` gives the state before step i from the state after
 *   it, and step i runs again from there. The gradient is that of the states which the inverses find.
 */
export type ChainStrategy<X> =
  | 'tape'
  | 'checkpoint'
  | { readonly slots: number }
  | { readonly inverses: readonly Step<X>[] }

/**
 * x ← step_i(x) for i = 0 … n − 1, from x = x₀, as a function whose derivatives cost the memory that
 * `strategy` says. A state is any tree of tensors; steps are synchronous and pure, and what they reach by
 * closure (parameters) gets gradients too. On the way back one step at a time is taped, and every state,
 * cotangent and tape is freed as it is passed. Where nothing is traced the steps just run.
 *
 * Every order of derivative is right under every strategy (with `inverses`, as right as they are). The
 * bound on memory is that of the first: a second derivative records the whole first way back, its
 * recomputed steps included. Source of the binomial schedule: Griewank & Walther, "Algorithm 799: revolve",
 * ACM TOMS 26(1), 2000.
 *
 * @param options - `strategy`, default `'checkpoint'`.
 * @returns The last state, x₀ itself where there are no steps.
 * @throws {OptionError} for an async step, too few slots, or another number of inverses than steps;
 * {TweedieError} where a step returns no tensor, or another number of them when it runs again.
 * @example
 * ```ts
 * import { checkpointedChain, grad } from '@tweedie/autograd'
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * const rate = tensor(0.5)
 * const steps = Array.from({ length: 20 }, () => (x: Tensor) => x.sub(x.mul(rate)))
 * const decay = (x: Tensor) => checkpointedChain(steps, x, { strategy: { slots: 3 } })
 * grad(decay)(tensor(1)).dataSync()[0]! * 2 ** 20 // ≈ 1.0
 * ```
 */
export function checkpointedChain<X>(
  steps: readonly Step<X>[],
  x0: X,
  options: { readonly strategy?: ChainStrategy<X> } = {},
): X {
  const { strategy = 'checkpoint' } = options
  if (steps.some(isAsync)) throw new OptionError('steps', 'every step must be synchronous')
  const slots = slotsOf(strategy, steps.length)
  if (steps.length === 0) return x0
  if (strategy === 'tape' || recordingTapes().length === 0) return advance(steps, x0)
  return typeof strategy === 'object' && 'inverses' in strategy
    ? inverted(steps, strategy.inverses, x0)
    : binomial(steps, x0, slots)
}

function slotsOf<X>(strategy: ChainStrategy<X>, n: number): number {
  const all = Math.max(0, n - 1)
  if (strategy === 'tape' || strategy === 'checkpoint') return all
  if ('slots' in strategy) {
    if (Number.isSafeInteger(strategy.slots) && strategy.slots > 0) return Math.min(strategy.slots, all)
    throw new OptionError('slots', `must be a positive integer, got ${strategy.slots}`)
  }
  if ('inverses' in strategy) {
    if (strategy.inverses.length === n) return all
    throw new OptionError('inverses', `${n} steps need as many inverses, got ${strategy.inverses.length}`)
  }
  throw new OptionError('strategy', `must be 'tape', 'checkpoint', { slots } or { inverses }`)
}

/** The first way forward: one node for the steps between two stored states, and the last step on the tape. */
function binomial<X>(steps: readonly Step<X>[], x0: X, slots: number): X {
  let state = x0
  let rest = steps
  const forget = () => {
    if (state !== x0) free(treeLeaves(state))
  }
  return orElse(forget, () => {
    for (let left = slots; rest.length > 1; left--) {
      const m = revolveCut(rest.length, left)
      const next = segment(rest.slice(0, m), state, left)
      forget()
      state = next
      rest = rest.slice(m)
    }
    const last = advance(rest, state)
    forget()
    return last
  })
}

/** Steps as one node that keeps the state before them. */
const segment = <X>(steps: readonly Step<X>[], x: X, slots: number): X =>
  node(steps, x, ({ before }) => ({
    saves: treeLeaves(before),
    ways: (saved, sweep, wanted) => {
      const state = treeMap(before, (_, i) => saved[i]!)
      return {
        backward: (cotangents) => sweep.binomial(steps, state, slots, cotangents, wanted),
        forward: (tangents, mode) => sweep.forward(steps, state, tangents, mode),
      }
    },
  }))

/** Steps as one node that keeps the state after them. */
const inverted = <X>(steps: readonly Step<X>[], inverses: readonly Step<X>[], x: X): X =>
  node(steps, x, ({ after }) => ({
    saves: treeLeaves(after),
    ways: (saved, sweep, wanted) => {
      const state = treeMap(after, (_, i) => saved[i]!)
      return {
        backward: (cotangents) => sweep.inverted(steps, inverses, state, cotangents, wanted),
        forward: (tangents, mode) =>
          sweep.forward(steps, sweep.advance([...inverses].reverse(), state), tangents, mode),
      }
    },
  }))

/** How a node keeps what it needs of its states, and finds the way back. */
type Keeping<X> = (ends: { before: X; after: X }) => {
  readonly saves: readonly Tensor[]
  ways(
    saved: readonly Tensor[],
    sweep: Sweep,
    wanted: readonly boolean[],
  ): Pick<TapeNode, 'backward' | 'forward'>
}

/** Runs steps unseen by the tapes, and enters them on the tapes as one call, in x and in what they close over. */
function node<X>(steps: readonly Step<X>[], x: X, keeping: Keeping<X>): X {
  const tapes = recordingTapes()
  // Names that all interpreters know: an outer one may have put another value in an argument's place.
  const before = treeMap(x, rename)
  const explicit = treeLeaves(before)
  const used = new Map<number, Set<Tensor>>()
  const after = untaped(() => advance(steps, before), [capturing(used)])
  for (const { id } of explicit) used.delete(id)
  // What the steps made otherwise than by a primitive is freed by now; the rest they reach by closure.
  const reached = [...used].flatMap(([id, handles]) => {
    const handle = [...handles].map(resolved).find(({ isDisposed }) => !isDisposed)
    return handle === undefined ? [] : [{ id, handle }]
  })
  const { saves, ways } = keeping({ before, after })
  recordOn(tapes, {
    name: 'checkpointedChain',
    inputs: [...explicit, ...reached.map(({ handle }) => handle)],
    outputs: outputLeaves('checkpointedChain', after),
    saves: [...saves, ...reached.map(({ handle }) => handle)],
    ways: (saved, wanted) => {
      const closure = {
        ids: reached.map(({ id }) => id),
        values: saved.slice(saves.length),
        wanted: wanted.slice(explicit.length),
      }
      // Each pass over the tape sums gradients of its own.
      const pass = () => ways(saved, new Sweep(closure), wanted.slice(0, explicit.length))
      return {
        backward: (cotangents) => pass().backward(cotangents),
        forward: (tangents, mode) => pass().forward(tangents, mode),
      }
    },
  })
  free(explicit)
  return after
}
