import { mul, scope, sqrt, treeMap, zerosLike } from '@tweedie/tensor'
import type { LearningRate, Optimizer, OptimizerState } from './optimizer.ts'
import { checkRate, checkWeights, rateAt, zipTrees } from './optimizer.ts'

/** Adam's memory: steps taken, and running moments shaped like the parameters. */
export type AdamState<P> = OptimizerState<P, 'mean' | 'square'>

/** Options of {@link adam}. */
export interface AdamOptions {
  learningRate: LearningRate
  beta1?: number
  beta2?: number
  epsilon?: number
}

/** Options of {@link adamW}. */
export interface AdamWOptions extends AdamOptions {
  /** λ; a step shrinks the parameters by learningRate·λ. */
  weightDecay?: number
}

/**
 * Adam (arXiv 1412.6980, Algorithm 1), with its bias correction:
 * p − η·m̂/(√v̂ + ε), m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ).
 *
 * @throws {OptionError} for a rate that is not above 0, or a β outside [0, 1).
 * @example
 * ```ts
 * import { type Tensor, tensor } from '@tweedie/tensor'
 * import { adam, grad } from '@tweedie/autograd'
 * const { init, update } = adam({ learningRate: 0.1 })
 * let params = { w: tensor([3, -2]) }
 * let state = init(params)
 * const slope = grad(({ w }: { w: Tensor }) => w.square().sum())
 * for (let i = 0; i < 200; i++) ({ params, state } = update(slope(params), state, params))
 * params.w.abs().max().dataSync()[0]! < 1e-3 // => true
 * ```
 */
export const adam = (options: AdamOptions): Optimizer<'mean' | 'square'> => adamWith('adam', options, 0)

/**
 * AdamW (arXiv 1711.05101, Algorithm 2): {@link adam} on parameters that first shrink by η·λ, apart from the
 * gradient and its moments. η is the learning rate of the step, as in PyTorch; the paper scales λ by the
 * schedule alone, so its λ is this one times the base rate.
 *
 * @param options.weightDecay - λ; default 0.01.
 * @throws {OptionError} as {@link adam}, and for a negative λ.
 * @example
 * ```ts
 * import { tensor } from '@tweedie/tensor'
 * import { adamW } from '@tweedie/autograd'
 * const { init, update } = adamW({ learningRate: 0.1, weightDecay: 0.5 })
 * const params = tensor([2])
 * update(tensor([0]), init(params), params).params.dataSync() // ≈ [1.9]
 * ```
 */
export function adamW({ weightDecay = 0.01, ...options }: AdamWOptions): Optimizer<'mean' | 'square'> {
  checkWeights({ weightDecay }, Infinity)
  return adamWith('adamW', options, weightDecay)
}

function adamWith(op: string, options: AdamOptions, weightDecay: number): Optimizer<'mean' | 'square'> {
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options
  checkRate(learningRate)
  checkWeights({ beta1, beta2 })
  checkWeights({ epsilon }, Infinity)
  return {
    init: (params) => ({ step: 0, mean: treeMap(params, zerosLike), square: treeMap(params, zerosLike) }),
    update: (grads, state, params) =>
      scope(() => {
        const base = rateAt(learningRate, state.step)
        const step = state.step + 1
        const gradient = { gradient: grads }
        const mean = zipTrees(op, state.mean, gradient, (m, g) => m!.mul(beta1).add(g!.mul(1 - beta1)))
        const square = zipTrees(op, state.square, gradient, (v, g) =>
          v!.mul(beta2).add(mul(g!, g!).mul(1 - beta2)),
        )
        // η·m̂/(√v̂ + ε) with both corrections taken out of the tensors.
        const correction = Math.sqrt(1 - beta2 ** step)
        const rate = (base * correction) / (1 - beta1 ** step)
        const kept = 1 - base * weightDecay
        const next = zipTrees(op, params, { mean, square }, (p, m, v) =>
          (kept === 1 ? p! : p!.mul(kept)).sub(m!.mul(rate).div(sqrt(v!).add(epsilon * correction))),
        )
        return { params: next, state: { step, mean, square } }
      }),
  }
}
