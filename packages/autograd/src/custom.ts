import type { Interpreter, Tensor } from '@tweedie/tensor'
import {
  activeInterpreters,
  DTypeError,
  ShapeError,
  sameShape,
  scope,
  TweedieError,
  treeMap,
  withInterpreters,
  zerosLike,
} from '@tweedie/tensor'
import { pullThrough } from './engine.ts'
import { rename, resolved } from './interpreters.ts'
import type { Sparse, TapeNode } from './node.ts'
import { inputRefs, refTo } from './node.ts'
import { Tape } from './tape.ts'

/** The tapes that are recording, outermost first. */
export const recordingTapes = (): Tape[] =>
  activeInterpreters().filter((interpreter): interpreter is Tape => interpreter instanceof Tape)

/** Whether a tape that is recording follows x: whether gradients in it are wanted. */
export const isTracked = (x: Tensor): boolean => recordingTapes().some((tape) => tape.isTracked(x))

/** The same value, through which no gradient flows, at any order. */
export function stopGradient<T>(tree: T): T {
  const tapes = recordingTapes()
  return treeMap(tree, (x) => {
    const stopped = resolved(x).detach()
    for (const tape of tapes) if (tape.isTracked(x)) tape.own(stopped)
    return stopped
  })
}

/** Runs `fn` unseen by the tapes. Results that are inputs handed through get names of their own. */
export function untaped<T>(fn: () => T, watchers: readonly Interpreter[] = []): T {
  const others = activeInterpreters().filter((interpreter) => !(interpreter instanceof Tape))
  return withInterpreters([...others, ...watchers], () => scope(() => treeMap(fn(), rename)))
}

/** A call with ways of its own through it, as the tapes that follow one of its inputs are to know it. */
export interface OwnCall {
  readonly name: string
  readonly inputs: readonly Tensor[]
  readonly outputs: readonly Tensor[]
  /** What the ways through need; each tape gets handles of its own. */
  readonly saves: readonly Tensor[]
  ways(saved: readonly Tensor[], wanted: readonly boolean[]): Pick<TapeNode, 'backward' | 'forward'>
}

/** Enters the call on every tape that follows one of its inputs. */
export function recordOn(tapes: readonly Tape[], { name, inputs, outputs, saves, ways }: OwnCall): void {
  for (const tape of tapes) {
    const wanted = inputs.map((x) => tape.isTracked(x))
    if (!wanted.includes(true)) continue
    const saved = saves.map((x) => x.alias())
    for (const out of outputs) tape.own(out)
    tape.record({
      name,
      inputs: inputRefs(inputs, wanted),
      outputs: outputs.map(refTo),
      saved,
      ...ways(saved, wanted),
    })
  }
}

/**
 * A function whose gradient is what you say: `rule` gets the inputs, the result and the cotangent, and
 * returns one gradient per input (undefined for none). Write it in tensor ops and it has gradients itself.
 * Forward products transpose the rule, which must then be linear in the cotangent. f must be synchronous.
 * @throws {TweedieError} where the rule returns another number of gradients than there are inputs.
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
  return (...args) => {
    const tapes = recordingTapes()
    if (tapes.length === 0) return f(...args)
    // Names that all interpreters know: an outer one may have put another value in an argument's place.
    const inputs = args.map(rename)
    const output = untaped(() => f(...(inputs as unknown as Inputs)))
    const gradients = (saved: readonly Tensor[], dy: Tensor): Sparse => {
      const grads = rule({ inputs: saved.slice(0, -1) as unknown as Inputs, output: saved.at(-1)! }, dy)
      if (grads.length === inputs.length) return grads
      throw new TweedieError(
        `customVjp: the rule returned ${grads.length} gradients for ${inputs.length} inputs`,
      )
    }
    recordOn(tapes, {
      name: 'customVjp',
      inputs,
      outputs: [output],
      saves: [...inputs, output],
      ways: (saved) => ({
        backward: ([dy]) => gradients(saved, dy!),
        forward: (tangents) => transposed((dy) => gradients(saved, dy), saved.at(-1)!, tangents),
      }),
    })
    return output
  }
}

/** The transpose of cotangent ↦ gradients, applied to tangents: the gradient in u of ⟨gradients(u), tangents⟩. */
function transposed(gradients: (dy: Tensor) => Sparse, like: Tensor, tangents: Sparse): Sparse {
  const pairs: Tensor[] = []
  const used = (dy: Tensor): Tensor[] =>
    gradients(dy).flatMap((grad, i) => {
      const tangent = tangents[i]
      if (grad === undefined || tangent === undefined) return []
      if (grad.dtype !== tangent.dtype) {
        throw new DTypeError('customVjp', `gradient ${i} is ${grad.dtype}, the input ${tangent.dtype}`)
      }
      if (!sameShape(grad.shape, tangent.shape)) {
        throw new ShapeError('customVjp', `gradient ${i} must have the shape of the input`, [
          grad.shape,
          tangent.shape,
        ])
      }
      pairs.push(tangent)
      return [grad]
    })
  return pullThrough(new Tape(), used, [zerosLike(like)], [true], pairs)
}
