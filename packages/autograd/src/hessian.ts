import { treeLeaves, treeMap } from '@tweedie/tensor'
import { backpropagate } from './engine.ts'
import { grad } from './grad.ts'
import type { Jacobian } from './jacobian.ts'
import { jacobian } from './jacobian.ts'
import { chain } from './lift.ts'
import type { Argnums, Chosen, WithAux } from './select.ts'
import { splitAux } from './select.ts'
import { discard, orElse, trace, withoutValue } from './trace.ts'
import { alignTangents } from './trees.ts'
import { checkLike } from './vjp.ts'

/** For an async f, a promise of what the synchronous form returns. */
export function hvp<X, R, Aux extends boolean = false>(
  f: (x: X) => Promise<R>,
  x: X,
  v: NoInfer<X>,
  options?: { hasAux?: Aux },
): Promise<WithAux<X, R, Aux>>
/**
 * The Hessian of the scalar function f at x times v, a tree like x, at the cost of a few gradients and
 * without the matrix; with `hasAux`, where f returns a pair, [product, auxiliary results]. f takes one
 * argument, which may be any tree. Reverse over reverse, which holds less than forward over reverse
 * (docs/adr/0007); for the gradient as well, take `vjp(grad(f), x)`. For an async f, a promise.
 * @throws as `grad` and `jvp`.
 * @example
 * ```ts
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * import { hvp } from '@tweedie/autograd'
 * const f = (x: Tensor) => x.pow(3).sum()
 * Array.from(hvp(f, tensor([1, 2]), tensor([1, 10])).dataSync()) // => [6, 120]
 * ```
 */
export function hvp<X, R, Aux extends boolean = false>(
  f: (x: X) => R,
  x: X,
  v: NoInfer<X>,
  options?: { hasAux?: Aux },
): WithAux<X, R, Aux>
export function hvp(
  f: (x: unknown) => unknown,
  x: unknown,
  v: unknown,
  options: { hasAux?: boolean } = {},
): unknown {
  const hasAux = options.hasAux === true
  const directions = alignTangents('hvp', [x], [v])
  return withoutValue(f, () =>
    chain(trace('hvp', grad(f, { hasAux }), [x]), (traced) => {
      const { tape, inputs, outputs } = traced
      const undo = () => discard(traced, traced.value, undefined)
      const pass = () => {
        checkLike('hvp', 'tangent', 'argument', inputs, directions)
        const [gradient, aux] = splitAux(traced.value, hasAux)
        const products = backpropagate(tape, outputs.slice(0, inputs.length), directions, inputs)
        discard(traced, gradient, treeLeaves(aux))
        const tree = treeMap(x, (_, i) => products[i]!)
        return hasAux ? [tree, aux] : tree
      }
      try {
        return orElse(undo, pass)
      } finally {
        tape.dispose()
      }
    }),
  )
}

/** For an async f, a promise of what the synchronous form returns. */
export function hessian<Args extends readonly unknown[], R, const N extends Argnums = 0>(
  f: (...args: Args) => Promise<R>,
  options?: { argnums?: N },
): (...args: Args) => Promise<Jacobian<Chosen<Args, N>, Chosen<Args, N>>>
/**
 * The function that returns the Hessian of a scalar function: for an argument of shape [n…] a tensor
 * [n…, n…]; for trees, a tree like the argument of trees like it. Forward over reverse, one forward pass per
 * element. Only for few elements: see {@link hvp}.
 * @example
 * ```ts
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * import { hessian } from '@tweedie/autograd'
 * const h = hessian((x: Tensor) => x.pow(3).sum())(tensor([1, 2]))
 * Array.from(h.dataSync()) // => [6, 0, 0, 12]
 * ```
 */
export function hessian<Args extends readonly unknown[], R, const N extends Argnums = 0>(
  f: (...args: Args) => R,
  options?: { argnums?: N },
): (...args: Args) => Jacobian<Chosen<Args, N>, Chosen<Args, N>>
export function hessian(
  f: (...args: unknown[]) => unknown,
  { argnums = 0 }: { argnums?: Argnums } = {},
): (...args: unknown[]) => unknown {
  return jacobian(grad(f, { argnums }), { argnums })
}
