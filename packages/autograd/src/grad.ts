import type { Tensor } from '@tweedie/tensor'
import { fullLike, ShapeError, scope, treeMap } from '@tweedie/tensor'
import { backpropagate } from './engine.ts'
import { asyncLike, chain } from './lift.ts'
import type { Argnums, Chosen, GradOptions, WithAux } from './select.ts'
import { chosenNumbers, partial, splitAux } from './select.ts'
import type { Trace } from './trace.ts'
import { discard, orElse, outputLeaves, trace, withoutValue } from './trace.ts'
import { checkDifferentiable } from './vjp.ts'

function scalarOf(value: unknown): Tensor {
  const [leaf, ...more] = outputLeaves('grad', value)
  if (more.length > 0 || leaf!.size !== 1) {
    throw new ShapeError(
      'grad',
      'the function must return a scalar; for other results use vjp with a cotangent, or jacobian',
      [leaf!, ...more].map(({ shape }) => shape),
    )
  }
  return leaf!
}

/** What a run of a scalar function came to. */
interface Differentiated {
  readonly traced: Trace
  readonly loss: Tensor
  readonly aux: unknown
  /** A tree like the chosen argument, or a list of such trees. */
  readonly gradient: unknown
}

/** f as the function that returns its value with its gradient, of which `pick` chooses what to hand on. */
function differentiated<Args extends readonly unknown[], R, T>(
  f: (...args: Args) => R,
  { argnums = 0, hasAux = false }: GradOptions<Argnums>,
  pick: (result: Differentiated) => T,
): (...args: Args) => T | Promise<T> {
  return asyncLike(f, (...args: Args) => {
    const chosen = chosenNumbers(argnums, args)
    const selected = chosen.map((n) => args[n])
    const run = asyncLike(f, partial(f, args, chosen))
    return chain(trace('grad', run, selected), (traced) => {
      const { tape, inputs, outputs, value } = traced
      const undo = () => discard(traced, value, undefined)
      const pass = () => {
        const [result, aux] = splitAux(value, hasAux)
        const loss = scalarOf(result)
        checkDifferentiable('grad', tape, inputs, outputs.slice(0, 1))
        const grads = scope(() => backpropagate(tape, outputs, [fullLike(loss, 1)], inputs))
        const trees = treeMap(selected, (_, i) => grads[i]!)
        return pick({ traced, loss, aux, gradient: typeof argnums === 'number' ? trees[0] : trees })
      }
      try {
        return orElse(undo, pass)
      } finally {
        tape.dispose()
      }
    })
  })
}

/** For an async f, a promise of what the synchronous form returns. */
export function valueAndGrad<
  Args extends readonly unknown[],
  R,
  const N extends Argnums = 0,
  Aux extends boolean = false,
>(
  f: (...args: Args) => Promise<R>,
  options?: GradOptions<N, Aux>,
): (...args: Args) => Promise<[value: R, grad: Chosen<Args, N>]>
/**
 * The function that returns f's value and its gradient. f must return a scalar, or with `hasAux` a pair
 * [scalar, anything]. The gradient is a tree like argument `argnums` (0), or a list of such trees where
 * `argnums` is a list. For an async f, a promise of both.
 * @throws {ShapeError} where f returns no scalar; {DTypeError} where no gradient can be, saying which
 * primitive is in the way; {OptionError} for an `argnums` that names no argument.
 * @example
 * ```ts
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * import { valueAndGrad } from '@tweedie/autograd'
 * const [value, slope] = valueAndGrad((w: { a: Tensor }) => w.a.mul(w.a).sum())({ a: tensor([3, 4]) })
 * value.dataSync()[0] // => 25
 * Array.from(slope.a.dataSync()) // => [6, 8]
 * ```
 */
export function valueAndGrad<
  Args extends readonly unknown[],
  R,
  const N extends Argnums = 0,
  Aux extends boolean = false,
>(
  f: (...args: Args) => R,
  options?: GradOptions<N, Aux>,
): (...args: Args) => [value: R, grad: Chosen<Args, N>]
export function valueAndGrad(
  f: (...args: unknown[]) => unknown,
  options: GradOptions = {},
): (...args: unknown[]) => unknown {
  return differentiated(f, options, ({ traced, gradient }) => [traced.value, gradient])
}

/** For an async f, a promise of what the synchronous form returns. */
export function grad<
  Args extends readonly unknown[],
  R,
  const N extends Argnums = 0,
  Aux extends boolean = false,
>(
  f: (...args: Args) => Promise<R>,
  options?: GradOptions<N, Aux>,
): (...args: Args) => Promise<WithAux<Chosen<Args, N>, R, Aux>>
/**
 * The function that returns f's gradient, or with `hasAux` [gradient, auxiliary results]; see
 * {@link valueAndGrad}. Gradients nest: `grad(grad(f))` for a scalar of a scalar.
 * @example
 * ```ts
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * import { grad } from '@tweedie/autograd'
 * const cube = (x: Tensor) => x.pow(3)
 * grad(grad(cube))(tensor(2)).dataSync()[0] // => 12
 * ```
 */
export function grad<
  Args extends readonly unknown[],
  R,
  const N extends Argnums = 0,
  Aux extends boolean = false,
>(f: (...args: Args) => R, options?: GradOptions<N, Aux>): (...args: Args) => WithAux<Chosen<Args, N>, R, Aux>
export function grad(
  f: (...args: unknown[]) => unknown,
  options: GradOptions = {},
): (...args: unknown[]) => unknown {
  const gradient = differentiated(f, options, ({ traced, loss, aux, gradient }) => {
    discard(traced, loss, aux)
    return options.hasAux === true ? [gradient, aux] : gradient
  })
  return asyncLike(f, (...args) => withoutValue(f, () => gradient(...args)))
}
