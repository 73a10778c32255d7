import { adam } from '@tweedie/autograd'
import { redDiffGradient } from '../../guidance/red-diff-gradient.ts'
import { redDiffOptions } from '../../guidance/red-diff-options.ts'
import { firstEstimate } from '../../linalg/first-estimate.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'
import { UnfitError } from '../fit.ts'

/**
 * RED-diff (Mardani et al., arXiv 2305.04391, Algorithm 1): fits the mean μ of q = N(μ, σ₀²I) to the
 * posterior by stochastic optimisation, one noise level per step from high to low, with Adam on
 *
 *     v·½·mean((y − A(μ))²) + w_t·mean(sg[ε_θ(x_t; t) − ε]·μ),   x_t = α_t·μ + σ_t·ε,   w_t = λ·σ_t/α_t
 *
 * (sg: no gradient through ε_θ; the second term is score distillation, its gradient w_t(ε_θ − ε)/n is not
 * that of ‖ε_θ − ε‖²). Means are over the elements of one sample and samples are summed, so a batch of k
 * equals k single runs. 'sum' takes sums instead, which multiplies the weight of the prior by n/m: Adam
 * takes no notice of a common factor. A step shows μ as x; see {@link redDiffGradient} for the losses.
 *
 * Defaults: Adam with rate 0.1 and β = (0.9, 0.99), λ = 0.25, v = 1, σ₀ = 0, linear weighting, means, 1000
 * steps, as in the authors' repository (the paper's fast mode takes 100 steps; their grid is 'ddim', at 1000
 * steps the same as ours). They start from μ₀ = A⁺y; that drowns in amplified noise where A is ill-conditioned
 * (a blur), so where an SVD and σ_y are known we start from the ridge solution (AᵀA + σ_y²I)⁻¹Aᵀy, which is
 * A⁺y at σ_y = 0: for noise-free measurements that are rounded (a picture of 8 bits) raise `rankTolerance`.
 *
 * Any differentiable operator; one evaluation of the prior per step and no gradient through it. Known
 * limits: seeks a mode, no posterior spread; returns the last μ, not an average, so Adam's last steps leave
 * jitter; ignores σ_y (put 1/σ_y² into `dataWeight`); λ and the rate want tuning per task.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, matrixOperator, redDiff, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const operator = matrixOperator(tensor([[1, 0]]))
 * const problem = { operator, noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(redDiff(problem, prior, { steps: 100 }))
 * Math.abs(x.dataSync()[0]! - 1) < 0.2 // => true
 * ```
 */
export const redDiff = defineMethod({
  name: 'red-diff',
  title: 'RED-diff',
  family: 'variational',
  paper: { arxiv: '2305.04391', algorithm: 'Algorithm 1', authors: 'Mardani et al. 2023' },
  needs: ['operatorVjp'],
  limits:
    'Seeks a mode, no posterior spread; fits noise unless dataWeight is 1/σ_y²; λ and rate want tuning.',
  steps: 1000,
  spacing: 'linspace',
  finite: () => true,
  options: redDiffOptions,
  plan: ({ problem, prior, options, z }) => {
    const initial = firstEstimate(problem, options.init, options.rankTolerance)
    const lack = `init '${options.init}' needs more than '${problem.operator.name}' has`
    if (initial === undefined) throw new UnfitError('red-diff', 'linear', lack)
    const optimizer = adam(options)
    return stepping({
      start: () => {
        const x = initial(problem.y)
        return { x, adam: optimizer.init(x) }
      },
      step: (state, { t }, i) => {
        const noise = {
          epsilon: z(i, 'epsilon'),
          epsilon0: options.sigmaX0 > 0 ? z(i, 'epsilon0') : undefined,
        }
        const { gradient, x0hat, ...numbers } = redDiffGradient(problem, prior, state.x, t, noise, options)
        const next = optimizer.update(gradient, state.adam, state.x)
        return { state: { x: next.params, adam: next.state }, shown: { x0hat }, numbers }
      },
    })
  },
})

/** Options of {@link redDiff}. */
export type RedDiffOptions = OptionsOf<typeof redDiff>
/** A step of {@link redDiff}. */
export type RedDiffStep = StepOf<typeof redDiff>
