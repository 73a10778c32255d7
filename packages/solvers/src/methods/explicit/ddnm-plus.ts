import type { Shape, Tensor } from '@tweedie/tensor'
import { nullSpace } from '../../guidance/null-space.ts'
import { choice, integer, number } from '../../options/index.ts'
import { residualNorm } from '../../run/residual.ts'
import { noisedTo } from '../../samplers/kernel.ts'
import type { ReverseStep } from '../../samplers/steps.ts'
import { combine } from '../../samplers/steps.ts'
import { travelPath } from '../../schedules/time-travel.ts'
import { isLinear } from '../../types.ts'
import { freshEta } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'
import { UnfitError } from '../fit.ts'
import { spectralStep } from './ddnm-plus-step.ts'
import { simplifiedWeights } from './ddnm-plus-weights.ts'

/**
 * DDNM+ (Wang et al., arXiv 2212.00490, §3.3 and appendix I): DDNM for noisy y. The correction of x̂₀ is damped and
 * the noise of the step reduced, so that with the noise of y the step has the variance it should. With A = UΣVᵀ,
 *
 *     x̂₀' = x̂₀ − V Λ Vᵀ A†(A x̂₀ − y),     x_s = α_s·x̂₀' + V(Φ z + Ψ Vᵀε),
 *
 *     s_i = 0:             λ = 0,                       Φ = η·σ_s,                    Ψ = √(1−η²)·σ_s
 *     σ_s ≥ α_s·σ_y/s_i:   λ = 1,                       Φ² = σ_s² − (α_s·σ_y/s_i)²,   Ψ = 0
 *     σ_s < α_s·σ_y/s_i:   λ = √(1−η²)·s_i·σ_s/(α_s·σ_y),   Φ = η·σ_s,                Ψ = 0
 *
 * ε is that of x̂₀. Step for step it is DDRM at η_b = 1; DDRM starts at y, DDNM+ from noise, and it has time travel
 * (as `ddnm`). `form: 'simplified'` is the paper's scalar form (eq. 17–19), for an A† without SVD: A†'s noise counts
 * as σ_y·N(0, I), and the step is the ancestral one, x_s = a·x̂₀' + b·x_t + √γ·z with λ = min(1, σ/(a·σ_y)) and
 * γ = σ² − (aλσ_y)², σ² the variance of the ancestral step. (The authors' code has ᾱ_s for α_s there, multiplies σ_s by
 * γ, and takes DDIM; this is the paper.) η does nothing in it.
 *
 * Defaults: 100 steps, η = 0.85, no travel, as the authors' evaluation.sh and configs; their σ_y is for [0, 1], ours twice
 * as large. `rankTolerance` is relative (theirs 1e-3, absolute). No gradients, one evaluation per step. Known limits:
 * those of DDRM: what is seen reaches what is unseen only through the denoiser; not a posterior sampler. The simplified
 * form is right for orthonormal rows (inpainting), and ignores amplified noise elsewhere.
 *
 * @example
 * ```ts
 * import { ddnmPlus, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const operator = matrixOperator(tensor([[1, 0]]))
 * const x = await run(ddnmPlus({ operator, noise: gaussianNoise(0.1), y: tensor([[1]]) }, prior))
 * Math.abs(x.dataSync()[0]! - 1) < 0.3 // => true
 * ```
 */
export const ddnmPlus = defineMethod({
  name: 'ddnm-plus',
  title: 'DDNM+',
  family: 'explicit',
  paper: {
    arxiv: '2212.00490',
    algorithm: 'eq. 17–19, Algorithm 2, appendix I',
    authors: 'Wang et al. 2022',
  },
  needs: ['pinv', 'sigma'],
  limits: 'Narrower than the posterior; what is seen reaches what is unseen through the denoiser alone.',
  steps: 100,
  spacing: 'ddim',
  options: {
    form: choice('by singular values; one λ for all, without SVD; auto: the first where A has one', [
      'auto',
      'spectral',
      'simplified',
    ]),
    eta: freshEta(0.85),
    travelLength: integer('l: steps that time travel undoes at once', { default: 1, min: 1 }),
    travelRepeats: integer('r: how often each stretch is gone down; 1 is no travel', { default: 1, min: 1 }),
    rankTolerance: number('share of the largest s_i that counts as 0', { default: 1e-4, min: 0, max: 1 }),
  },
  path: (times, { travelLength, travelRepeats }) =>
    travelPath(times, { jump: travelLength, repeats: travelRepeats }),
  plan: ({ problem, prior, options, noise, z }) => {
    const { operator, y } = problem
    const { schedule } = prior
    const sigmaY = problem.noise.sigma
    const svd = options.form !== 'simplified' && isLinear(operator) ? operator.svd?.() : undefined
    if (svd === undefined && options.form === 'spectral')
      throw new UnfitError(
        'ddnm-plus',
        'svd',
        `form 'spectral' needs an SVD; '${operator.name}' has no svd()`,
      )
    const simplified = (x: Tensor, x0hat: Tensor, step: ReverseStep, z: (shape?: Shape) => Tensor) => {
      const { a, b, lambda, fresh } = simplifiedWeights(step, sigmaY)
      return combine([a, nullSpace(problem, x0hat, lambda).x0], [b, x], [fresh, z()])
    }
    const next = svd === undefined ? simplified : spectralStep(svd, { y, sigmaY, ...options })
    return stepping({
      start: () => ({ x: noise() }),
      step: ({ x: before }, at, i) => {
        const x = noisedTo(before, at, () => z(i, 'up'), schedule)
        const x0hat = prior.denoise(x, at.t)
        const residual = residualNorm(operator, y, x0hat)
        return {
          state: { x: next(x, x0hat, { ...at, schedule }, (shape) => z(i, 'step', shape)) },
          shown: { x0hat },
          numbers: { residual },
        }
      },
    })
  },
})

/** Options of {@link ddnmPlus}. */
export type DdnmPlusOptions = OptionsOf<typeof ddnmPlus>
/** A step of {@link ddnmPlus}. */
export type DdnmPlusStep = StepOf<typeof ddnmPlus>
