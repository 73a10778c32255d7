import type { Tensor } from '@tweedie/tensor'
import {
  DTypeError,
  fromData,
  isFloat,
  normal,
  OptionError,
  randomKey,
  scope,
  TweedieError,
  treeLeaves,
  treeMap,
} from '@tweedie/tensor'
import { jvp } from './jvp.ts'
import { outputLeaves } from './trace.ts'
import { vjp } from './vjp.ts'

export interface CheckGradsOptions {
  /** 1 checks the gradient, 2 (default) also the gradient's gradient, and so on. */
  order?: number
  /** Half-width of the central difference. */
  step?: number
  /** Largest error allowed, relative to the size of the directional derivative (at least 1). */
  tolerance?: number
  seed?: number
  /** Which derivatives to check, and at higher orders to nest in every way; both. */
  modes?: readonly ('reverse' | 'forward')[]
}

/** A gradient that disagrees with finite differences. */
export class GradientError extends TweedieError {
  override readonly name = 'GradientError'
}

const inner = (a: readonly Tensor[], b: readonly Tensor[]): number => {
  let total = 0
  a.forEach((x, i) => {
    const [p, q] = [x.dataSync(), b[i]!.dataSync()]
    for (let j = 0; j < p.length; j++) total += p[j]! * q[j]!
  })
  return total
}

/** x + step·direction on every float leaf. */
const move = <T>(tree: T, direction: readonly Tensor[], step: number): T =>
  treeMap(tree, (x, i) => (isFloat(x.dtype) ? x.add(direction[i]!.mul(step)) : x))

function randomLike(leaves: readonly Tensor[], seed: number, name: string): Tensor[] {
  const key = randomKey(seed).fold(name)
  return leaves.map((x, i) =>
    isFloat(x.dtype)
      ? normal(key.fold(i), x.shape, { dtype: x.dtype, device: x.device })
      : fromData(x.dataSync(), x.shape, { device: x.device }),
  )
}

type Mode = 'reverse' | 'forward'
type AnyFunction = (...args: unknown[]) => unknown

/** What stays the same on all orders of a check. */
interface Check extends Required<CheckGradsOptions> {
  /** Which derivatives have been taken so far, innermost first: 'reverse over forward'. */
  readonly path: string
}

function check(f: AnyFunction, args: readonly unknown[], options: Check): void {
  const { order, step, tolerance, seed, modes, path } = options
  scope(() => {
    const leaves = treeLeaves(args)
    const isFloatLeaf = (_: unknown, i: number) => isFloat(leaves[i]!.dtype)
    const value = f(...args)
    const outputs = outputLeaves('checkGrads', value)
    const direction = randomLike(leaves, seed, `direction ${order}`)
    const cotangent = randomLike(outputs, seed, `cotangent ${order}`)
    const like = (tree: unknown, list: readonly Tensor[]) => treeMap(tree, (_, i) => list[i]!)
    // The derivative in each mode, as a function of the arguments and of what it is applied to.
    const derivatives: Readonly<Record<Mode, AnyFunction>> = {
      reverse: (xs, u) => {
        const [inside, pullback] = vjp(f, ...(xs as unknown[]))
        return treeLeaves(pullback(like(inside, u as Tensor[]))).filter(isFloatLeaf)
      },
      forward: (xs, v) => jvp(f, xs as unknown[], like(xs, v as Tensor[]) as unknown[])[1],
    }
    const at = (h: number) => inner(treeLeaves(f(...move(args, direction, h))), cotangent)
    const numeric = (at(step) - at(-step)) / (2 * step)
    for (const mode of modes) {
      const applied = mode === 'reverse' ? cotangent : direction
      const result = treeLeaves(derivatives[mode](args, applied))
      const analytic =
        mode === 'reverse' ? inner(result, direction.filter(isFloatLeaf)) : inner(result, cotangent)
      const error = Math.abs(analytic - numeric) / Math.max(1, Math.abs(numeric))
      const name = path === '' ? mode : `${mode} over ${path}`
      if (!(error <= tolerance)) {
        throw new GradientError(
          `checkGrads: the ${name} derivative gives ${analytic}, finite differences ${numeric} ` +
            `(relative error ${error.toExponential(2)}, allowed ${tolerance})`,
        )
      }
      if (order > 1) check(derivatives[mode], [args, applied], { ...options, order: order - 1, path: name })
    }
  })
}

/**
 * Checks the gradients of `f` at `args` against central differences along random directions, in float64, to
 * any order, in reverse and in forward mode and every nesting of them: one number each instead of a whole
 * Jacobian.
 * @throws {GradientError} where they disagree; {DTypeError} for float32 arguments, whose differences are noise.
 * @example
 * ```ts
 * import { tensor } from '@tweedie/tensor'
 * import { checkGrads } from '@tweedie/autograd'
 * checkGrads((x) => x.exp().sum(), [tensor([0.5, -1], { dtype: 'float64' })])
 * ```
 */
export function checkGrads<Args extends readonly unknown[]>(
  f: (...args: Args) => unknown,
  args: Args,
  options: CheckGradsOptions = {},
): void {
  const { order = 2, step = 1e-5, tolerance = 1e-6, seed = 0, modes = ['reverse', 'forward'] } = options
  if (!Number.isInteger(order) || order < 1)
    throw new OptionError('order', `must be an integer of at least 1, got ${order}`)
  if (treeLeaves(args).some(({ dtype }) => dtype === 'float32')) {
    throw new DTypeError(
      'checkGrads',
      'needs float64 arguments: differences of float32 values are rounding noise',
    )
  }
  check(f as unknown as AnyFunction, args, { order, step, tolerance, seed, modes, path: '' })
}
