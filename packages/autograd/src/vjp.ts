import type { Shape, Tensor } from '@tweedie/tensor'
import {
  DTypeError,
  fullLike,
  isFloat,
  OptionError,
  ShapeError,
  sameShape,
  scope,
  TweedieError,
  treeLeaves,
  treeMap,
} from '@tweedie/tensor'
import { backpropagate, interpreting, newTape, outputLeaves, rename } from './engine.ts'

/** The way back from a value: cotangents in, gradients of all arguments out. */
export interface Pullback<Args extends readonly unknown[]> {
  /**
   * @param cotangent - A tree like the value, of the shapes of its tensors.
   * @param options - With `retain`, the tape stays for another call; without, it is freed as it is read.
   * @returns One tree per argument, shaped like it.
   */
  (cotangent: unknown, options?: { retain?: boolean }): Args
  /** Frees what the tape still holds. */
  dispose(): void
  [Symbol.dispose](): void
}

function checkCotangents(outputs: readonly Tensor[], cotangents: readonly Tensor[]): void {
  if (cotangents.length !== outputs.length) {
    throw new TweedieError(`vjp: ${cotangents.length} cotangents for ${outputs.length} results`)
  }
  outputs.forEach((out, i) => {
    const { shape, dtype } = cotangents[i]!
    if (!sameShape(out.shape, shape))
      throw new ShapeError('vjp', 'the cotangent must have the shape of the result', [out.shape, shape])
    if (dtype !== out.dtype) throw new DTypeError('vjp', `the cotangent is ${dtype}, the result ${out.dtype}`)
  })
}

/** Arguments under new names, watched by a new tape. */
function watchArguments<Args extends readonly unknown[]>(args: Args) {
  const tape = newTape()
  const watched: Tensor[] = []
  const inner = treeMap(args, (x) => {
    const renamed = rename(x)
    watched.push(renamed)
    if (isFloat(x.dtype)) tape.watch(renamed)
    return renamed
  })
  return { tape, watched, inner }
}

/**
 * Runs f and returns its value with the pullback: cotangent ↦ cotangentᵀ·∂f/∂args, for each argument a tree
 * like it. Arguments and value may be any trees of tensors; tensors that f closes over count as constants.
 *
 * The pullback frees its tape on first use unless told to `retain` it; `dispose()` one that is not used.
 * @throws {TweedieError} where f returns no tensor; {ShapeError}, {DTypeError} for a cotangent that does not fit.
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
): [value: R, pullback: Pullback<Args>] {
  const { tape, watched, inner } = watchArguments(args)
  // Handles of the pullback's own: the tape outlives the scopes in which its values came to be.
  const names = watched.map((x) => x.alias())
  for (const x of watched) x.dispose()
  const live = treeMap(inner, (_, i) => names[i]!)
  let outputs: Tensor[] = []
  let open = true
  const dispose = () => {
    open = false
    tape.dispose()
    for (const x of names) x.dispose()
    for (const x of outputs) x.dispose()
  }
  let value: R
  try {
    value = scope(() => interpreting(tape, () => f(...live)))
    outputs = outputLeaves('vjp', value).map((x) => x.alias())
  } catch (error) {
    dispose()
    throw error
  }
  // A value that is an argument itself would share the tape's handle: give it one of its own.
  value = treeMap(value, (x) => (names.includes(x) ? rename(x) : x))
  const pullback = (cotangent: unknown, options: { retain?: boolean } = {}): Args => {
    if (!open)
      throw new TweedieError(
        'vjp: this pullback has been used; call it with { retain: true } to use it again',
      )
    const cotangents = treeLeaves(cotangent)
    checkCotangents(outputs, cotangents)
    const grads = backpropagate(tape, outputs, cotangents, names, options.retain)
    if (!options.retain) dispose()
    return treeMap(args, (_, i) => grads[i]!)
  }
  return [value, Object.assign(pullback, { dispose, [Symbol.dispose]: dispose })]
}

/** Which arguments to differentiate in, and whether f returns [loss, auxiliary results]. */
export interface GradOptions {
  argnums?: number | readonly number[]
  hasAux?: boolean
}

