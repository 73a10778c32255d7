import type { Interpreter, PrimitiveName, PrimitiveParams, Tensor } from '@tweedie/tensor'
import {
  activeInterpreters,
  dispatchAt,
  scope,
  TweedieError,
  treeLeaves,
  treeMap,
  withInterpreters,
} from '@tweedie/tensor'
import { backpropagate, interpreting, newTape, outputLeaves, rename, Substitution } from './engine.ts'
import type { Backward } from './tape.ts'
import { Tape } from './tape.ts'

/** The same value, through which no gradient flows, at any order. */
export function stopGradient<T>(tree: T): T {
  return treeMap(tree, (x) => x.detach())
}

/** Runs `fn` unseen by the tapes, and returns those that were recording. */
function untaped<T>(fn: () => T): { value: T; tapes: Tape[] } {
  const tapes = activeInterpreters().filter((interpreter): interpreter is Tape => interpreter instanceof Tape)
  const others = activeInterpreters().filter((interpreter) => !(interpreter instanceof Tape))
  return { value: withInterpreters(others, fn), tapes }
}

/** Enters one call with its own way back on every tape that follows one of its inputs. */
function recordOn(
  tapes: readonly Tape[],
  name: string,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  makeBackward: (inputs: readonly Tensor[], outputs: readonly Tensor[]) => Backward,
): void {
  for (const tape of tapes) {
    const wanted = inputs.map((x) => tape.isTracked(x))
    if (!wanted.includes(true)) continue
    const [ins, outs] = [inputs.map((x) => x.alias()), outputs.map((x) => x.alias())]
    tape.record({
      name,
      inputs: inputs.map(({ id, shape }, i) => ({ id, shape, wanted: wanted[i]! })),
      outputs: outputs.map(({ id, shape }) => ({ id, shape })),
      saved: [...ins, ...outs],
      broadcasts: false,
      backward: makeBackward(ins, outs),
    })
  }
}

/** Gives results that are inputs handed through a name of their own. */
const freshen = <T>(value: T, inputs: readonly Tensor[]): T =>
  treeMap(value, (x) => (inputs.some(({ id }) => id === x.id) ? x.detach() : x))

/**
 * A function whose gradient is what you say: `rule` gets the inputs, the result and the cotangent, and
 * returns one gradient per input (undefined for none). Write it in tensor ops and it has gradients itself.
 * @example
 * ```ts
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * import { customVjp, grad } from '@tweedie/autograd'
 * const clippedGrad = customVjp((x: Tensor) => x.mul(x), ({ inputs: [x] }, dy) => [dy.mul(x.mul(2)).clamp(-1, 1)])
 * Array.from(grad((x: Tensor) => clippedGrad(x).sum())(tensor([0.25, 3])).dataSync()) // => [0.5, 1]
 * ```
 */
export function customVjp<Inputs extends readonly Tensor[]>(
  f: (...inputs: Inputs) => Tensor,
  rule: (
    context: { readonly inputs: Inputs; readonly output: Tensor },
    cotangent: Tensor,
  ) => readonly (Tensor | undefined)[],
): (...inputs: Inputs) => Tensor {
  return (...inputs) => {
    const { value, tapes } = untaped(() =>
      freshen(
        scope(() => f(...inputs)),
        inputs,
      ),
    )
    recordOn(tapes, 'customVjp', inputs, [value], (ins, [output]) => ([cotangent]) => {
      const grads = rule({ inputs: ins as unknown as Inputs, output: output! }, cotangent!)
      if (grads.length !== inputs.length) {
        throw new TweedieError(
          `customVjp: the rule returned ${grads.length} gradients for ${inputs.length} inputs`,
        )
      }
      return grads
    })
    return value
  }
}

/** Notes every value that a function uses without having made it. */
class Capture implements Interpreter {
  readonly used = new Map<number, Tensor>()
  private readonly made = new Set<number>()

  run<P extends PrimitiveName>(
    primitive: P,
    inputs: readonly Tensor[],
    params: PrimitiveParams[P],
    level: number,
  ): Tensor {
    for (const x of inputs) if (!this.made.has(x.id)) this.used.set(x.id, x)
    const out = dispatchAt(level, primitive, inputs, params)
    this.made.add(out.id)
    return out
  }
}

/**
 * The same function, of which a tape keeps only the inputs: its inside is computed again when the gradient
 * comes by (arXiv 1604.06174). f must be pure; tensors it closes over get their gradients too.
 */
export function checkpoint<Args extends readonly unknown[], R>(
  f: (...args: Args) => R,
): (...args: Args) => R {
  return (...args) => {
    const explicit = treeLeaves(args)
    const capture = new Capture()
    const names = new Set<number>()
    // Arguments go in under new names, to tell them from the same values reached by closure.
    const { value, tapes } = untaped(() =>
      scope(() => {
        const inner = treeMap(args, rename)
        for (const { id } of treeLeaves(inner)) names.add(id)
        return interpreting(capture, () => f(...inner))
      }),
    )
    if (tapes.length === 0) return value
    const captured = [...capture.used.values()].filter(
      (x) => !names.has(x.id) && tapes.some((tape) => tape.isTracked(x)),
    )
    const inputs = [...explicit, ...captured]
    const result = freshen(value, inputs)
    recordOn(
      tapes,
      'checkpoint',
      inputs,
      outputLeaves('checkpoint', result),
      (saved, outputs) => (cotangents) => recompute(f, args, saved, explicit.length, outputs, cotangents),
    )
    return result
  }
}

/** Runs f again under a tape of its own, and that tape backwards. */
function recompute<Args extends readonly unknown[], R>(
  f: (...args: Args) => R,
  args: Args,
  saved: readonly Tensor[],
  explicitCount: number,
  outputs: readonly Tensor[],
  cotangents: readonly (Tensor | undefined)[],
): Tensor[] {
  const tape = newTape()
  try {
    return scope(() => {
      const watched = saved.map(rename)
      for (const x of watched) tape.watch(x)
      const captured = new Map(
        saved.slice(explicitCount).map(({ id }, i) => [id, watched[explicitCount + i]!]),
      )
      const inner = treeMap(args, (_, i) => watched[i]!)
      const again = interpreting(tape, () => interpreting(new Substitution(captured), () => f(...inner)))
      const pairs = treeLeaves(again).flatMap((out, i) => {
        const cotangent = cotangents[i]
        return cotangent === undefined ? [] : [{ out, cotangent }]
      })
      if (treeLeaves(again).length !== outputs.length)
        throw new TweedieError('checkpoint: the function is not pure')
      return backpropagate(
        tape,
        pairs.map(({ out }) => out),
        pairs.map(({ cotangent }) => cotangent),
        watched,
      )
    })
  } finally {
    tape.dispose()
  }
}
