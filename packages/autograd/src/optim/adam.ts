import type { Tensor } from '@tweedie/tensor'
import { fromData, mul, OptionError, scope, sqrt, sum, treeLeaves, treeMap, zerosLike } from '@tweedie/tensor'

/** Adam's memory: steps taken, and running moments shaped like the parameters. */
export interface AdamState<P> {
  readonly step: number
  readonly mean: P
  readonly square: P
}

export interface AdamOptions {
  learningRate: number
  beta1?: number
  beta2?: number
  epsilon?: number
}

/** An optimiser as pure functions over trees of parameters; nothing is changed in place. */
export interface Optimizer<State> {
  init<P>(params: P): State & AdamState<P>
  update<P>(grads: P, state: AdamState<P>, params: P): { params: P; state: AdamState<P> }
}

/** Combines trees of one form leaf by leaf. */
function zip<T>(first: T, others: readonly unknown[], fn: (...leaves: Tensor[]) => Tensor): T {
  const columns = others.map((tree) => treeLeaves(tree))
  return treeMap(first, (x, i) => fn(x, ...columns.map((column) => column[i]!)))
}

/**
 * Adam (arXiv 1412.6980, Algorithm 1), with its bias correction. `update` returns new parameters and a new
 * state; the old ones stay valid until you free them.
 */
export function adam(options: AdamOptions): Optimizer<unknown> {
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options
  if (!(learningRate > 0)) throw new OptionError('learningRate', `must be above 0, got ${learningRate}`)
  for (const [name, beta] of Object.entries({ beta1, beta2 })) {
    if (!(beta >= 0 && beta < 1)) throw new OptionError(name, `must be in [0, 1), got ${beta}`)
  }
  return {
    init: (params) => ({ step: 0, mean: treeMap(params, zerosLike), square: treeMap(params, zerosLike) }),
    update: (grads, state, params) =>
      scope(() => {
        const step = state.step + 1
        const mean = zip(state.mean, [grads], (m, g) => m!.mul(beta1).add(g!.mul(1 - beta1)))
        const square = zip(state.square, [grads], (v, g) => v!.mul(beta2).add(mul(g!, g!).mul(1 - beta2)))
        // α·m̂/(√v̂ + ε) with both corrections taken out of the tensors.
        const correction = Math.sqrt(1 - beta2 ** step)
        const rate = (learningRate * correction) / (1 - beta1 ** step)
        const next = zip(params, [mean, square], (p, m, v) =>
          p!.sub(m!.mul(rate).div(sqrt(v!).add(epsilon * correction))),
        )
        return { params: next, state: { step, mean, square } }
      }),
  }
}

/** Scales a tree of gradients so that its overall norm is at most `max`; also tells the norm before. */
export function clipByGlobalNorm<P>(grads: P, max: number): { grads: P; norm: number } {
  return scope(() => {
    let total = 0
    for (const g of treeLeaves(grads)) total += sum(mul(g, g)).dataSync()[0]!
    const norm = Math.sqrt(total)
    const scale = norm > max ? max / norm : 1
    return { grads: treeMap(grads, (g) => g.mul(scale)), norm }
  })
}

/** Moves an exponential moving average toward new values: decay·average + (1 − decay)·value. */
export function updateAverage<P>(average: P, value: P, decay: number): P {
  return scope(() => zip(average, [value], (a, x) => a!.mul(decay).add(x!.mul(1 - decay))))
}

/** A copy of a tree of parameters in memory of its own. */
export const cloneTree = <P>(tree: P): P =>
  treeMap(tree, (x) => fromData(x.dataSync(), x.shape, { device: x.device, dtype: x.dtype }))