function lossOf(value: unknown, hasAux: boolean): Tensor {
  const loss = hasAux && Array.isArray(value) ? value[0] : value
  const [leaf, ...more] = outputLeaves('grad', loss)
  if (more.length > 0 || leaf!.size !== 1) {
    const shapes: Shape[] = [leaf!, ...more].map(({ shape }) => shape)
    throw new ShapeError(
      'grad',
      'the function must return a scalar; for other results use vjp with a cotangent',
      shapes,
    )
  }
  return leaf!
}

/**
 * The function that returns f's value and its gradient. f must return a scalar, or with `hasAux` a pair
 * [scalar, anything]. The gradient is a tree like argument `argnums` (0), or a list of such trees where
 * `argnums` is a list.
 * @example
 * ```ts
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * import { valueAndGrad } from '@tweedie/autograd'
 * const [value, slope] = valueAndGrad((w: { a: Tensor }) => w.a.mul(w.a).sum())({ a: tensor([3, 4]) })
 * value.dataSync()[0] // => 25
 * Array.from(slope.a.dataSync()) // => [6, 8]
 * ```
 */
export function valueAndGrad<Args extends readonly unknown[], R>(
  f: (...args: Args) => R,
  options?: { hasAux?: boolean; argnums?: 0 },
): (...args: Args) => [value: R, grad: Args[0]]
export function valueAndGrad<Args extends readonly unknown[], R, N extends number>(
  f: (...args: Args) => R,
  options: { hasAux?: boolean; argnums: N },
): (...args: Args) => [value: R, grad: Args[N]]
export function valueAndGrad<Args extends readonly unknown[], R>(
  f: (...args: Args) => R,
  options: GradOptions,
): (...args: Args) => [value: R, grads: unknown[]]
export function valueAndGrad<Args extends readonly unknown[], R>(
  f: (...args: Args) => R,
  options: GradOptions = {},
): (...args: Args) => [R, unknown] {
  const { argnums = 0, hasAux = false } = options
  const chosen = typeof argnums === 'number' ? [argnums] : argnums
  return (...args) => {
    for (const n of chosen) {
      if (!(n in args)) throw new OptionError('argnums', `${n} names none of the ${args.length} arguments`)
    }
    const selected = chosen.map((n) => args[n])
    const partial = (...xs: unknown[]): R => {
      const all: unknown[] = [...args]
      chosen.forEach((n, i) => {
        all[n] = xs[i]
      })
      return f(...(all as unknown as Args))
    }
    const [value, pullback] = vjp(partial, ...selected)
    try {
      return scope(() => {
        const loss = lossOf(value, hasAux)
        const cotangent = treeMap(value, (x) => fullLike(x, x === loss ? 1 : 0))
        const grads = pullback(cotangent)
        return [value, typeof argnums === 'number' ? grads[0] : grads]
      })
    } finally {
      pullback.dispose()
    }
  }
}

/** The function that returns f's gradient alone; see {@link valueAndGrad}. */
export function grad<Args extends readonly unknown[], R>(
  f: (...args: Args) => R,
  options?: { argnums?: 0 },
): (...args: Args) => Args[0]
export function grad<Args extends readonly unknown[], R, N extends number>(
  f: (...args: Args) => R,
  options: { argnums: N },
): (...args: Args) => Args[N]
export function grad<Args extends readonly unknown[], R>(
  f: (...args: Args) => R,
  options: { argnums?: number | readonly number[] } = {},
): (...args: Args) => unknown {
  const both = valueAndGrad(f, options as GradOptions)
  return (...args) =>
    scope(() => {
      const [, gradient] = both(...args)
      return gradient
    })
}
