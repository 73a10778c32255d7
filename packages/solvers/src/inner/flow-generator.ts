import { checkpointedChain, revolveRecomputations, vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { scope } from '@tweedie/tensor'
import { flowVelocity } from '../samplers/flow-velocity.ts'
import { flowTime, leastFlowTime } from '../schedules/flow-time.ts'
import { requirePositive } from '../schedules/levels.ts'
import type { Prior } from '../types.ts'
import type { LatentMap } from './generator.ts'
import { evenSteps, midpoint, rungeKuttaStep } from './runge-kutta.ts'

/** How the ODE of a flow is made a generator, and its gradient taken. */
export interface FlowGeneratorOptions {
  /** k, steps of the midpoint method from z to x: two looks each. */
  readonly samplerSteps: number
  /** States that a gradient keeps; left out, all of them and the tapes between. */
  readonly slots?: number | undefined
}

/** Steps of the midpoint method from t = `from` to `to`, none of which asks the prior below its least noise. */
function midpoints(prior: Prior, from: number, to: number, count: number): ((x: Tensor) => Tensor)[] {
  requirePositive('samplerSteps', count)
  const velocity = flowVelocity(prior)
  const latest = 1 - leastFlowTime(prior.schedule)
  return evenSteps(from, to, count).map(
    ({ t, h }) =>
      (x) =>
        rungeKuttaStep(
          midpoint,
          (at, time) => at.map((part) => velocity(part, Math.min(time, latest))),
          [x],
          t,
          h,
        )[0] ?? x,
  )
}

/**
 * x = R(z) by the ODE dx/dt = v(x, t) of a prior seen as a flow (`flowVelocity`), in steps of the midpoint method of one length from
 * noise, x = τ_T·z at the noisiest τ_T of its schedule (1 of a flow), to data.
 *
 * @throws {OptionError} for steps that are no positive integer, or too few slots.
 * @example
 * ```ts
 * import { flow, flowGenerator, gaussianPrior } from '@tweedie/solvers'
 * import { ones } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [2], covariance: 0.25, schedule: flow() })
 * const { x } = flowGenerator(prior, { samplerSteps: 50 })(ones([1, 1], { dtype: 'float64' }))
 * x.dataSync() // ≈ [2.50]
 * ```
 */
export function flowGenerator(prior: Prior, { samplerSteps, slots }: FlowGeneratorOptions): LatentMap {
  const top = flowTime(prior.schedule, prior.schedule.noisiest)
  const steps = midpoints(prior, 1 - top, 1, samplerSteps)
  const strategy = slots === undefined ? 'tape' : { slots }
  return (z) => {
    const [x, back] = vjp((latent: Tensor) => checkpointedChain(steps, latent.mul(top), { strategy }), z)
    return { x, pull: (v) => back(v)[0] }
  }
}

/**
 * z of a picture by the same ODE backwards, in as many steps: from (1 − τ)·x at the least τ that the prior is asked at, a
 * thousandth of the way where it has none. Not differentiable in x.
 */
export function flowInversion(prior: Prior, samplerSteps: number): (x: Tensor) => Tensor {
  const { schedule } = prior
  const top = flowTime(schedule, schedule.noisiest)
  const least = Math.max(leastFlowTime(schedule), top / 1000)
  const steps = midpoints(prior, 1 - least, 1 - top, samplerSteps)
  return (x) => scope(() => steps.reduce((at, step) => step(at), x.mul(1 - least)).div(top))
}

/** Looks at the prior in a run of `iterations` gradients through {@link flowGenerator}. */
export const flowGeneratorEvaluations = (
  iterations: number,
  { samplerSteps, slots }: FlowGeneratorOptions,
): number =>
  2 * iterations * (samplerSteps + (slots === undefined ? 0 : revolveRecomputations(samplerSteps, slots)))
