import type { Tensor } from '@tweedie/tensor'
import type { Prior, Time } from '../types.ts'
import type { NetworkOptions } from './estimated.ts'
import { estimatedPrior } from './estimated.ts'
import { ofNoise } from './parameterisation.ts'

/** Options of {@link epsilonPrior}. */
export interface EpsilonPriorOptions extends NetworkOptions {
  /** ε_θ(x_t, t) of a batch [N, …shape], the predicted noise; differentiable in x_t. */
  predictNoise(xt: Tensor, t: Time): Tensor
}

/**
 * A noise-predicting network as a prior, by Tweedie's formula: x̂₀ = (x_t − σ_t·ε_θ(x_t, t))/α_t, then
 * clipped where asked. `networkPrior` takes networks that predict something else.
 *
 * @throws {ShapeError} from `denoise`, where x_t is no batch of samples or the network changes its shape.
 * @throws {OptionError} where the clip range is empty.
 * @example
 * ```ts
 * import { epsilonPrior, vpLinear } from '@tweedie/solvers'
 * import { ones, type Tensor } from '@tweedie/tensor'
 * const schedule = vpLinear()
 * const predictNoise = (xt: Tensor, t: number) => xt.mul(schedule.sigma(t)) // right for x₀ ~ N(0, I)
 * const prior = epsilonPrior({ name: 'normal', shape: [2], schedule, predictNoise })
 * prior.denoise(ones([1, 2]), 0).dataSync() // ≈ [0.99995, 0.99995]
 * ```
 */
export function epsilonPrior(options: EpsilonPriorOptions): Prior {
  const { predictNoise, ...rest } = options
  return estimatedPrior({
    ...rest,
    parameterise: ofNoise,
    output: (xt, _alpha, _sigma, t) => predictNoise(xt, t),
  })
}
