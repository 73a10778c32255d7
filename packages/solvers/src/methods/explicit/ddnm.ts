import { nullSpace } from '../../guidance/null-space.ts'
import { integer } from '../../options/index.ts'
import { renoise } from '../../samplers/kernel.ts'
import { travelPath } from '../../schedules/time-travel.ts'
import { freshEta } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, guidedPlan, travelling } from '../define.ts'

/**
 * Denoising diffusion null-space models (Wang et al., arXiv 2212.00490, Algorithm 1). With x̂₀ = E[x₀ | x_t] and
 * ε = (x_t − α_t·x̂₀)/σ_t,
 *
 *     x̂₀' = x̂₀ − A†(A x̂₀) + A†y,
 *     x_s = α_s·x̂₀' + σ_s·(√(1−η²)·ε + η·z).
 *
 * ε is that of x̂₀: it is not worked out anew from x̂₀'. The last step returns x̂₀', so A x = y where y lies in the range
 * of a linear A. Time travel (Algorithm 2): after every `travelLength` = l steps the last l are undone by a draw of
 * q(x_t | x_s) and gone again, r = `travelRepeats` times in all. (The authors' code draws that x_t from
 * q(x_t | x₀ = x̂₀) instead.)
 *
 * Defaults: 100 steps, η = 0.85, no travel, as in the authors' configuration for CelebA-HQ. Their η is `renoise`'s, not
 * DDIM's; Algorithm 1 as printed is ancestral.
 *
 * Any operator with an A†: linear with A A† A = A, or not, with the way back that it has: the decoder of a JPEG makes
 * it DDRM-JPEG's update (arXiv 2209.11888) at η_B = 1. No gradients, one evaluation per step. Known limits: takes y for
 * noise-free, so A†'s amplified noise goes into x as it is ({@link ddnmPlus} is for noise); what is seen reaches
 * what is unseen only through the denoiser; not a posterior sampler.
 *
 * @example
 * ```ts
 * import { ddnm, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const operator = matrixOperator(tensor([[1, 0]]))
 * const x = await run(ddnm({ operator, noise: gaussianNoise(0), y: tensor([[1]]) }, prior))
 * x.dataSync()[0] // ≈ 1.000
 * ```
 */
export const ddnm = defineMethod({
  name: 'ddnm',
  title: 'Denoising diffusion null-space models',
  family: 'explicit',
  paper: { arxiv: '2212.00490', algorithm: 'Algorithms 1 and 2', authors: 'Wang et al. 2022' },
  needs: ['pinv'],
  limits:
    'Takes y for noise-free. What is seen reaches what is unseen through the denoiser alone; no posterior sampler.',
  steps: 100,
  spacing: 'ddim',
  options: {
    eta: freshEta(0.85),
    travelLength: integer('l: steps that time travel undoes at once', { default: 1, min: 1 }),
    travelRepeats: integer('r: how often each stretch is gone down; 1 is no travel', { default: 1, min: 1 }),
  },
  path: (times, { travelLength, travelRepeats }) =>
    travelPath(times, { jump: travelLength, repeats: travelRepeats }),
  plan: (run) =>
    travelling(
      run,
      guidedPlan(run, renoise(run.options.eta), {
        through: false,
        keepsNoise: true,
        at: ({ x0hat }) => nullSpace(run.problem, x0hat),
      }),
    ),
})

/** Options of {@link ddnm}. */
export type DdnmOptions = OptionsOf<typeof ddnm>
/** A step of {@link ddnm}. */
export type DdnmStep = StepOf<typeof ddnm>
