import type { Tensor } from '@tweedie/tensor'
import {
  DTypeError,
  formatShape,
  isFloat,
  ShapeError,
  sameShape,
  TweedieError,
  treeMap,
} from '@tweedie/tensor'
import { backpropagate } from './engine.ts'
import { chain } from './lift.ts'
import type { ValueRef } from './node.ts'
import type { Tape } from './tape.ts'
import { freedWith } from './tape.ts'
import type { Trace } from './trace.ts'
import { trace } from './trace.ts'
import { alignLeaves, leavesByPath } from './trees.ts'

/** The way back from a value: cotangents in, gradients of all arguments out. */
export interface Pullback<Args extends readonly unknown[]> {
  /**
   * @param cotangent - A tree like the value, of the shapes of its tensors.
   * @param options - With `retain`, the tape stays for another call; without, it is freed as it is read.
   * @returns One tree per argument, shaped like it; zeros for tensors that are no floats.
   */
  (cotangent: unknown, options?: { retain?: boolean }): Args
  /** Frees what the tape still holds. */
  dispose(): void
  [Symbol.dispose](): void
}

/** Tensors that must have the shapes and element types of others: cotangents of results, tangents of arguments. */
export function checkLike(
  op: string,
  what: 'cotangent' | 'tangent',
  of: 'result' | 'argument',
  refs: readonly ValueRef[],
  given: readonly (Tensor | undefined)[],
): void {
  refs.forEach((ref, i) => {
    const x = given[i]
    if (x === undefined) return
    if (!sameShape(ref.shape, x.shape))
      throw new ShapeError(op, `the ${what} must have the shape of the ${of}`, [ref.shape, x.shape])
    if (x.dtype !== ref.dtype) throw new DTypeError(op, `the ${what} is ${x.dtype}, the ${of} ${ref.dtype}`)
  })
}

const named = ({ shape, dtype }: ValueRef): string => `${formatShape(shape)} ${dtype}`

/** @throws {DTypeError} where no gradient can be: nothing to differentiate, or nothing to differentiate in. */
export function checkDifferentiable(
  op: string,
  tape: Tape,
  inputs: readonly ValueRef[],
  outputs: readonly ValueRef[],
): void {
  if (!inputs.some(({ dtype }) => isFloat(dtype))) {
    const list = inputs.map(named).join(', ') || 'no tensor'
    throw new DTypeError(op, `only float32 and float64 tensors have gradients, the argument is ${list}`)
  }
  if (outputs.some(({ dtype }) => isFloat(dtype))) return
  const cut = outputs.map((out) => tape.severedAt(out)).find((found) => found !== undefined)
  const reason = cut === undefined ? '' : `; it comes from ${cut.primitive}, which has none: ${cut.why}`
  throw new DTypeError(op, `the result ${outputs.map(named).join(', ')} has no gradient${reason}`)
}

/** For an async f, a promise of what the synchronous form returns. */
export function vjp<Args extends readonly unknown[], R>(
  f: (...args: Args) => Promise<R>,
  ...args: Args
): Promise<[value: R, pullback: Pullback<Args>]>
/**
 * Runs f and returns its value with the pullback: cotangent ↦ cotangentᵀ·∂f/∂args, for each argument a tree
 * like it. Arguments and value may be any trees of tensors; tensors that f closes over count as constants.
 * For an async f, a promise of both.
 *
 * The pullback frees its tape on first use, even where a rule throws on the way, unless told to `retain` it; `dispose()`
 * one that is not used. An error that ends the scope it was made in frees the tape too.
 * @throws {TweedieError} where f returns no tensor, or the cotangent has other places than the value;
 * {ShapeError}, {DTypeError} for a cotangent that does not fit; {DTypeError} from the pullback where no
 * gradient can be, saying which primitive is in the way.
 * @example
 * ```ts
 * import { tensor } from '@tweedie/tensor'
 * import { vjp } from '@tweedie/autograd'
 * const [y, pullback] = vjp((a, b) => a.mul(b), tensor([1, 2]), tensor([3, 4]))
 * const [da, db] = pullback(tensor([1, 10]))
 * Array.from(da.dataSync()) // => [3, 40]
 * Array.from(db.dataSync()) // => [1, 20]
 * ```
 */
export function vjp<Args extends readonly unknown[], R>(
  f: (...args: Args) => R,
  ...args: Args
): [value: R, pullback: Pullback<Args>]
export function vjp(f: (...args: unknown[]) => unknown, ...args: unknown[]): unknown {
  return chain(trace('vjp', f, args), (traced) => [traced.value, pullbackOf(traced, args)])
}

function pullbackOf<Args extends readonly unknown[]>(
  { tape, inputs, outputs, value }: Trace,
  args: Args,
): Pullback<Args> {
  const paths = [...leavesByPath(value).keys()]
  const state = { open: true }
  const dispose = () => {
    state.open = false
    tape.dispose()
  }
  freedWith(state, tape, dispose)
  const pullback = (cotangent: unknown, { retain = false }: { retain?: boolean } = {}): Args => {
    if (!state.open) {
      throw new TweedieError(
        'vjp: this pullback has been used; call it with { retain: true } to use it again',
      )
    }
    checkDifferentiable('vjp', tape, inputs, outputs)
    const cotangents = alignLeaves('vjp', 'cotangent', paths, cotangent)
    checkLike('vjp', 'cotangent', 'result', outputs, cotangents)
    try {
      const grads = backpropagate(tape, outputs, cotangents, inputs, retain)
      return treeMap(args, (_, i) => grads[i]!)
    } finally {
      if (!retain) dispose()
    }
  }
  return Object.assign(pullback, { dispose, [Symbol.dispose]: dispose })
}
