import type { Tensor } from '@tweedie/tensor'
import {
  isFloat,
  OptionError,
  pushInterpreter,
  removeInterpreter,
  scope,
  TweedieError,
  treeLeaves,
  treeMap,
  unscoped,
} from '@tweedie/tensor'
import { interpreting, rename } from './interpreters.ts'
import { isAsync } from './lift.ts'
import type { ValueRef } from './node.ts'
import { refTo } from './node.ts'
import { Tape } from './tape.ts'

/** A function that has run, with the tape of its run. */
export interface Trace {
  readonly tape: Tape
  /** The arguments, as the tape knows them. */
  readonly inputs: readonly ValueRef[]
  /** The value; its tensors are the caller's. */
  readonly value: unknown
  /** The value's tensors, as the tape knows them. */
  readonly outputs: readonly ValueRef[]
}

type AnyFunction = (...args: never[]) => unknown

/**
 * Runs f under a tape that watches the float tensors of its arguments (those that `watch` picks). What f
 * makes and does not return is freed: by a scope where f is synchronous; where it is asynchronous, whatever
 * follows from the watched tensors is freed by the tape when the promise settles, since other work that
 * runs in between must not be.
 */
export function trace(
  op: string,
  f: AnyFunction,
  args: readonly unknown[],
  watch: (leaf: number) => boolean = () => true,
): Trace | Promise<Trace> {
  const tape = new Tape()
  // Handles of the trace's own: the tape outlives the scopes in which its values came to be.
  const handles: Tensor[] = []
  const close = () => {
    for (const x of handles) x.dispose()
  }
  const fail = (error: unknown): never => {
    tape.dispose()
    close()
    throw error
  }
  try {
    for (const x of treeLeaves(args)) {
      const renamed = rename(x)
      handles.push(renamed.alias())
      renamed.dispose()
    }
  } catch (error) {
    fail(error)
  }
  handles.forEach((x, i) => {
    if (isFloat(x.dtype) && watch(i)) tape.watch(x)
  })
  const inner = treeMap(args, (_, i) => handles[i]!) as never[]
  const finish = (value: unknown): Trace => {
    const outputs = outputLeaves(op, value).map(refTo)
    // A value that is an argument itself would share the trace's handle: give it one of its own.
    const own = treeMap(value, (x) => (handles.includes(x) ? rename(x) : x))
    close()
    return { tape, inputs: handles.map(refTo), value: own, outputs }
  }
  if (isAsync(f)) return runAsync(tape, f, inner).then(finish).catch(fail)
  try {
    return finish(scope(() => interpreting(tape, () => synchronous(op, f(...inner)))))
  } catch (error) {
    return fail(error)
  }
}

/** Runs an async function under a tape that stays in force, and owns what it follows, until f settles. */
async function runAsync(tape: Tape, f: AnyFunction, args: never[]): Promise<unknown> {
  tape.startOwning()
  pushInterpreter(tape)
  let kept: readonly Tensor[] = []
  try {
    // Outside of the caller's scopes, which close before f is done.
    const value = await unscoped(() => f(...args))
    kept = treeLeaves(value)
    return value
  } finally {
    removeInterpreter(tape)
    tape.freeOwned(kept)
  }
}

function synchronous<T>(op: string, value: T): T {
  if (!(value instanceof Promise)) return value
  value.catch(() => undefined)
  throw new OptionError(
    op,
    'the function returned a promise but is not declared async, so that what it made before its first await ' +
      `has been freed; write ${op}(async (x) => …)`,
  )
}

/**
 * Runs a transform of f whose result leaves out f's value: all else that f returned is freed, by a scope
 * where f is synchronous, else by {@link discard}.
 */
export const withoutValue = <T>(f: AnyFunction, fn: () => T): T => (isAsync(f) ? fn() : scope(fn))

/** Frees the tensors of a value that the tape follows, hence f made, but for those in `kept`. */
export function discard({ tape, outputs }: Trace, value: unknown, kept: unknown): void {
  const keep = new Set(treeLeaves(kept))
  treeLeaves(value).forEach((x, i) => {
    if (tape.isTracked(outputs[i]!) && !keep.has(x)) x.dispose()
  })
}

/** Runs `fn`; where it throws, `undo` runs before the error goes on. */
export function orElse<T>(undo: () => void, fn: () => T): T {
  try {
    return fn()
  } catch (error) {
    undo()
    throw error
  }
}

/** The tensors of what a traced function returned, or an error that says what it should have returned. */
export function outputLeaves(op: string, value: unknown): Tensor[] {
  const leaves = treeLeaves(value)
  if (leaves.length === 0) throw new TweedieError(`${op}: the function returned no tensor`)
  return leaves
}
