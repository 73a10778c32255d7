import { TweedieError, treeMap } from '@tweedie/tensor'
import { backpropagate } from './engine.ts'
import { pushForward } from './forward.ts'
import { asyncLike, chain } from './lift.ts'
import type { Argnums, AuxOf, Chosen, GradOptions, ValueOf } from './select.ts'
import { chosenNumbers, partial, splitAux } from './select.ts'
import { freedWith } from './tape.ts'
import { discard, orElse, outputLeaves, trace } from './trace.ts'
import { alignLeaves, alignTangents, leavesByPath } from './trees.ts'
import { checkDifferentiable, checkLike } from './vjp.ts'

/** A function at a point: its value there, and its derivative as a linear map in both directions. */
export interface Linearization<In, Out, Aux = never> {
  readonly value: Out
  /** What f returned beside its value; there with `hasAux`. */
  readonly aux: Aux
  /** J·v: the tangent of the value along a tangent of the arguments (a tree like them). Any number of times. */
  pushforward(tangent: In): Out
  /** uᵀ·J: the gradient in the arguments of ⟨value, u⟩. Any number of times. */
  pullback(cotangent: Out): In
  /** Frees the tape; the value stays. */
  dispose(): void
  [Symbol.dispose](): void
}

/** For an async f, a promise of what the synchronous form returns. */
export function linearize<
  Args extends readonly unknown[],
  R,
  const N extends Argnums | undefined = undefined,
  Aux extends boolean = false,
>(
  f: (...args: Args) => Promise<R>,
  args: Args,
  options?: GradOptions<N, Aux>,
): Promise<Linearization<Chosen<Args, N>, ValueOf<R, Aux>, AuxOf<R>>>
/**
 * Runs f once, and gives its derivative at that point as a linear map that can be applied any number of
 * times, forwards and backwards, without running f again. It holds what the rules of f's primitives
 * declare, until `dispose()` or the end of a `using` block.
 *
 * With `argnums`, tangents and gradients are of the arguments named (one tree, or a list), else of all (a
 * list). An argument whose tangent is undefined is held. For an async f, a promise.
 * @throws {ShapeError}, {DTypeError}, {TweedieError} for a tangent or cotangent that does not fit.
 * @example
 * ```ts
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * import { linearize } from '@tweedie/autograd'
 * const line = linearize((x: Tensor) => x.square(), [tensor([1, 2])], { argnums: 0 })
 * Array.from(line.value.dataSync()) // => [1, 4]
 * Array.from(line.pushforward(tensor([1, 1])).dataSync()) // => [2, 4]
 * Array.from(line.pullback(tensor([10, 0])).dataSync()) // => [20, 0]
 * line.dispose()
 * ```
 */
export function linearize<
  Args extends readonly unknown[],
  R,
  const N extends Argnums | undefined = undefined,
  Aux extends boolean = false,
>(
  f: (...args: Args) => R,
  args: Args,
  options?: GradOptions<N, Aux>,
): Linearization<Chosen<Args, N>, ValueOf<R, Aux>, AuxOf<R>>
export function linearize(
  f: (...args: unknown[]) => unknown,
  args: unknown[],
  options: GradOptions<Argnums | undefined> = {},
): unknown {
  return linearized('linearize', f, args, options.argnums, options.hasAux)
}

/** A linearization whose value can be freed with it. */
export interface AnyLinearization extends Linearization<unknown, unknown, unknown> {
  discardValue(): void
  /** Frees all that f returned, and the tape. */
  discardAll(): void
}

/** {@link linearize} without its types, under the name of the transform that uses it. */
export function linearized<Args extends readonly unknown[], R>(
  op: string,
  f: (...args: Args) => R,
  args: Args,
  argnums: Argnums | undefined,
  hasAux = false,
): AnyLinearization | Promise<AnyLinearization> {
  const chosen = chosenNumbers(argnums ?? args.map((_, i) => i), args)
  const selected = chosen.map((n) => args[n])
  const single = typeof argnums === 'number'
  return chain(trace(op, asyncLike(f, partial(f, args, chosen)), selected), (traced) => {
    const { tape, inputs } = traced
    const discardAll = () => {
      discard(traced, traced.value, undefined)
      tape.dispose()
    }
    const state = { open: true }
    const usable = () => {
      if (!state.open) throw new TweedieError(`${op}: this linearization has been disposed of`)
      checkDifferentiable(op, tape, inputs, outputs)
    }
    const dispose = () => {
      state.open = false
      tape.dispose()
    }
    freedWith(state, tape, dispose)
    const { value, aux, paths, outputs } = orElse(discardAll, () => {
      const [value, aux] = splitAux(traced.value, hasAux)
      const outputs = traced.outputs.slice(0, outputLeaves(op, value).length)
      return { value, aux, paths: [...leavesByPath(value).keys()], outputs }
    })
    return {
      value,
      aux,
      pushforward: (tangent) => {
        usable()
        const tangents = alignTangents(op, selected, single ? [tangent] : (tangent as unknown[]))
        checkLike(op, 'tangent', 'argument', inputs, tangents)
        const moved = pushForward(tape, inputs, tangents, outputs, true)
        return treeMap(value, (_, i) => moved[i]!)
      },
      pullback: (cotangent) => {
        usable()
        const cotangents = alignLeaves(op, 'cotangent', paths, cotangent)
        checkLike(op, 'cotangent', 'result', outputs, cotangents)
        const grads = backpropagate(tape, outputs, cotangents, inputs, true)
        const trees = treeMap(selected, (_, i) => grads[i]!)
        return single ? trees[0] : trees
      },
      discardValue: () => discard(traced, value, aux),
      discardAll,
      dispose,
      [Symbol.dispose]: dispose,
    }
  })
}
