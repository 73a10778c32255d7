import type { Tensor } from '@tweedie/tensor'
import { scope } from '@tweedie/tensor'
import { flowOf } from '../schedules/flow-time.ts'
import type { Prior } from '../types.ts'
import { withSchedule } from './with-schedule.ts'

/**
 * A prior as a flow: on the straight path x_τ = (1 − τ)·x₀ + τ·ε of flow matching, as far as its own schedule goes. Nothing is
 * trained: x_t/(α_t + σ_t) is the path's point at τ = σ_t/(α_t + σ_t), so that its law is the same. The way back is any
 * {@link withSchedule}: a network of a flow runs on the VP or VE schedules that go as far.
 *
 * @example
 * ```ts
 * import { flowView, gaussianPrior, vpLinear } from '@tweedie/solvers'
 * const view = flowView(gaussianPrior({ mean: [0], covariance: 1, schedule: vpLinear() }))
 * view.schedule.noisiest // ≈ 0.99369
 * ```
 */
export const flowView = (prior: Prior): Prior => withSchedule(prior, flowOf(prior.schedule))

/**
 * The velocity v(x, t) of a prior seen as a flow, in the convention of papers on flows: x_t = t·x₀ + (1 − t)·ε, t from 0, noise, to
 * 1, data, and dx/dt = E[x₀ − ε | x_t] = (E[x₀ | x_t] − x_t)/(1 − t). A prior of it again is `networkPrior` of what `predicts` the
 * `'velocity'`, on the schedule `flow`, whose denoiser is x + (1 − t)·v.
 *
 * @returns (x [N, …shape], t below 1, at least that of the noisiest) ↦ v, like x. Differentiable in x.
 * @example
 * ```ts
 * import { flowVelocity, gaussianPrior } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const velocity = flowVelocity(gaussianPrior({ mean: [3], covariance: 1e-6 }))
 * velocity(tensor([[1]]), 0.5).dataSync() // ≈ [4.00]
 * ```
 */
export function flowVelocity(prior: Prior): (x: Tensor, t: number) => Tensor {
  const view = flowView(prior)
  const { noisiest } = view.schedule
  return (x, t) => {
    const tau = Math.abs(1 - t - noisiest) <= 1e-12 ? noisiest : 1 - t // which rounds
    return scope(() => view.denoise(x, tau).sub(x).div(tau))
  }
}
