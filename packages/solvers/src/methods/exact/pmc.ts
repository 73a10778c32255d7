import { uniform } from '@tweedie/tensor'
import { measuredScore } from '../../inner/coupled.ts'
import { choice, integer, number } from '../../options/index.ts'
import { residualNorm } from '../../run/residual.ts'
import { combine } from '../../samplers/steps.ts'
import { decayingLevels, levelsOf, timesWithin } from '../../schedules/level-grids.ts'
import { noiseLevel } from '../../schedules/levels.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'

/**
 * Plug-and-play Monte Carlo (PMC; Sun et al., arXiv 2310.10835, Algorithms 1 and 2), and its annealed forms: Langevin steps
 * with the score of the prior at a noise level, s(x, σ) = (E[x₀ | x_t = α_t·x] − x)/σ², σ_t/α_t = σ. With l(x) = log p(y | x),
 *
 *     red:   x ← x + γ·∇l(x) + γ·α_k·s(x, σ_k) + √(2γ)·z
 *     pnp:   u = x + γ·∇l(x),     x ← u + γ·α_k·s(u, σ_k) + √(2γ)·z
 *     σ_k = max(σ₀·ξᵏ, σ_min),     α_k = max(a·σ_k², 1)
 *
 * With a = 1/σ_min² (`weight`) the score is as strong at every level, γ·a of the way to the denoised point, until σ_k is
 * σ_min and α_k is 1. `sigmaMax` = `sigmaMin` is the form without annealing. It starts at uniform noise in [−1, 1].
 *
 * At the last level it settles near p_σ(x)·p(y | x), the posterior of a prior smoothed by σ_min: off by O(σ_min²), and
 * by O(γ) since no step is refused; of `pnp` the mean as well, of `red` the mean of a Gaussian is right.
 *
 * Defaults: the annealed configurations of the authors' repository for compressed sensing at a ratio of 0.1, images in
 * [−1, 1]: 4000 Langevin steps, here 4 for each of 1000 since a schedule of 1000 indices has no more. Levels that the prior
 * does not reach are cut to its ends.
 *
 * Noise with a likelihood, any differentiable operator, one evaluation a step. γ has to be below 1/L of the whole gradient:
 * below σ_min² for the prior and σ_y²/‖A‖² for Gaussian noise, or it diverges at twice that. Known limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, matrixOperator, pmc, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.1), y: tensor([[1]]) }
 * const x = await run(pmc(problem, prior, { steps: 300, repeats: 1, stepSize: 2e-3, sigmaMin: 0.1, decay: 0.9 }))
 * Math.abs(x.dataSync()[0]! - 1) < 0.9 // => true
 * ```
 */
export const pmc = defineMethod({
  name: 'pmc',
  title: 'Plug-and-play Monte Carlo',
  family: 'exact',
  paper: { arxiv: '2310.10835', algorithm: 'Algorithms 1 and 2', authors: 'Sun et al. 2023' },
  needs: ['likelihood', 'operatorVjp'],
  limits:
    'Slow: γ must be below σ_min² and σ_y²/‖A‖². Off by O(γ), and by the smoothing of the prior by σ_min.',
  steps: 1000,
  spacing: 'linspace',
  options: {
    form: choice('where the score is taken: at x (red), or after the data step (pnp)', ['red', 'pnp']),
    repeats: integer('Langevin steps for each of `steps`', { default: 4, min: 1 }),
    stepSize: number('γ, of a Langevin step', { default: 1e-5, above: 0 }),
    sigmaMax: number('σ₀, level of the first step', { default: 348, above: 0 }),
    decay: number('ξ, factor of σ from step to step', { default: 0.99, above: 0, max: 1 }),
    sigmaMin: number('σ_min, the least level', { default: 0.015, above: 0 }),
    weight: number('a of the weight max(a·σ_k², 1) of the score', { above: 0, otherwise: '1/σ_min²' }),
  },
  path: (times, { repeats, sigmaMax, decay, sigmaMin }, schedule) =>
    timesWithin(
      schedule,
      decayingLevels(times.length * repeats, { first: sigmaMax, decay, least: sigmaMin }),
    ),
  advice: ({ stepSize, sigmaMin, weight = 1 / sigmaMin ** 2 }) => {
    const reach = stepSize * Math.max(weight, 1 / sigmaMin ** 2)
    return reach < 1
      ? []
      : [
          `γ·max(a, 1/σ_min²) is ${reach}: a step of 1 or more overshoots what the prior says; take a smaller γ`,
        ]
  },
  plan: ({ problem: { operator, noise, y }, prior, options, z, keys }) => {
    const { form, stepSize, sigmaMin } = options
    const { weight = 1 / Math.max(sigmaMin, levelsOf(prior.schedule).low) ** 2 } = options
    const score = measuredScore(operator, y, noise.likelihood.score)
    return stepping({
      start: () => {
        const like = { dtype: y.dtype, device: y.device }
        return { x: uniform(keys(0, 'start'), prior.shape, like).mul(2).sub(1) }
      },
      step: ({ x }, { t }, i) => {
        const [alpha, level] = [prior.schedule.alpha(t), noiseLevel(prior.schedule, t)]
        const u = x.add(score(x).mul(stepSize))
        const at = form === 'pnp' ? u : x
        const x0hat = prior.denoise(at.mul(alpha), t)
        const pull = (stepSize * Math.max(weight * level ** 2, 1)) / level ** 2
        const next = combine([1, u], [pull, x0hat.sub(at)], [Math.sqrt(2 * stepSize), z(i, 'step')])
        return {
          state: { x: next },
          shown: { x0hat },
          numbers: { residual: residualNorm(operator, y, x0hat) },
        }
      },
    })
  },
})

/** Options of {@link pmc}. */
export type PmcOptions = OptionsOf<typeof pmc>
/** A step of {@link pmc}. */
export type PmcStep = StepOf<typeof pmc>
