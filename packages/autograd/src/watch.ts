import type { Tensor } from '@tweedie/tensor'
import { OptionError, onesLike, scope, treeMap } from '@tweedie/tensor'
import { backpropagate } from './engine.ts'
import type { GraphNode, TapeGraph } from './graph.ts'
import { graphOf } from './graph.ts'
import { interpreting } from './interpreters.ts'
import { isAsync } from './lift.ts'
import type { Trace } from './trace.ts'
import { trace } from './trace.ts'
import { leavesByPath } from './trees.ts'
import { checkDifferentiable, checkLike } from './vjp.ts'
import { clockBackward, watchCalls } from './watch-calls.ts'

/** One recorded call, with what it took. */
export interface TapeRecord extends GraphNode {
  /** Those of its `bytes` that nothing but the tape keeps: what f made. Arguments and constants live anyway. */
  readonly own: number
  /** Milliseconds of the call. */
  readonly forward: number
  /** Milliseconds of the way back through it, its gradients summed; 0 where no cotangent arrived. */
  readonly backward: number
  /** What `label` said when it was called. */
  readonly label?: string
}

/** A tape whose calls were watched; which values are leaves, `values[i].from` says. */
export interface WatchedTape extends Omit<TapeGraph, 'nodes' | 'toDot'> {
  readonly nodes: readonly TapeRecord[]
  /** The sum of the records' own bytes: what the tape holds between the way forward and the way back. */
  readonly own: number
}

/** Options of {@link watchVjp}. */
export interface WatchOptions {
  /** Like the value; ones where it is left out. */
  readonly cotangent?: Tensor
  /** A word for a call, by its inputs: what part of a program it belongs to. */
  readonly label?: (inputs: readonly Tensor[]) => string | undefined
  /** Shows each value of the tape that f made, by its number. While the tape is there, all of them live. */
  readonly onValue?: (value: number, x: Tensor) => void
  /** Shows the cotangent of each value that one arrives at, summed up, by the value's number. */
  readonly onCotangent?: (value: number, cotangent: Tensor) => void
}

/** What {@link watchVjp} has found: the tensors are the caller's. */
export interface WatchedVjp<Args extends readonly unknown[]> {
  readonly tape: WatchedTape
  readonly value: Tensor
  /** One tree per argument, like it. */
  readonly gradients: Args
}

/**
 * Takes one gradient and tells of every recorded call how long it took, forwards and backwards, and what it saved:
 * `traceTape` with a clock, and with a look at the tensors. The value and the gradients are those of `vjp`, bit for bit.
 *
 * Times are those of the device's calls, so on a device that defers its work (`gpu`) they are of the asking alone. The
 * first run of a program compiles kernels: watch it twice.
 *
 * @param f - Synchronous, to one tensor.
 * @throws {OptionError} for an async f; as `vjp`, where there is no gradient or the cotangent does not fit.
 * @example
 * ```ts
 * import { watchVjp } from '@tweedie/autograd'
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * const weights = tensor([2, 3, 4])
 * const { tape, gradients } = watchVjp((x: Tensor) => x.exp().mul(weights).sum(), [tensor([0, 0, 0])])
 * tape.nodes.map(({ op, own, bytes }) => `${op} ${own} of ${bytes}`) // => ['exp 12 of 12', 'mul 0 of 12', 'reduceSum 0 of 0']
 * tape.values.filter(({ from }) => from !== 'call').map(({ from }) => from) // => ['argument', 'constant']
 * Array.from(gradients[0].dataSync()) // => [2, 3, 4]
 * ```
 */
export function watchVjp<Args extends readonly unknown[]>(
  f: (...args: Args) => Tensor,
  args: Args,
  { cotangent, label, onValue, onCotangent }: WatchOptions = {},
): WatchedVjp<Args> {
  if (isAsync(f)) throw new OptionError('watchVjp', 'the function must be synchronous')
  const calls = watchCalls(label, onValue !== undefined)
  let undo = () => calls.dispose()
  try {
    // f is synchronous, so its trace is no promise.
    const traced = interpreting(calls.interpreter, () => trace('watchVjp', f, args)) as Trace & {
      value: Tensor
    }
    const { tape, inputs, outputs, value } = traced
    undo = () => {
      calls.dispose()
      tape.dispose()
      value.dispose()
    }
    checkDifferentiable('watchVjp', tape, inputs, outputs)
    if (cotangent !== undefined) checkLike('watchVjp', 'cotangent', 'result', outputs, [cotangent])
    const { graph, numbers } = graphOf(traced, [...leavesByPath(args).keys()])
    const { values, results, bytes } = graph
    const show = (to: WatchOptions['onValue'], id: number, x: Tensor) => {
      const number = numbers.get(id)
      if (number !== undefined) to?.(number, x)
    }
    for (const [id, x] of calls.values) show(onValue, id, x)
    calls.dispose()
    const recorded = [...tape.nodes]
    const [forward, own] = [calls.forward(recorded), calls.own(recorded, args)]
    const backward = clockBackward(tape.nodes, (id, x) => show(onCotangent, id, x))
    const { gradients, times } = scope(() => {
      const grads = backpropagate(tape, outputs, [cotangent ?? onesLike(value)], inputs)
      const times = backward()
      grads.forEach((x, i) => show(onCotangent, inputs[i]!.id, x))
      return { gradients: treeMap(args, (_, i) => grads[i]!), times }
    })
    const nodes = recorded.map((node, i): TapeRecord => {
      const said = calls.labelOf(node)
      const took = { own: own[i]!, forward: forward[i]!, backward: times[i]! }
      return { ...graph.nodes[i]!, ...took, ...(said !== undefined && { label: said }) }
    })
    const sum = own.reduce((total, n) => total + n, 0)
    return { tape: { values, results, bytes, nodes, own: sum }, value, gradients }
  } catch (error) {
    undo()
    throw error
  }
}
