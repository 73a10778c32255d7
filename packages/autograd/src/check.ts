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
import { outputLeaves } from './engine.ts'
import { vjp } from './vjp.ts'

export interface CheckGradsOptions {
  /** 1 checks the gradient, 2 (default) also the gradient's gradient, and so on. */
  order?: number
  /** Half-width of the central difference. */
  step?: number
  /** Largest error allowed, relative to the size of the directional derivative (at least 1). */
  tolerance?: number
  seed?: number
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

/** Normal draws of the shapes of a tree's float leaves: a random direction. */
function check(
  f: (...args: unknown[]) => unknown,
  args: readonly unknown[],
  options: Required<CheckGradsOptions>,
): void {
  const { order, step, tolerance, seed } = options
  scope(() => {
    const leaves = treeLeaves(args)
    const [value, pullback] = vjp(f, ...args)
    const outputs = outputLeaves('checkGrads', value)
    const direction = randomLike(leaves, seed, `direction ${order}`)
    const cotangent = randomLike(outputs, seed, `cotangent ${order}`)
    const floats = (list: readonly Tensor[]) => list.filter((_, i) => isFloat(leaves[i]!.dtype))
    const analytic = inner(
      floats(treeLeaves(pullback(treeMap(value, (_, i) => cotangent[i]!)))),
      floats(direction),
    )
    const at = (h: number) => inner(treeLeaves(f(...move(args, direction, h))), cotangent)
    const numeric = (at(step) - at(-step)) / (2 * step)
    const error = Math.abs(analytic - numeric) / Math.max(1, Math.abs(numeric))
    if (!(error <= tolerance)) {
      throw new GradientError(
        `checkGrads: at order ${options.order} counted from the inside the gradient gives ${analytic}, finite differences ${numeric} ` +
          `(relative error ${error.toExponential(2)}, allowed ${tolerance})`,
      )
    }
    if (order > 1) {
      // The gradient as a function of the arguments and the cotangent, checked in the same way.
      const gradient = (...inputs: unknown[]) => {
        const [inside, back] = vjp(f, ...(inputs[0] as unknown[]))
        const grads = back(treeMap(inside, (_, i) => (inputs[1] as Tensor[])[i]!))
        return treeLeaves(grads).filter((_, i) => isFloat(leaves[i]!.dtype))
      }
      check(gradient, [args, cotangent], { ...options, order: order - 1 })
    }
  })
}

/**
 * Checks the gradients of `f` at `args` against central differences along random directions, in float64, to
 * any order: one number per order instead of a whole Jacobian.
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
  const { order = 2, step = 1e-5, tolerance = 1e-6, seed = 0 } = options
  if (!Number.isInteger(order) || order < 1)
    throw new OptionError('order', `must be an integer of at least 1, got ${order}`)
  if (treeLeaves(args).some(({ dtype }) => dtype === 'float32')) {
    throw new DTypeError(
      'checkGrads',
      'needs float64 arguments: differences of float32 values are rounding noise',
    )
  }
  check(f as unknown as (...args: unknown[]) => unknown, args, { order, step, tolerance, seed })
}
