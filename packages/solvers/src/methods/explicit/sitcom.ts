import { fromData } from '@tweedie/tensor'
import { networkInput } from '../../inner/network-input.ts'
import { batchOf, sampleSize } from '../../linalg/per-sample.ts'
import { choice, integer, number } from '../../options/index.ts'
import { clipped } from '../../priors/clipped.ts'
import { residualNorm } from '../../run/residual.ts'
import { combine } from '../../samplers/steps.ts'
import { clipRange } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'

/**
 * Step-wise triple-consistent sampling (SITCOM; Alkhouri et al., arXiv 2410.04479): in each of a few steps the input of the
 * denoiser is optimised, not its output, so that x̂₀ agrees with y and is something that the denoiser can say:
 *
 *     v ≈ argmin_v ‖y − A(x̂₀(v))‖² + λ·‖v − x_t‖²,     x̂₀(v) = E[x₀ | x_t = v],
 *     x_s = α_s·x̂₀(v) + σ_s·z,
 *
 * by K = `innerSteps` steps of Adam from v = x_t. With `stop: 'discrepancy'` a sample ends them where
 *
 *     ‖y − A(x̂₀(v))‖² < (σ_y + slack)²·m,
 *
 * the noise in m measured numbers being all that is left over. `updates` of a step tells how many were made. (The authors'
 * script reports the iterate that is nearest to the truth; here nothing knows it.)
 *
 * With K → ∞ v is the proximal point of x_t on the range of x̂₀: for a Gaussian prior, ∂x̂₀/∂x_t = G, v = x_t +
 * (GᵀAᵀAG + λI)⁻¹GᵀAᵀ(y − A x̂₀(x_t)).
 *
 * Defaults: the authors' script, 20 steps of the grid `leading`, K = 30, rate 0.02, slack 0.001. It has no λ, as here;
 * theirs clips x̂₀ to [−1, 1], which is `clip`. Its x̂₀ is that before the last update, ours that after it. Any
 * differentiable operator, Gaussian noise. Known limits: draws no samples of the posterior.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, matrixOperator, run, sitcom } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.1), y: tensor([[1]]) }
 * const x = await run(sitcom(problem, prior))
 * Math.abs(x.dataSync()[0]! - 1) < 0.2 // => true
 * ```
 */
export const sitcom = defineMethod({
  name: 'sitcom',
  title: 'SITCOM',
  family: 'explicit',
  paper: { arxiv: '2410.04479', algorithm: 'Algorithm 1', authors: 'Alkhouri et al. 2024' },
  needs: ['denoiserVjp', 'operatorVjp', 'sigma'],
  limits:
    'Draws no samples of the posterior: each step starts from one point x̂₀; K updates of a fixed rate reach only so far.',
  cost: ['inner'],
  steps: 20,
  spacing: 'leading',
  options: {
    innerSteps: integer('K, most updates in a step', { default: 30, min: 1 }),
    learningRate: number("Adam's learning rate", { default: 0.02, above: 0 }),
    lambda: number('λ, weight of ‖v − x_t‖²', { default: 0, min: 0 }),
    stop: choice('discrepancy: ‖r‖² < (σ_y + slack)²·m; none', ['discrepancy', 'none']),
    slack: number('what is added to σ_y for the stop', { default: 0.001, min: 0 }),
    clip: clipRange,
  },
  evaluations: (steps, { innerSteps }) => steps * (innerSteps + 1),
  plan: ({ problem, prior: given, options, noise, z }) => {
    const { operator, y } = problem
    const { innerSteps: steps, stop, slack, clip } = options
    const prior = clipped(given, clip)
    const { schedule } = prior
    const bound = (problem.noise.sigma + slack) ** 2 * sampleSize(y)
    const target = stop === 'discrepancy' ? bound : undefined
    return stepping({
      start: () => ({ x: noise() }),
      step: ({ x }, { t, s }, i) => {
        const { v, x0hat, updates } = networkInput(prior, problem, x, t, { ...options, steps, target })
        const up = s === schedule.clean ? undefined : z(i, 'step')
        return {
          state: { x: combine([schedule.alpha(s), x0hat], [schedule.sigma(s), up]) },
          shown: { x0hat, v },
          numbers: {
            residual: residualNorm(operator, y, x0hat),
            updates: fromData(updates, [batchOf(x)], { dtype: x.dtype, device: x.device }),
          },
        }
      },
    })
  },
})

/** Options of {@link sitcom}. */
export type SitcomOptions = OptionsOf<typeof sitcom>
/** A step of {@link sitcom}. */
export type SitcomStep = StepOf<typeof sitcom>
