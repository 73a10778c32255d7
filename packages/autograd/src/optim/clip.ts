import { mul, OptionError, scope, sum, treeLeaves, treeMap } from '@tweedie/tensor'

/**
 * Scales a tree of gradients so that its overall norm is at most `max` (arXiv 1211.5063, Algorithm 1); also
 * tells the norm before. Gradients whose norm is NaN come back unscaled: look at the norm.
 *
 * @throws {OptionError} where `max` is not above 0.
 * @throws {DeviceError} on a device that the host cannot read at once.
 * @example
 * ```ts
 * import { tensor } from '@tweedie/tensor'
 * import { clipByGlobalNorm } from '@tweedie/autograd'
 * const { grads, norm } = clipByGlobalNorm({ a: tensor([3]), b: tensor([4]) }, 1)
 * norm // => 5
 * grads.b.dataSync() // ≈ [0.8]
 * ```
 */
export function clipByGlobalNorm<P>(grads: P, max: number): { grads: P; norm: number } {
  if (!(max > 0)) throw new OptionError('max', `must be above 0, got ${max}`)
  return scope(() => {
    let total = 0
    for (const g of treeLeaves(grads)) total += sum(mul(g, g)).dataSync()[0]!
    const norm = Math.sqrt(total)
    const scale = norm > max ? max / norm : 1
    return { grads: treeMap(grads, (g) => g.mul(scale)), norm }
  })
}
