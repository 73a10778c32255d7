import { fromData } from '@tweedie/tensor'
import { rankCut } from '../../linalg/ridge.ts'
import { integer, number } from '../../options/index.ts'
import { residualNorm } from '../../run/residual.ts'
import { noiseLevel } from '../../schedules/levels.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'
import type { SnipsWeights } from './snips-weights.ts'
import { snipsWeights } from './snips-weights.ts'

/**
 * SNIPS: solving noisy inverse problems stochastically (Kawar, Vaksman and Elad, arXiv 2105.14951, Algorithm 1). Annealed
 * Langevin dynamics for p(x̄ | y) in the coordinates Vᵀx̄ of A = UΣVᵀ, x̄ = x_t/α_t of noise level σ = σ_t/α_t. The
 * noise of x̄ is taken for a part of that of y, in each coordinate as far as it goes: with τ_i = σ_y/s_i a coordinate is
 *
 *     not seen (s_i = 0):   drawn from the prior,
 *     σ < τ_i:              drawn from the prior and from y, whose noise left over is τ_i² − σ²,
 *     σ ≥ τ_i:              drawn from y alone: N(ȳ_i, σ² − τ_i²),
 *
 * by x̄ ← x̄ + a·g + √(2a)·z, `innerSteps` times at each level, with the scores g and steps a of {@link snipsWeights},
 * all proportional to `stepSize` c. It ends at the least noisy level, with that level's noise, as the authors' code.
 *
 * Defaults: 500 levels, spaced evenly in log σ, 5 steps at each, c = 0.033 (their step_lr 3.3e-6 over σ_L² = 1e-4), as
 * the configuration for CelebA. c has no unit, so the data range does not matter; σ_y is theirs doubled. It starts at
 * the noisiest level's N(0, σ²I); theirs is uniform noise. `rankTolerance` is relative (theirs is 1e-3, absolute).
 * With fewer levels take a larger c.
 *
 * Linear operators with an SVD, Gaussian noise, no gradients; any schedule. One evaluation for each Langevin step.
 * Known limits: slow; unadjusted, so a spread is too large by the factor 1/(1 − u/2), u = c·σ²/variance ≤ c; it mixes
 * over distances of its level only, so modes are settled early. As c → 0 and with many steps at each level it draws
 * from the posterior of a prior whose denoiser is exact.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, matrixOperator, run, snips } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.1), y: tensor([[1]]) }
 * const x = await run(snips(problem, prior, { steps: 40, stepSize: 0.3 }))
 * Math.abs(x.dataSync()[0]! - 1) < 0.6 // => true
 * ```
 */
export const snips = defineMethod({
  name: 'snips',
  title: 'SNIPS',
  family: 'explicit',
  paper: { arxiv: '2105.14951', algorithm: 'Algorithm 1', authors: 'Kawar, Vaksman and Elad 2021' },
  needs: ['svd', 'sigma'],
  limits:
    'Slow: thousands of evaluations. Unadjusted: too wide by up to 1/(1 − c/2), and modes are settled early.',
  steps: 500,
  spacing: 'log-snr',
  options: {
    stepSize: number('c: length of a Langevin step, as a part of σ²', { default: 0.033, above: 0, below: 2 }),
    innerSteps: integer('Langevin steps at each noise level', { default: 5, min: 1 }),
    rankTolerance: number('share of the largest s_i that counts as 0', { default: 1e-4, min: 0, max: 1 }),
  },
  path: (times, { innerSteps }) =>
    times.flatMap((at) => [...Array.from({ length: innerSteps - 1 }, () => ({ t: at.t, s: at.t })), at]),
  plan: ({
    problem: {
      operator,
      noise: { sigma: sigmaY },
      y,
    },
    prior,
    options,
    noise,
    z,
  }) => {
    const { schedule } = prior
    const svd = operator.svd()
    const singular = rankCut(svd, options.rankTolerance)
    const [shape, like] = [[singular.length], { dtype: y.dtype, device: y.device }]
    return stepping({
      start: () => ({ x: noise() }),
      step: ({ x }, { t, s }, i) => {
        const x0hat = prior.denoise(x, t)
        const weights = Array.from(singular, (value) =>
          snipsWeights(value, sigmaY, noiseLevel(schedule, t), options.stepSize),
        )
        const each = (of: keyof SnipsWeights) =>
          fromData(
            Float64Array.from(weights, (w) => w[of]),
            shape,
            like,
          )
        const xbar = svd
          .vt(x0hat)
          .mul(each('theta'))
          .add(svd.vt(x.div(schedule.alpha(t))).mul(each('xbar')))
          .add(svd.ut(y).mul(each('uty')))
          .add(z(i, 'step', shape).mul(each('z')))
        const residual = residualNorm(operator, y, x0hat)
        return { state: { x: svd.v(xbar).mul(schedule.alpha(s)) }, shown: { x0hat }, numbers: { residual } }
      },
    })
  },
})

/** Options of {@link snips}. */
export type SnipsOptions = OptionsOf<typeof snips>
/** A step of {@link snips}. */
export type SnipsStep = StepOf<typeof snips>
