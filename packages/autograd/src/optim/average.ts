import { fromData, OptionError, scope, treeMap } from '@tweedie/tensor'
import { zipTrees } from './optimizer.ts'

/**
 * Moves an exponential moving average toward new values: decay·average + (1 − decay)·value, over any tree
 * (Polyak averaging of parameters; arXiv 2006.11239 samples from such an average).
 *
 * @throws {OptionError} where `decay` leaves [0, 1]; {TweedieError | ShapeError} where the trees differ.
 * @example
 * ```ts
 * import { tensor } from '@tweedie/tensor'
 * import { updateAverage } from '@tweedie/autograd'
 * updateAverage({ w: tensor([1]) }, { w: tensor([5]) }, 0.75).w.dataSync() // => [2]
 * ```
 */
export function updateAverage<P>(average: P, value: P, decay: number): P {
  if (!(decay >= 0 && decay <= 1)) throw new OptionError('decay', `must be in [0, 1], got ${decay}`)
  return scope(() =>
    zipTrees('updateAverage', average, { value }, (a, x) => a!.mul(decay).add(x!.mul(1 - decay))),
  )
}

/** A copy of a tree of parameters in memory of its own. */
export const cloneTree = <P>(tree: P): P =>
  treeMap(tree, (x) => fromData(x.dataSync(), x.shape, { device: x.device, dtype: x.dtype }))
