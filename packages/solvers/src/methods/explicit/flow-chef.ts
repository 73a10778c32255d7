import { dataDescent, dataDescentSpecs } from '../../guidance/data-descent.ts'
import { needStep } from '../../guidance/guided.ts'
import { number } from '../../options/index.ts'
import { ddim } from '../../samplers/kernel.ts'
import { flowGrid, flowScale } from '../../schedules/flow-time.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, guidedPlan } from '../define.ts'

/**
 * FlowChef (Patel et al., arXiv 2412.00100): steering of a flow by the gradient of the loss at x̂₀, as if x̂₀ moved with x_t one
 * for one. On the straight path z_τ = (1 − τ)·x₀ + τ·ε, with x̂₀ and x̂₁ = (z_τ − (1 − τ)·x̂₀)/τ of one look,
 *
 *     z_s = x̂₀ + τ_s·(x̂₁ − x̂₀) − c·∇_{x̂₀} ℓ(x̂₀),     ℓ = mean of (y − A(x̂₀))²,
 *
 * Euler's step of the flow and a shift, but for the last step, which is Euler's alone. Any prior is a flow, with z_τ =
 * x_t/(α_t + σ_t) at τ = σ_t/(α_t + σ_t): in its own variables
 *
 *     x_s = DDIM₀(x_t, x̂₀) − (α_s + σ_s)·c·∇ℓ,
 *
 * so that a network and its view as a flow take the same steps. No gradient through the denoiser, nothing drawn but x_T.
 *
 * Defaults: c = 500 of the mean of squares and 100 steps, evenly spaced in τ, as the authors' scripts for pictures of 64×64. `loss:
 * 'norm'` with `compare: 'adjoint'`, or `'pinv'` for super-resolution, is what FlowDPS's repository calls FlowChef. Any
 * differentiable operator. Known limits: c counts per measured number and per step, and diverges where 2c·‖A‖² is a few times m, as
 * on problems of few numbers; ignores σ_y; draws no posterior, for J = ∂x̂₀/∂x_t is left out and the shifts add up over the steps.
 *
 * @example
 * ```ts
 * import { flowChef, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(flowChef(problem, prior, { scale: 0.1 }))
 * Math.abs(x.dataSync()[0]! - 1) < 0.1 // => true
 * ```
 */
export const flowChef = defineMethod({
  name: 'flow-chef',
  title: 'FlowChef',
  family: 'explicit',
  paper: { arxiv: '2412.00100', algorithm: 'Algorithm 1', authors: 'Patel et al. 2024' },
  needs: ['operatorVjp'],
  limits:
    'Leaves the gradient of the denoiser out and ignores σ_y; its shifts add up over the steps, so that c belongs to their number.',
  steps: 100,
  spacing: 'trailing',
  options: {
    scale: number('c, length of the shift', { default: 500, min: 0 }),
    ...dataDescentSpecs('mean'),
  },
  grid: flowGrid,
  plan: (run) => {
    const { schedule } = run.prior
    const descent = dataDescent(run.problem, run.options)
    return guidedPlan(run, ddim(0), {
      through: false,
      at: ({ x0hat }, step) => {
        const { s } = needStep('flow-chef', step)
        const { downhill, residual } = descent(x0hat)
        const length = s === schedule.clean ? 0 : run.options.scale * flowScale(schedule, s)
        return { x0: x0hat, shift: downhill.mul(length), residual }
      },
    })
  },
})

/** Options of {@link flowChef}. */
export type FlowChefOptions = OptionsOf<typeof flowChef>
/** A step of {@link flowChef}. */
export type FlowChefStep = StepOf<typeof flowChef>
