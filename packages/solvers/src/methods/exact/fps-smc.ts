import { choice, number } from '../../options/index.ts'
import { pathFilter, smcPlan } from '../../particles/index.ts'
import { ddim, renoise } from '../../samplers/kernel.ts'
import { ddimNoise } from '../../samplers/steps.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod } from '../define.ts'
import { particleOptions } from '../particle-options.ts'

/**
 * Filtering posterior sampling by sequential Monte Carlo (FPS-SMC; Dou and Song, ICLR 2024, Algorithm 1). One path y_T, …, y_0
 * = y of noisy measurements for all particles of a sample, and a particle filter of it. With a step x_s = μ(x_t, x̂₀) + σ̃z,
 *
 *     y_s = μ(y_t, y) + σ̃A z′,     y_T = α_T·y + σ_T·A z′,
 *     w = N(y_s; A μ, σ̃²AAᵀ + α_s²σ_y²I),     x_s ~ N(x_s; μ, σ̃²I)·N(y_s; A x_s, α_s²σ_y²I),
 *
 * all by the singular values of A; the weight is the predictive density, so that it does not depend on the draw. One
 * particle is FPS. μ keeps √(σ_s² − σ̃²) of ε̂, with σ̃² = c·σ_s² ('marginal', the authors' code) or c of that of the ancestral
 * step ('ddim', c = η²).
 *
 * Defaults: c = 0.95, 5 particles, multinomial resampling in every step, 1000 steps, as the authors' configuration. Their code
 * begins at y_T = A z, which for VP is nearly the same, fixes σ_y = 0.05 and ends at the first time of the grid with x̂₀.
 *
 * The target is p_θ(x₀ | y_T, …, y_0) of a model in which every y_s has noise of its own. Without noise that is p_θ(x₀ | y)
 * as far as the steps undo the noising. With noise the same noise is counted at every level: too narrow, the more so the more
 * steps. `logEvidence` is, over paths, an unbiased estimate of ∫ p_θ(x₀)·p(y | x₀) dx₀ all the same. A step shows the
 * population as TDS does. Linear operators with an SVD, Gaussian noise, no gradients. Known limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { fpsSmc, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.1), y: tensor([[1]]) }
 * const x = await run(fpsSmc(problem, prior, { steps: 50, particles: 16 }))
 * Math.abs(x.dataSync()[0]! - 1) < 0.6 // => true
 * ```
 */
export const fpsSmc = defineMethod({
  name: 'fps-smc',
  title: 'Filtering posterior sampling (FPS-SMC)',
  family: 'exact',
  paper: {
    url: 'openreview.net/forum?id=tplXNcHZs1',
    algorithm: 'Algorithm 1',
    authors: 'Dou and Song 2024',
  },
  needs: ['svd', 'sigma'],
  limits:
    'Under noise too narrow, the more so the more steps; the marginal kernel does not keep the law of the prior.',
  cost: ['particles'],
  steps: 1000,
  spacing: 'guided',
  options: {
    ...particleOptions(5, 'multinomial'),
    c: number('part of the noise variance that is drawn anew', { default: 0.95, above: 0, max: 1 }),
    kernel: choice("what c is a part of: σ_s² (marginal), or the ancestral step's variance (ddim, c = η²)", [
      'marginal',
      'ddim',
    ]),
    rankTolerance: number('share of the largest s_i that counts as 0', { default: 1e-4, min: 0, max: 1 }),
  },
  plan: (run) => {
    const { c, kernel, rankTolerance } = run.options
    const eta = Math.sqrt(c)
    const steps =
      kernel === 'ddim'
        ? { kernel: ddim(eta), deviation: (at: Parameters<typeof ddimNoise>[0]) => ddimNoise(at, eta) }
        : {
            kernel: renoise(eta),
            deviation: ({ s, schedule }: Parameters<typeof ddimNoise>[0]) => eta * schedule.sigma(s),
          }
    return smcPlan('fps-smc', run, pathFilter(run, run.problem.noise.sigma, rankTolerance, steps))
  },
})

/** Options of {@link fpsSmc}. */
export type FpsSmcOptions = OptionsOf<typeof fpsSmc>
/** A step of {@link fpsSmc}. */
export type FpsSmcStep = StepOf<typeof fpsSmc>
