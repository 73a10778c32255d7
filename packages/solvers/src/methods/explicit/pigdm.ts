import { solvingOptions } from '../../guidance/inverse.ts'
import { pseudoInverseLikelihood, pseudoInverseSpread } from '../../guidance/pseudo-inverse.ts'
import { choice, number } from '../../options/index.ts'
import { clipped } from '../../priors/clipped.ts'
import { ddim } from '../../samplers/kernel.ts'
import { clipRange, ddimEta } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, guidedPlan } from '../define.ts'
import { needsInverse } from '../rare-needs.ts'

/**
 * Pseudo-inverse guided diffusion (ΠGDM; Song, Vahdat, Mardani & Kautz, ICLR 2023, Algorithm 1). With
 * p(x₀ | x_t) ≈ N(x̂₀, r_t²I), r_t² = s²σ_t²/(α_t²s² + σ_t²) (1 − ᾱ_t for VP and s = 1), and J = ∂x̂₀/∂x_t,
 *
 *     x_s = DDIM_η(x_t, x̂₀, z) + w·α_t·r_t²·g,     g = Jᵀ Aᵀ(r_t²AAᵀ + σ_y²I)⁻¹(y − A x̂₀):
 *
 * the guidance is weighed by r_t², which damps it beside the σ_t²/α_t of the conditional Tweedie formula
 * (`byScore(pseudoInverseLikelihood(problem))`), and ε stays the network's. Without noise r_t²g = Jᵀ(A⁺y − A⁺A x̂₀). An
 * operator that is not linear, nor perhaps differentiable (JPEG), needs a pseudo-inverse A† alone and takes no noise:
 * r_t²g = Jᵀ(A†(y) − A†(A(x̂₀))). `coefficient: 'repository'` has α_s·α_t in place of α_t, as the code of the
 * authors' later paper, RED-diff.
 *
 * Defaults: η = 1, w = 1 and 100 steps as in the paper. The solve is by the SVD, or by conjugate gradients where the
 * operator has none. Known limits: r_t² is that of white x₀ of variance s², so that directions of less variance are
 * guided too strongly; the damped weight makes it no sampler of the posterior even for x₀ ~ N(0, I); unstable
 * without clipping of x̂₀ to the data range.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, matrixOperator, pigdm, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0), y: tensor([[1]]) }
 * const x = await run(pigdm(problem, prior))
 * Math.abs(x.dataSync()[0]! - 1) < 0.05 // => true
 * ```
 */
export const pigdm = defineMethod({
  name: 'pigdm',
  title: 'Pseudo-inverse guided diffusion',
  family: 'explicit',
  paper: {
    url: 'openreview.net/forum?id=9_gsMA8MRKQ',
    algorithm: 'Algorithm 1',
    authors: 'Song et al. 2023',
  },
  needs: [needsInverse, 'denoiserVjp'],
  limits:
    'One variance r_t² for all directions; its damped weight makes it no posterior sampler even where the score is exact.',
  cost: ['svd'],
  steps: 100,
  spacing: 'linspace',
  options: {
    eta: ddimEta(1),
    scale: number('w, factor of the guidance', { default: 1, min: 0 }),
    coefficient: choice('of the guidance: α_t, or α_s·α_t', ['paper', 'repository']),
    variance: number('s², the variance of x₀ that r_t² stands on', { default: 1, above: 0 }),
    ...solvingOptions,
    clip: clipRange,
  },
  plan: (run) => {
    const { eta, scale, coefficient, variance, clip, ...solving } = run.options
    const prior = clipped(run.prior, clip)
    const { through, score } = pseudoInverseLikelihood(run.problem, { variance, ...solving })
    return guidedPlan({ ...run, prior }, ddim(eta), {
      through,
      at: (look, step) => {
        const { g, residual } = score(look)
        const damped = g.mul(pseudoInverseSpread(variance, look.alpha, look.sigma))
        const next = coefficient === 'paper' || step === undefined ? 1 : prior.schedule.alpha(step.s)
        return { x0: look.x0hat, shift: damped.mul(scale * look.alpha * next), residual }
      },
    })
  },
})

/** Options of {@link pigdm}. */
export type PigdmOptions = OptionsOf<typeof pigdm>
/** A step of {@link pigdm}. */
export type PigdmStep = StepOf<typeof pigdm>
