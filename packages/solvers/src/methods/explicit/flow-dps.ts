import { dataDescent, dataDescentSpecs } from '../../guidance/data-descent.ts'
import { integer, number } from '../../options/index.ts'
import type { Kernel } from '../../samplers/kernel.ts'
import { renoise } from '../../samplers/kernel.ts'
import { flowGrid, flowGridOf, flowTime, shiftedFlow } from '../../schedules/flow-time.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, guidedPlan } from '../define.ts'

/** Where the last time of a step is τ, the fraction √(1 − τ) of its noise is drawn anew. */
const partlyFresh: Kernel = (x, x0, z, at) =>
  renoise(Math.sqrt(1 - flowTime(at.schedule, at.s)))(x, x0, z, at)

/**
 * FlowDPS (Kim, Kim & Ye, arXiv 2503.08136, Algorithm 1). The flow's step is taken apart into its estimates of x₀ and of the
 * noise x₁: the first goes down the data loss ℓ, the second is partly drawn anew. On the path z_τ = (1 − τ)·x₀ + τ·ε,
 *
 *     x̂₀ = z_τ − τ·v,     x̂₁ = z_τ + (1 − τ)·v,     v = ε − x₀ as the network says it,
 *     x₀' = K steps x ← x − c·∇ℓ(x) from x̂₀,     x̃₀ = (1 − τ)·x̂₀ + τ·x₀',
 *     x̃₁ = √τ_s·x̂₁ + √(1 − τ_s)·ξ,     z_s = (1 − τ_s)·x̃₀ + τ_s·x̃₁.
 *
 * The correction fades with τ. Any prior is a flow, with z_τ = x_t/(α_t + σ_t) at τ = σ_t/(α_t + σ_t): in its own variables x_s =
 * α_s·x̃₀ + σ_s·x̃₁, with the x̂₁ = ε̂ of its look. No gradient through the denoiser.
 *
 * Defaults: 28 steps, K = 3 and the times' `shift` of 4, τ ← 4τ/(1 + 3τ), of the authors' code. Its losses are norms, of
 * Aᵀ(y − A x) or for super-resolution of A†(y) − A†(A x), with steps of 15 to 30 on latents of Stable Diffusion 3 (`loss: 'norm'`,
 * `compare`); such lengths mean nothing for pixels. Ours is the squared norm of the paper's formula with c = ½: for a mask one step puts the
 * measured pixels in. Any differentiable operator. Known limits: ignores σ_y; without a measurement too its samples vary too little:
 * of N(0, v) 0.65 of the variance is left at 28 steps, and half in the limit of many (the page derives it).
 *
 * @example
 * ```ts
 * import { flowDps, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(flowDps(problem, prior))
 * x.shape // => [1, 2]
 * ```
 */
export const flowDps = defineMethod({
  name: 'flow-dps',
  title: 'FlowDPS',
  family: 'explicit',
  paper: { arxiv: '2503.08136', algorithm: 'Algorithm 1', authors: 'Kim et al. 2025' },
  needs: ['operatorVjp'],
  limits:
    'Ignores σ_y and leaves the gradient of the denoiser out; no sampler of the posterior, nor of the prior.',
  steps: 28,
  spacing: 'linspace',
  options: {
    scale: number('c, length of a step down ℓ', { default: 0.5, min: 0 }),
    innerSteps: integer('K, steps down ℓ', { default: 3, min: 1 }),
    ...dataDescentSpecs('squares'),
    shift: number('of the times, which multiplies their noise level', { default: 4, above: 0 }),
  },
  grid: flowGrid,
  path: (times, { shift }, schedule) => {
    const top = flowTime(schedule, schedule.noisiest)
    return flowGridOf(schedule, times, (tau) => top * shiftedFlow(tau / top, shift))
  },
  plan: (run) => {
    const { scale, innerSteps } = run.options
    const { schedule } = run.prior
    const descent = dataDescent(run.problem, run.options)
    return guidedPlan(run, partlyFresh, {
      through: false,
      keepsNoise: true,
      at: ({ x0hat, t }) => {
        const tau = flowTime(schedule, t)
        const { downhill, residual } = descent(x0hat)
        let x = x0hat.add(downhill.mul(scale))
        for (let k = 1; k < innerSteps; k++) x = x.add(descent(x).downhill.mul(scale))
        return { x0: x0hat.mul(1 - tau).add(x.mul(tau)), residual }
      },
    })
  },
})

/** Options of {@link flowDps}. */
export type FlowDpsOptions = OptionsOf<typeof flowDps>
/** A step of {@link flowDps}. */
export type FlowDpsStep = StepOf<typeof flowDps>
