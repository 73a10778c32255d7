import { choice } from '../../options/index.ts'
import type { FilterKernel } from '../../particles/index.ts'
import { pathFilter, smcPlan } from '../../particles/index.ts'
import { ddpm } from '../../samplers/kernel.ts'
import type { DdpmVariance } from '../../samplers/steps.ts'
import { ddpmNoise } from '../../samplers/steps.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod } from '../define.ts'
import { particleOptions } from '../particle-options.ts'
import { needsOrthonormal } from '../rare-needs.ts'

/**
 * SMCDiff (Trippe et al., arXiv 2206.04119, Algorithm 2), for inpainting: one path of what was measured, noised, and a
 * particle filter for the rest. For the measured coordinates M
 *
 *     y_T, …, y_1 ~ q(· | y_0 = y), the noising,     w = N(y_s; μ_θ(x_t)_M, σ̃²I),     x_s = y_s on M, μ_θ(x_t) + σ̃z elsewhere,
 *
 * μ_θ and σ̃ of an ancestral step. (Here the path is drawn from its noisy end, y_s ~ q(y_s | y_t, y): the same law.) The last
 * kernel is N(x̂₀, (σ_t/α_t)²I), what p(x₀ | x_t) is where the prior is flat, so that A x₀ = y exactly.
 *
 * The target is p_θ(x₀ | y_T, …, y_0), p_θ the law of the ancestral sampler: of the posterior as far as the sampler undoes the
 * noising, so that its paths of M are those of q. Elsewhere more particles do not remove the error; more steps do.
 * `logEvidence` is, over paths, an unbiased estimate of p_θ(y). A step shows the population as TDS does.
 *
 * Defaults: 4 particles, systematic resampling in every step, 100 steps, as this method is run by the authors of TDS. Masks
 * and whatever else has orthonormal rows, without noise: σ_y is ignored. `variance` as TDS. Known limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { gaussianPrior, inpaint, noNoise, run, smcDiff } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const covariance = [[1, 0.9, 0, 0], [0.9, 1, 0, 0], [0, 0, 1, 0.9], [0, 0, 0.9, 1]]
 * const prior = gaussianPrior({ mean: [0, 0, 0, 0], covariance, shape: [1, 2, 2] })
 * const operator = inpaint([1, 2, 2], { mask: [1, 0, 1, 0] })
 * const y = operator.forward(tensor([[[[1, 0], [-1, 0]]]]))
 * const x = await run(smcDiff({ operator, noise: noNoise(), y }, prior, { steps: 50 }))
 * x.dataSync()[0] // ≈ 1.000
 * ```
 */
export const smcDiff = defineMethod({
  name: 'smc-diff',
  title: 'SMCDiff',
  family: 'exact',
  paper: { arxiv: '2206.04119', algorithm: 'Algorithm 2', authors: 'Trippe et al. 2022' },
  needs: [needsOrthonormal],
  limits:
    'For operators of orthonormal rows; ignores σ_y. Exact only as far as the reverse steps undo the noising.',
  cost: ['svd', 'particles'],
  steps: 100,
  spacing: 'guided',
  options: {
    ...particleOptions(4, 'systematic'),
    variance: choice('of the ancestral step: β̃ (small) or β (large)', ['small', 'large'], 'large'),
  },
  plan: (run) => {
    const by = (variance: DdpmVariance): FilterKernel => ({
      kernel: ddpm(variance),
      deviation: (at) => ddpmNoise(at, variance),
    })
    // q(y_s | y_t, y) has β̃, whatever the particles have.
    return smcPlan('smc-diff', run, pathFilter(run, 0, 0.5, by(run.options.variance), by('small')))
  },
})

/** Options of {@link smcDiff}. */
export type SmcDiffOptions = OptionsOf<typeof smcDiff>
/** A step of {@link smcDiff}. */
export type SmcDiffStep = StepOf<typeof smcDiff>
