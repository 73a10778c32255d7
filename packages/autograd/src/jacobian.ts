import type { Tensor } from '@tweedie/tensor'
import {
  DTypeError,
  fromData,
  isFloat,
  reshape,
  scope,
  stack,
  treeLeaves,
  treeMap,
  zeros,
} from '@tweedie/tensor'
import { asyncLike, chain } from './lift.ts'
import type { AnyLinearization } from './linearize.ts'
import { linearized } from './linearize.ts'
import type { Argnums, Chosen, GradOptions, ValueOf, WithAux } from './select.ts'
import { orElse, withoutValue } from './trace.ts'
import type { Nested } from './trees.ts'

/** ∂out/∂in as a tree like `Out` of trees like `In`, each tensor of shape [...out, ...in]. */
export type Jacobian<Out, In> = Nested<Out, Nested<In, Tensor>>

export interface JacobianOptions<N extends Argnums, Aux extends boolean> extends GradOptions<N, Aux> {
  /** One backward pass per element of the value, or one forward pass per element of the arguments. */
  by?: 'rows' | 'columns'
}

/** The tensors with a single 1 in one of them, all in turn, each handed to `visit`. */
function eachUnit(
  leaves: readonly Tensor[],
  visit: (unit: readonly Tensor[]) => readonly Tensor[],
): Tensor[][] {
  return leaves.flatMap((leaf, at) =>
    Array.from({ length: leaf.size }, (_, j) =>
      scope(() => {
        const unit = leaves.map(({ shape, dtype, device, size }, i) => {
          const values = new Float64Array(size)
          if (i === at) values[j] = 1
          return fromData(values, shape, { dtype, device })
        })
        return [...visit(unit)]
      }),
    ),
  )
}

/** Block [o][i] of the Jacobian: [...shape of output o, ...shape of input i]. */
function blocks(line: AnyLinearization, input: unknown, by: 'rows' | 'columns' | undefined): Tensor[][] {
  const [ins, outs] = [treeLeaves(input), treeLeaves(line.value)]
  for (const { dtype } of [...ins, ...outs]) {
    if (!isFloat(dtype)) throw new DTypeError('jacobian', `all tensors must be floats, one is ${dtype}`)
  }
  const count = (leaves: readonly Tensor[]) => leaves.reduce((total, { size }) => total + size, 0)
  const rows = by === undefined ? count(outs) < count(ins) : by === 'rows'
  // vectors[k] is row or column k, one tensor per leaf of the other side.
  const vectors = rows
    ? eachUnit(outs, (unit) => treeLeaves(line.pullback(treeMap(line.value, (_, i) => unit[i]!))))
    : eachUnit(ins, (unit) => treeLeaves(line.pushforward(treeMap(input, (_, i) => unit[i]!))))
  const offsets = (leaves: readonly Tensor[]) => leaves.map((_, i) => count(leaves.slice(0, i)))
  const [outAt, inAt] = [offsets(outs), offsets(ins)]
  return outs.map((out, o) =>
    ins.map((x, i) => {
      const shape = [...out.shape, ...x.shape]
      const [at, length] = rows ? [outAt[o]!, out.size] : [inAt[i]!, x.size]
      const parts = vectors.slice(at, at + length).map((vector) => vector[rows ? i : o]!)
      if (parts.length === 0) return zeros(shape, { dtype: out.dtype, device: out.device })
      return reshape(stack(parts, rows ? 0 : out.shape.length), shape)
    }),
  )
}

/** For an async f, a promise of what the synchronous form returns. */
export function jacobian<
  Args extends readonly unknown[],
  R,
  const N extends Argnums = 0,
  Aux extends boolean = false,
>(
  f: (...args: Args) => Promise<R>,
  options?: JacobianOptions<N, Aux>,
): (...args: Args) => Promise<WithAux<Jacobian<ValueOf<R, Aux>, Chosen<Args, N>>, R, Aux>>
/**
 * The function that returns the Jacobian of f, exactly: for a tensor of shape [m…] of one of shape [n…] a
 * tensor [m…, n…]; for trees, a tree like the value whose leaves are trees like the argument(s) of `argnums`
 * (0). With `hasAux`, [Jacobian, auxiliary results]; for an async f, a promise.
 *
 * f runs once; rows are backward passes over its tape, columns forward passes, whichever are fewer, or `by`.
 * @throws {DTypeError} where a tensor of either side is no float.
 * @example
 * ```ts
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * import { jacobian } from '@tweedie/autograd'
 * const j = jacobian((x: Tensor) => x.square())(tensor([1, 2, 3]))
 * Array.from(j.dataSync()) // => [2, 0, 0, 0, 4, 0, 0, 0, 6]
 * ```
 */
export function jacobian<
  Args extends readonly unknown[],
  R,
  const N extends Argnums = 0,
  Aux extends boolean = false,
>(
  f: (...args: Args) => R,
  options?: JacobianOptions<N, Aux>,
): (...args: Args) => WithAux<Jacobian<ValueOf<R, Aux>, Chosen<Args, N>>, R, Aux>
export function jacobian(
  f: (...args: unknown[]) => unknown,
  options: JacobianOptions<Argnums, boolean> = {},
): (...args: unknown[]) => unknown {
  const { hasAux = false, by } = options
  const argnums: Argnums = options.argnums ?? 0
  return asyncLike(f, (...args: unknown[]) => {
    const finish = (line: AnyLinearization) => {
      const fill = () => {
        const input = typeof argnums === 'number' ? args[argnums] : argnums.map((n) => args[n])
        const entries = scope(() => blocks(line, input, by))
        const row = (o: number) => treeMap(input, (_, i) => entries[o]![i]!) as Tensor
        const tree = treeMap(line.value, (_, o) => row(o))
        line.discardValue()
        return hasAux ? [tree, line.aux] : tree
      }
      try {
        return orElse(line.discardAll, fill)
      } finally {
        line.dispose()
      }
    }
    return withoutValue(f, () => chain(linearized('jacobian', f, args, argnums, hasAux), finish))
  })
}
