import type { Interpreter, Tensor } from '@tweedie/tensor'
import { activeInterpreters, dispatch, dispatchAt, pushInterpreter, removeInterpreter } from '@tweedie/tensor'

/** A fresh name for the same value: an inner tape can watch it without mistaking other uses of it. */
export const rename = (x: Tensor): Tensor => dispatch('reshape', [x], { shape: x.shape })

/** Runs `fn` (synchronous) with an interpreter in force. */
export function interpreting<T>(interpreter: Interpreter, fn: () => T): T {
  pushInterpreter(interpreter)
  try {
    return fn()
  } finally {
    removeInterpreter(interpreter)
  }
}

/** Puts other tensors in the place of named values: for a function that runs again when those are gone. */
export class Substitution implements Interpreter {
  readonly #by: ReadonlyMap<number, Tensor>

  constructor(by: ReadonlyMap<number, Tensor>) {
    this.#by = by
  }

  resolve(x: Tensor): Tensor {
    return this.#by.get(x.id) ?? x
  }

  readonly run: Interpreter['run'] = (primitive, inputs, params, level) =>
    dispatchAt(
      level,
      primitive,
      inputs.map((x) => this.resolve(x)),
      params,
    )
}

/** What the substitutions in force put in the place of x: x itself may be gone. */
export const resolved = (x: Tensor): Tensor =>
  activeInterpreters().reduceRight((y, on) => (on instanceof Substitution ? on.resolve(y) : y), x)

/** Notes in `used`, by id, the handles of every value that a function uses without having made it. */
export function capturing(used: Map<number, Set<Tensor>>): Interpreter {
  const made = new Set<number>()
  return {
    run: (primitive, inputs, params, level) => {
      for (const x of inputs) {
        if (made.has(x.id)) continue
        const handles = used.get(x.id)
        if (handles === undefined) used.set(x.id, new Set([x]))
        else handles.add(x)
      }
      const out = dispatchAt(level, primitive, inputs, params)
      made.add(out.id)
      return out
    },
  }
}
