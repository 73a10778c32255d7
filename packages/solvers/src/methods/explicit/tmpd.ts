import { byScore } from '../../guidance/likelihood.ts'
import { momentLikelihood } from '../../guidance/moments.ts'
import { choice, integer } from '../../options/index.ts'
import { clipped } from '../../priors/clipped.ts'
import { ddim } from '../../samplers/kernel.ts'
import { clipRange, ddimEta } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, guidedPlan } from '../define.ts'

/**
 * Tweedie moment projected diffusions (TMPD; Boys et al., arXiv 2310.06721, Algorithm 1). With Tweedie's second moment
 * C_t = (σ_t²/α_t)·J, J = ∂x̂₀/∂x_t, p(x₀ | x_t) ≈ N(x̂₀, C_t), and the guided estimate is the Kalman update
 *
 *     x₀ = x̂₀ + C_t Aᵀ(A C_t Aᵀ + σ_y²I)⁻¹(y − A x̂₀),     x_s = DDIM_η(x_t, x₀, z).
 *
 * There is no scale. `covariance` says how A C_t Aᵀ is met: `rows`, its row sums on a diagonal (the authors' choice for
 * images, two backward passes a step); `diagonal`, its diagonal by Hutchinson's estimator; `dense`, as it is, by m
 * backward passes. By conjugate gradients it is {@link mmps}. A step shows the score g as `guidance`.
 *
 * Defaults: row sums, 1000 ancestral steps. For a Gaussian prior and linear A, `dense` is the exact posterior as steps go
 * to infinity, and so are the others where A C_t Aᵀ is diagonal. An operator that is not linear is taken to first
 * order at x̂₀. Known limits: σ_y must be above 0; for a prior of several modes one Gaussian stands for all of
 * p(x₀ | x_t); row sums are wrong, too small even, where measurements share what is correlated.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, matrixOperator, run, tmpd } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(tmpd(problem, prior, { steps: 100 }))
 * Math.abs(x.dataSync()[0]! - 1) < 0.3 // => true
 * ```
 */
export const tmpd = defineMethod({
  name: 'tmpd',
  title: 'Tweedie moment projected diffusions',
  family: 'explicit',
  paper: { arxiv: '2310.06721', algorithm: 'Algorithm 1', authors: 'Boys et al. 2023' },
  needs: ['sigma', 'denoiserVjp', 'operatorVjp'],
  limits:
    'σ_y must be above 0. One Gaussian stands for all modes; row sums are wrong where measured numbers are correlated.',
  steps: 1000,
  spacing: 'linspace',
  finite: () => true,
  options: {
    covariance: choice(
      'how A C_t Aᵀ is met: its row sums; its diagonal, estimated; as it is, by m backward passes',
      ['rows', 'diagonal', 'dense'],
    ),
    probes: integer('Rademacher probes of diagonal, a backward pass each', { default: 1, min: 1 }),
    eta: ddimEta(1),
    clip: clipRange,
  },
  plan: (run) => {
    const { covariance, probes, eta, clip } = run.options
    const prior = clipped(run.prior, clip)
    return guidedPlan(
      { ...run, prior },
      ddim(eta),
      byScore(momentLikelihood(run.problem, { covariance, probes })),
    )
  },
})

/** Options of {@link tmpd}. */
export type TmpdOptions = OptionsOf<typeof tmpd>
/** A step of {@link tmpd}. */
export type TmpdStep = StepOf<typeof tmpd>
