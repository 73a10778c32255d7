import type { Tensor } from '@tweedie/tensor'
import { scope } from '@tweedie/tensor'
import { flowScale, timeOfFlow } from '../schedules/flow-time.ts'
import type { Prior } from '../types.ts'

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
  const { schedule } = prior
  return (x, t) =>
    scope(() => {
      const tau = 1 - t
      const own = timeOfFlow(schedule, tau)
      return prior
        .denoise(x.mul(flowScale(schedule, own)), own)
        .sub(x)
        .div(tau)
    })
}
