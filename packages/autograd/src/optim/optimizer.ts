import type { Tensor } from '@tweedie/tensor'
import { isFloat, OptionError, ShapeError, sameShape, treeLeaves, treeMap } from '@tweedie/tensor'
import { alignLeaves, leavesByPath } from '../trees.ts'

/**
 * A learning rate, or a schedule: the rate of the update after `step` updates have been made, so that the
 * first update asks for `schedule(0)`. A function of the step alone, so that a continued run goes on as if
 * it had never stopped.
 */
export type LearningRate = number | ((step: number) => number)

/** What an optimiser remembers: updates made, and for each slot a tree like the parameters. */
export type OptimizerState<P, Slot extends string> = { readonly step: number } & {
  readonly [S in Slot]: P
}

/**
 * A first-order optimiser as pure functions over trees of parameters; nothing is changed in place, and the
 * old parameters and state stay valid until you free them. Leaves that are no floats stay as they are.
 *
 * `Slot` names the trees of its state: `'mean' | 'square'` for Adam. States are plain trees of tensors and
 * numbers; {@link saveState} writes one out.
 */
export interface Optimizer<Slot extends string = string> {
  /** The state before the first update. */
  init<P>(params: P): OptimizerState<P, Slot>
  /**
   * One step downhill.
   * @param grads - A tree like `params`, as `grad` returns it.
   * @throws {TweedieError | ShapeError} where the gradients or the state are not like the parameters.
   */
  update<P>(
    grads: P,
    state: OptimizerState<P, Slot>,
    params: P,
  ): { params: P; state: OptimizerState<P, Slot> }
}

/** @throws {OptionError} for a rate that is not above 0. */
export function checkRate(rate: LearningRate): void {
  if (typeof rate === 'number' && !(rate > 0 && rate < Infinity))
    throw new OptionError('learningRate', `must be finite and above 0, got ${rate}`)
}

/** The rate of the update after `step` others. */
export function rateAt(rate: LearningRate, step: number): number {
  if (typeof rate === 'number') return rate
  const value = rate(step)
  if (value >= 0 && value < Infinity) return value
  throw new OptionError(
    'learningRate',
    `the schedule gives ${value} at step ${step}; must be finite, at least 0`,
  )
}

/** @throws {OptionError} where a decay rate leaves [0, 1), or with `max` Infinity where a weight is negative. */
export function checkWeights(weights: Readonly<Record<string, number>>, max = 1): void {
  for (const [name, value] of Object.entries(weights)) {
    if (value >= 0 && value < max) continue
    const range = max === 1 ? 'in [0, 1)' : 'finite and at least 0'
    throw new OptionError(name, `must be ${range}, got ${value}`)
  }
}

/**
 * Combines trees leaf by leaf, matched by place: fn(leaf of first, leaves of others…). Leaves of `first` that
 * are no floats are handed through.
 * @throws {TweedieError | ShapeError} where a tree of `others` is not like `first`; its key names it.
 */
export function zipTrees<T>(
  op: string,
  first: T,
  others: Readonly<Record<string, unknown>>,
  fn: (...leaves: Tensor[]) => Tensor,
): T {
  const paths = [...leavesByPath(first).keys()]
  const columns = Object.entries(others).map(([what, tree]) => ({
    what,
    leaves: alignLeaves(op, what, paths, tree),
  }))
  return treeMap(first, (x, i) => {
    if (!isFloat(x.dtype)) return x.detach()
    for (const { what, leaves } of columns) {
      if (!sameShape(leaves[i]!.shape, x.shape)) {
        const place = paths[i] === '' ? '' : ` at ${paths[i]}`
        throw new ShapeError(op, `the ${what}${place} must have the shape of the parameter`, [
          x.shape,
          leaves[i]!.shape,
        ])
      }
    }
    return fn(x, ...columns.map(({ leaves }) => leaves[i]!))
  })
}

/** ⟨a, b⟩ over all float leaves of two trees of one form. */
export function treeDot(a: unknown, b: unknown): number {
  const others = treeLeaves(b)
  let total = 0
  treeLeaves(a).forEach((x, i) => {
    if (isFloat(x.dtype)) total += x.mul(others[i]!).sum().dataSync()[0]!
  })
  return total
}
