import { scope, treeMap, zerosLike } from '@tweedie/tensor'
import type { LearningRate, Optimizer } from './optimizer.ts'
import { checkRate, checkWeights, rateAt, zipTrees } from './optimizer.ts'

/** Options of {@link sgd} without momentum, which remembers nothing but the step. */
export interface SgdOptions {
  learningRate: LearningRate
  /** λ of an L2 penalty ½λ‖p‖², whose gradient λ·p is added to the given one. Default 0. */
  weightDecay?: number
}

/** Options of {@link sgd} with momentum, which remembers a velocity. */
export interface MomentumOptions extends SgdOptions {
  /** μ in [0, 1). */
  momentum: number
  /** Look ahead along the velocity; default false. */
  nesterov?: boolean
}

/**
 * Gradient descent, for gradients of batches stochastic: with g = ∇ + λ·p,
 *
 *     v ← μ·v + g,      p ← p − η·v,      or with Nesterov's look-ahead p ← p − η·(g + μ·v)
 *
 * (Sutskever et al. 2013, ICML, in the form of PyTorch, where η scales the velocity as it is applied, not as
 * it is gathered). Without `momentum`, p ← p − η·g and no velocity is kept.
 *
 * @throws {OptionError} for a rate that is not above 0, μ outside [0, 1) or a negative λ.
 * @example
 * ```ts
 * import { tensor } from '@tweedie/tensor'
 * import { sgd } from '@tweedie/autograd'
 * const { init, update } = sgd({ learningRate: 0.5, momentum: 0.5 })
 * const start = tensor([1])
 * const one = update(tensor([1]), init(start), start)
 * const two = update(tensor([1]), one.state, one.params)
 * two.params.dataSync() // => [-0.25]
 * ```
 */
export function sgd(options: MomentumOptions): Optimizer<'velocity'>
export function sgd(options: SgdOptions): Optimizer<never>
export function sgd(
  options: SgdOptions & Partial<MomentumOptions>,
): Optimizer<'velocity'> | Optimizer<never> {
  const { learningRate, weightDecay = 0, momentum, nesterov = false } = options
  checkRate(learningRate)
  checkWeights({ weightDecay }, Infinity)
  /** g, where a penalty is asked for. */
  const decayed = <P>(grads: P, params: P): P =>
    weightDecay === 0
      ? grads
      : zipTrees('sgd', params, { gradient: grads }, (p, g) => g!.add(p!.mul(weightDecay)))
  const moved = <P>(params: P, direction: P, rate: number): P =>
    zipTrees('sgd', params, { gradient: direction }, (p, d) => p!.sub(d!.mul(rate)))

  if (momentum === undefined) {
    const plain: Optimizer<never> = {
      init: () => ({ step: 0 }),
      update: (grads, { step }, params) =>
        scope(() => ({
          params: moved(params, decayed(grads, params), rateAt(learningRate, step)),
          state: { step: step + 1 },
        })),
    }
    return plain
  }
  checkWeights({ momentum })
  const heavy: Optimizer<'velocity'> = {
    init: (params) => ({ step: 0, velocity: treeMap(params, zerosLike) }),
    update: (grads, state, params) =>
      scope(() => {
        const g = decayed(grads, params)
        const gather = (v: typeof params) =>
          zipTrees('sgd', v, { gradient: g }, (leaf, slope) => leaf!.mul(momentum).add(slope!))
        const velocity = gather(state.velocity)
        const ahead = nesterov
          ? zipTrees('sgd', velocity, { gradient: g }, (v, slope) => slope!.add(v!.mul(momentum)))
          : velocity
        return {
          params: moved(params, ahead, rateAt(learningRate, state.step)),
          state: { step: state.step + 1, velocity },
        }
      }),
  }
  return heavy
}
