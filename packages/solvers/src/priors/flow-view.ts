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
