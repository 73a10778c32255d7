import { treeMap } from '@tweedie/tensor'
import { pushForward } from './forward.ts'
import { chain } from './lift.ts'
import type { AuxOf, ValueOf } from './select.ts'
import { splitAux } from './select.ts'
import { discard, orElse, outputLeaves, trace } from './trace.ts'
import { alignTangents } from './trees.ts'
import { checkDifferentiable, checkLike } from './vjp.ts'

/** One tangent per argument, a tree like it; undefined for an argument that is held. */
export type Tangents<Args extends readonly unknown[]> = { readonly [I in keyof Args]: Args[I] | undefined }

/** [value, tangent], and with `hasAux` what f returned beside its value. */
type Pushed<R, Aux> = Aux extends true
  ? [value: ValueOf<R, true>, tangent: ValueOf<R, true>, aux: AuxOf<R>]
  : [value: R, tangent: R]

/** For an async f, a promise of what the synchronous form returns. */
export function jvp<Args extends readonly unknown[], R, Aux extends boolean = false>(
  f: (...args: Args) => Promise<R>,
  primals: Args,
  tangents: NoInfer<Tangents<Args>>,
  options?: { hasAux?: Aux },
): Promise<Pushed<R, Aux>>
/**
 * Runs f and returns its value with its tangent: the derivative of f at `primals` along `tangents`, J·v, a
 * tree like the value; with `hasAux`, where f returns a pair, [value, tangent, auxiliary results]. Tensors
 * that f closes over count as constants. For an async f, a promise.
 *
 * It composes with the other transforms to any order: `grad` of a `jvp` and `jvp` of a `grad` are both the
 * Hessian times a vector. The whole of f is recorded and freed as the tangents pass (docs/adr/0007).
 * @throws {TweedieError}, {ShapeError}, {DTypeError} for tangents that are not like the arguments.
 * @example
 * ```ts
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * import { jvp } from '@tweedie/autograd'
 * const [y, dy] = jvp((x: Tensor, w: Tensor) => x.mul(w), [tensor([1, 2]), tensor([3, 4])], [tensor([1, 1]), undefined])
 * Array.from(y.dataSync()) // => [3, 8]
 * Array.from(dy.dataSync()) // => [3, 4]
 * ```
 */
export function jvp<Args extends readonly unknown[], R, Aux extends boolean = false>(
  f: (...args: Args) => R,
  primals: Args,
  tangents: NoInfer<Tangents<Args>>,
  options?: { hasAux?: Aux },
): Pushed<R, Aux>
export function jvp(
  f: (...args: never[]) => unknown,
  primals: readonly unknown[],
  tangents: readonly unknown[],
  { hasAux = false }: { hasAux?: boolean } = {},
): unknown {
  const leaves = alignTangents('jvp', primals, tangents)
  const watch = (i: number) => leaves[i] !== undefined
  return chain(trace('jvp', f, primals, watch), (traced) => {
    const { tape, inputs, outputs, value } = traced
    const undo = () => discard(traced, value, undefined)
    const pass = () => {
      checkLike('jvp', 'tangent', 'argument', inputs, leaves)
      const [result, aux] = splitAux(value, hasAux)
      const wanted = outputs.slice(0, outputLeaves('jvp', result).length)
      checkDifferentiable('jvp', tape, inputs, wanted)
      const moved = pushForward(tape, inputs, leaves, wanted)
      const tangent = treeMap(result, (_, i) => moved[i]!)
      return hasAux ? [result, tangent, aux] : [result, tangent]
    }
    try {
      return orElse(undo, pass)
    } finally {
      tape.dispose()
    }
  })
}
