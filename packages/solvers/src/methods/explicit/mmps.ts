import { byScore } from '../../guidance/likelihood.ts'
import { momentLikelihood } from '../../guidance/moments.ts'
import { integer, number } from '../../options/index.ts'
import { clipped } from '../../priors/clipped.ts'
import { ddim } from '../../samplers/kernel.ts'
import { clipRange, ddimEta } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, guidedPlan } from '../define.ts'

/**
 * Moment matching posterior sampling (MMPS; Rozet et al., arXiv 2405.13712 §4.2). With Tweedie's second moment
 * C_t = (σ_t²/α_t)·J, J = ∂x̂₀/∂x_t,
 *
 *     g = Jᵀ Aᵀ(A C_t Aᵀ + σ_y²I)⁻¹(y − A x̂₀),     x₀ = x̂₀ + (σ_t²/α_t)·g,     x_s = DDIM_η(x_t, x₀, z),
 *
 * the system solved by a few iterations of conjugate gradients, each a product with A C_t Aᵀ, which is one backward pass
 * through the denoiser. With all iterations it is TMPD without its diagonal. A step shows g as `guidance`.
 *
 * Defaults: three iterations (the paper: one to three suffice), 256 ancestral steps. Exact for a Gaussian prior and
 * linear A as steps go to infinity, with as many iterations as A C_t Aᵀ has different eigenvalues. An operator that is
 * not linear is taken to first order at x̂₀. Known limits: σ_y must be above 0; J of a trained denoiser is symmetric and
 * positive only about: where conjugate gradients break down, the solution stays what it was before; ended early, the
 * guidance leaves out the directions of small eigenvalues.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, matrixOperator, mmps, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(mmps(problem, prior, { steps: 100 }))
 * Math.abs(x.dataSync()[0]! - 1) < 0.3 // => true
 * ```
 */
export const mmps = defineMethod({
  name: 'mmps',
  title: 'Moment matching posterior sampling',
  family: 'explicit',
  paper: { arxiv: '2405.13712', algorithm: '§4.2', authors: 'Rozet et al. 2024' },
  needs: ['sigma', 'denoiserVjp', 'operatorVjp'],
  limits:
    'σ_y must be above 0. One Gaussian stands for all modes; conjugate gradients may break down for a trained denoiser.',
  cost: ['prox'],
  steps: 256,
  spacing: 'linspace',
  finite: () => true,
  options: {
    iterations: integer('of conjugate gradients, a backward pass each', { default: 3, min: 1 }),
    tolerance: number('relative residual at which they end before', {
      min: 0,
      otherwise: '1e-10 in float64, 1e-5 in float32',
    }),
    eta: ddimEta(1),
    clip: clipRange,
  },
  plan: (run) => {
    const { eta, clip, ...solving } = run.options
    const prior = clipped(run.prior, clip)
    return guidedPlan({ ...run, prior }, ddim(eta), byScore(momentLikelihood(run.problem, solving)))
  },
})

/** Options of {@link mmps}. */
export type MmpsOptions = OptionsOf<typeof mmps>
/** A step of {@link mmps}. */
export type MmpsStep = StepOf<typeof mmps>
