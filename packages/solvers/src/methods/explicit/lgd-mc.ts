import { byScore, scaled } from '../../guidance/likelihood.ts'
import { lossGuidedLikelihood } from '../../guidance/loss-guided.ts'
import { integer, number } from '../../options/index.ts'
import { clipped } from '../../priors/clipped.ts'
import { ddim } from '../../samplers/kernel.ts'
import { clipRange, ddimEta } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, guidedPlan } from '../define.ts'

/**
 * Loss-guided diffusion by Monte Carlo (LGD-MC; Song et al., ICML 2023, eq. 8). Points x₀ⁱ = x̂₀ + r_t·z_i, i = 1 … n, with
 * r_t² = s²σ_t²/(α_t²s² + σ_t²) (for VE and s = 1 σ²/(1 + σ²)), stand for p(x₀ | x_t), and with J = ∂x̂₀/∂x_t
 *
 *     g = ∇_{x_t} log (1/n)·Σ p(y | x₀ⁱ) = Jᵀ Σ w_i·∇log p(y | x₀ⁱ),   w = softmax_i log p(y | x₀ⁱ),
 *     x₀ = x̂₀ + scale·(σ_t²/α_t)·g,     x_s = DDIM_η(x_t, x₀, z).
 *
 * One pass back through the denoiser, n through the operator. Any noise of a known likelihood. The weights are those of a
 * log-mean-exp; the plain mean of gradients that some code has is DPS in expectation for linear A. A step shows the score,
 * times `scale`, as `guidance`.
 *
 * Defaults: n = 10, s² = 1, scale 1; 1000 ancestral steps. `spread: 0` is DPS with 1/(2σ_y²); for linear A and n → ∞ the
 * score is that of ΠGDM with the same s², exact for x₀ ~ N(μ, s²I). Known limits: with few points in many dimensions one of
 * them has nearly all the weight, so that g is that of a random point and as stiff as DPS's score; a smaller `scale` or
 * `spread` is then needed.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, lgdMc, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.3), y: tensor([[1]]) }
 * const x = await run(lgdMc(problem, prior, { steps: 100, samples: 100 }))
 * Math.abs(x.dataSync()[0]! - 0.9) < 1.2 // => true
 * ```
 */
export const lgdMc = defineMethod({
  name: 'lgd-mc',
  title: 'Loss-guided diffusion by Monte Carlo',
  family: 'explicit',
  paper: { url: 'proceedings.mlr.press/v202/song23k.html', algorithm: 'eq. 8', authors: 'Song et al. 2023' },
  needs: ['likelihood', 'denoiserVjp', 'operatorVjp'],
  limits: 'Of few points in many dimensions one has nearly all the weight: as stiff as the score of DPS.',
  steps: 1000,
  spacing: 'linspace',
  finite: () => true,
  options: {
    samples: integer('n, points around x̂0', { default: 10, min: 1 }),
    spread: number('factor of r_t; 0 is DPS', { default: 1, min: 0 }),
    variance: number('s², the variance of x₀ that r_t stands on', { default: 1, above: 0 }),
    scale: number('factor of the score', { default: 1, min: 0 }),
    eta: ddimEta(1),
    clip: clipRange,
  },
  plan: (run) => {
    const { scale, eta, clip, ...points } = run.options
    const prior = clipped(run.prior, clip)
    const score = scaled(lossGuidedLikelihood(run.problem, points), scale)
    return guidedPlan({ ...run, prior }, ddim(eta), byScore(score))
  },
})

/** Options of {@link lgdMc}. */
export type LgdMcOptions = OptionsOf<typeof lgdMc>
/** A step of {@link lgdMc}. */
export type LgdMcStep = StepOf<typeof lgdMc>
