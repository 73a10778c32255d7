import { firstEstimate, firstEstimates } from '../../linalg/first-estimate.ts'
import { choice, integer, number } from '../../options/index.ts'
import { renoise } from '../../samplers/kernel.ts'
import type { Need } from '../../types.ts'
import { isLinear } from '../../types.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, guidedPlan } from '../define.ts'
import { UnfitError } from '../fit.ts'
import { dataSteps } from './diffpir-data.ts'

/** The least σ_n that ρ_t is worked out with: 0.001 of the range [0, 1]. */
const leastSigma = 0.002

/**
 * Denoising diffusion models for plug-and-play image restoration (DiffPIR; Zhu et al., arXiv 2305.08995, Algorithm 1).
 * With x̂₀ = E[x₀ | x_t], the noise level σ̄_t = σ_t/α_t and σ_n = max(σ_y, 0.002),
 *
 *     ρ_t = λ·σ_n²/σ̄_t²,     x̂₀' = argmin_x ‖y − A(x)‖² + ρ_t·‖x − x̂₀‖²,     ε̂ = (x_t − α_t·x̂₀')/σ_t,
 *     x_s = α_s·x̂₀' + σ_s·(√(1−ζ)·ε̂ + √ζ·z).
 *
 * ε̂ is worked out anew from x̂₀'. Whatever is linear has the argmin exactly (`proximal`: by the SVD, or by `iterations`
 * of conjugate gradients). `data` chooses its other forms: `gradient`, one step x̂₀ − ∇‖y − A(x̂₀)‖²/(2ρ_t) (eq. 15
 * there), for what is not linear; `back-projection`, x̂₀ + γ·A†(y − A x̂₀)/(1 + ρ_t), as for bicubic super-resolution.
 *
 * It starts from x_T = α_T·x̃ + σ_T·z with a first estimate x̃ of x, where the authors' code has the upsampled y;
 * `init: 'zeros'` is the pure noise of Algorithm 1. Their code leaves out the data step of the last index and returns
 * x_t there; this is the paper, which makes it and returns x̂₀'.
 *
 * Defaults: 100 steps on the repository's grid, λ and ζ with which its script for deblurring runs, 7 and 0.3. Its ρ_t has
 * σ_n for [0, 1] and σ̄_t for [−1, 1], so our λ is a quarter of theirs: 7/4. (In one unit, λ = 1 is x₀ ~ N(x̂₀, σ̄_t²I), with ζ = 1 `map-tu`.)
 *
 * Any operator with gradients, linear ones without; Gaussian noise. One evaluation per step, no gradients through the
 * denoiser. Known limits: σ̄_t²I overstates the spread of x₀ given x_t unless λ makes up for it; not a posterior
 * sampler. The gradient step is far too long where ρ_t is small (early): it needs x̂₀ bounded and a larger λ (their 15
 * to 35).
 *
 * @example
 * ```ts
 * import { diffpir, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const operator = matrixOperator(tensor([[1, 0]]))
 * const x = await run(diffpir({ operator, noise: gaussianNoise(0.1), y: tensor([[1]]) }, prior))
 * Math.abs(x.dataSync()[0]! - 1) < 0.3 // => true
 * ```
 */
export const diffpir = defineMethod({
  name: 'diffpir',
  title: 'DiffPIR',
  family: 'explicit',
  paper: { arxiv: '2305.08995', algorithm: 'Algorithm 1', authors: 'Zhu et al. 2023' },
  needs: ['operatorVjp', 'sigma'],
  limits:
    'No posterior sampler. The gradient form of the data step overshoots early unless the prior bounds x̂₀.',
  cost: ['prox'],
  steps: 100,
  spacing: 'diffpir',
  finite: ({ data }) => data === 'gradient',
  options: {
    lambda: number('λ: weight of the prior in the data step; a quarter of the repository’s', {
      default: 1.75,
      above: 0,
    }),
    zeta: number('ζ: part (of variance) of the new noise that is drawn afresh', {
      default: 0.3,
      min: 0,
      max: 1,
    }),
    data: choice('the data step; auto: proximal where A is linear, else gradient', [
      'auto',
      'proximal',
      'gradient',
      'back-projection',
    ]),
    gamma: number('γ of the back-projection', { default: 0.01, above: 0 }),
    iterations: integer('conjugate gradients of the proximal step', {
      min: 1,
      otherwise: 'none, by the SVD; 50 where there is none',
    }),
    init: choice('x̃: (AᵀA + σ_y²I)⁻¹Aᵀy, A†y, Aᵀy, 0; auto: what A has first', ['auto', ...firstEstimates]),
  },
  plan: (run) => {
    const { problem, prior, options, noise, start } = run
    const { operator } = problem
    const data = options.data !== 'auto' ? options.data : isLinear(operator) ? 'proximal' : 'gradient'
    const [correct, initial] = [dataSteps(problem, options)[data], firstEstimate(problem, options.init, 0)]
    const refuse = (need: Need, what: string) =>
      new UnfitError('diffpir', need, `${what} needs more than '${operator.name}' has`)
    if (initial === undefined) throw refuse('linear', `init '${options.init}'`)
    if (correct === undefined) throw refuse(data === 'proximal' ? 'linear' : 'pinv', `data '${data}'`)
    const spread = Math.sqrt(options.lambda) * Math.max(problem.noise.sigma, leastSigma)
    return {
      ...guidedPlan(run, renoise(Math.sqrt(options.zeta)), {
        through: false,
        at: ({ x0hat, alpha, sigma }) => correct(x0hat, spread, sigma / alpha),
      }),
      start: () => ({ x: noise().add(initial(problem.y).mul(prior.schedule.alpha(start))) }),
    }
  },
})

/** Options of {@link diffpir}. */
export type DiffpirOptions = OptionsOf<typeof diffpir>
/** A step of {@link diffpir}. */
export type DiffpirStep = StepOf<typeof diffpir>
