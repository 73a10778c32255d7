import { measuredIn } from '../../guidance/measured.ts'
import { lengthAdvice, scaleSteps, stepScale } from '../../guidance/scale.ts'
import { choice, number } from '../../options/index.ts'
import { sampleNorms, unitOf } from '../../run/residual.ts'
import { ancestral, ancestralLook, requireVariance } from '../../samplers/ancestral.ts'
import { ancestralVariance } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'

/**
 * Manifold constrained gradients (Chung et al., arXiv 2206.00941, Algorithm 1 and eq. 14, 15): an ancestral step, a step
 * along a gradient through the denoiser, and a projection on what was measured, noised to the level of s,
 *
 *     x′  = DDPM(x_t, x̂₀, z) − α·∇_{x_t} ‖W(y − A x̂₀)‖
 *     x_s = (I − A⁺A)x′ + A⁺(α_s·y + σ_s·A z′),
 *
 * the norm taken per sample. W = A⁺ for `weight: 'pinv'`, I for 'identity'; for a mask they are one. The paper squares the
 * norm and divides α by it, which is twice this. The last step ends at A x = y. The part of the gradient that A sees has no effect, since
 * the projection replaces it; the authors' repository leaves it out. Their noise of y is uniform in one baseline; here
 * it is normal, drawn among images and seen through A.
 *
 * Defaults: 1000 ancestral steps on guided-diffusion's grid; α = 1 and W = A⁺ as in the repository's CT (0.1 for
 * colorization). Fewer steps want a larger α: `scaleSteps` keeps the sum. `variance` is that of the ancestral step;
 * their networks learn it ('learned-range').
 *
 * Linear operators with a pseudo-inverse and no noise: σ_y is ignored, and at the end A x = y, noise and all, amplified
 * by A⁺. That is why DPS drops the projection. Known limits: not a posterior sampler; on a Gaussian the gradient lacks
 * the factor 1/(A C_t Aᵀ) and the projection the correlation of its noise with x_s.
 *
 * @example
 * ```ts
 * import { gaussianPrior, matrixOperator, mcg, noNoise, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const operator = matrixOperator(tensor([[1, 0]]))
 * const x = await run(mcg({ operator, noise: noNoise(), y: tensor([[1]]) }, prior, { steps: 100, scale: 0.1 }))
 * x.dataSync()[0] // ≈ 1.000
 * ```
 */
export const mcg = defineMethod({
  name: 'mcg',
  title: 'Manifold constrained gradients',
  family: 'explicit',
  paper: { arxiv: '2206.00941', algorithm: 'Algorithm 1', authors: 'Chung et al. 2022' },
  needs: ['linear', 'pinv', 'denoiserVjp'],
  limits: 'Ends at A x = y, noise and all; α is not tied to the step.',
  steps: 1000,
  spacing: 'guided',
  advice: lengthAdvice({ from: 100, to: 1000, by: 'the repository of its authors' }),
  options: {
    scale: number('α, the length of a step along the gradient of the norm', { default: 1, min: 0 }),
    scaleSteps,
    weight: choice('W in ‖W(y − A x̂0)‖: A⁺ (pinv) or I (identity)', ['pinv', 'identity']),
    variance: ancestralVariance('small'),
  },
  plan: ({ problem: { operator, y }, prior, options, times, noise, z }) => {
    const { schedule } = prior
    const { weight, variance } = options
    const scale = stepScale(options.scale, options.scaleSteps, times.length)
    requireVariance(prior, variance)
    const measured = { operator, y, back: (r: typeof y) => operator.pinv(r) }
    return stepping({
      start: () => ({ x: noise() }),
      step: ({ x }, { t, s }, i) => {
        const { x0hat, pullback, v } = ancestralLook(prior, x, t, { variance, through: true })
        const r = y.sub(operator.forward(x0hat))
        // −∇‖Wr‖ in x̂₀: AᵀWᵀWr/‖Wr‖, where AᵀWᵀWr is A⁺r for W = A⁺.
        const inward = weight === 'pinv' ? unitOf(operator.pinv(r)) : operator.adjoint(unitOf(r))
        const downhill = pullback(inward).mul(scale)
        const { kernel } = ancestral(variance, v)
        const drawn = kernel(x, x0hat, () => z(i, 'step'), { t, s, schedule }).add(downhill)
        const next = measuredIn(measured, drawn, { s, schedule }, () => z(i, 'measured'))
        return {
          state: { x: next },
          shown: { x0hat, guidance: downhill },
          numbers: { residual: sampleNorms(r) },
        }
      },
    })
  },
})

/** Options of {@link mcg}. */
export type McgOptions = OptionsOf<typeof mcg>
/** A step of {@link mcg}. */
export type McgStep = StepOf<typeof mcg>
