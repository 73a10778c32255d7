import { maximum, OptionError } from '@tweedie/tensor'
import { choice, integer, number } from '../../options/index.ts'
import { residualNorm, sampleNorms } from '../../run/residual.ts'
import { combine } from '../../samplers/steps.ts'
import { geometricLevels, timesOfLevels } from '../../schedules/level-grids.ts'
import { noiseLevel } from '../../schedules/levels.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'

/**
 * Posterior sampling by annealed Langevin dynamics (Jalal et al., arXiv 2108.01368, eq. 3 and Algorithm 1). In the variables u = x_t/α_t of
 * noise level σ = σ_t/α_t, at each of geometric levels `inner` times
 *
 *     u ← u + η·(s(u) + g) + √(2η)·z,    η = rate·σ²,    s(u) = (x̂₀ − u)/σ²,
 *     paper:     g = Aᵀ(y − A u)/(σ_y² + γ²),   γ = gamma·σ
 *     rescaled:  g = dataWeight·‖s‖·Aᵀ(y − A u)/‖Aᵀ(y − A u)‖
 *
 * `rescaled` is the code of the authors' last experiments, whose norms are over the batch; here they are per sample. At the
 * end u itself is returned, with the noise of the last level.
 *
 * Defaults: their levels, 2311 geometric ones from 232 to 0.0066, entered after index 1155, so that 1155 from 1.23 on are
 * left (1000 here, as many as common priors have; the preset `mri` for others); 3 inner steps; η = 3·10⁻⁵·(σ/0.0066)², which is 0.69·σ²; dataWeight 0.3 (both of InverseBench; the authors tune them by anatomy);
 * γ = σ (deepinv). They start at uniform noise in [0, 1]; here it is σ·z, which the first levels forget as soon. Levels that
 * the prior's grid does not reach are cut to its ends: nothing else of `spacing` counts.
 *
 * Linear operators with ‖A‖ about 1 (η/(σ_y² + γ²)·‖A‖² + rate below 2 is stable), Gaussian noise. Known limits: y is held
 * against u, noise and all, as if its noise were γ: at level σ a Gaussian N(μ, Σ) settles at the precision
 * (Σ + σ²I)⁻¹ + AᵀA/(σ_y² + γ²), not that of u given y; the error goes with σ². Without noise (σ_y = 0) the last levels
 * are as stiff as the first.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, matrixOperator, run, scoreAld, ve } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]], schedule: ve() })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(scoreAld(problem, prior, { steps: 100 }))
 * Math.abs(x.dataSync()[0]! - 1) < 0.3 // => true
 * ```
 */
export const scoreAld = defineMethod({
  name: 'score-ald',
  title: 'Annealed Langevin dynamics',
  family: 'explicit',
  paper: { arxiv: '2108.01368', algorithm: 'eq. 3', authors: 'Jalal et al. 2021' },
  needs: ['linear', 'sigma'],
  limits: 'Right at the end if it gets there: as levels fall the steps freeze. A must be of norm about 1.',
  cost: ['inner'],
  steps: 1000,
  spacing: 'linspace',
  options: {
    guidance: choice('g by σ_y and γ (paper), or as long as the score (rescaled)', ['paper', 'rescaled']),
    rate: number('η in units of σ²', { default: 3e-5 / 0.0066 ** 2, min: 0, below: 2 }),
    gamma: number('γ in units of σ', { default: 1, min: 0 }),
    dataWeight: number('length of g in units of the score, with rescaled', { default: 0.3, min: 0 }),
    inner: integer('Langevin steps at each level', { default: 3, min: 1 }),
    sigmaMax: number('σ of the first level', { default: 1.2318, min: 0 }),
    sigmaMin: number('σ of the last', { default: 0.0066, min: 0 }),
  },
  evaluations: (steps, { inner }) => steps * inner,
  path: (times, options, schedule) => {
    const [first, last] = [times.at(0)?.t ?? schedule.noisiest, times.at(-1)?.t ?? schedule.clean]
    const sigmaMax = Math.min(options.sigmaMax, noiseLevel(schedule, first))
    const least = Math.max(options.sigmaMin, noiseLevel(schedule, last))
    const sigmaMin = times.length === 1 ? sigmaMax : least
    return timesOfLevels(schedule, geometricLevels(times.length, { sigmaMax, sigmaMin }))
  },
  plan: ({ problem: { operator, noise: by, y }, prior, options, noise, z }) => {
    const { schedule } = prior
    const { guidance, rate, gamma, dataWeight, inner } = options
    if (guidance === 'paper' && gamma === 0 && by.sigma === 0)
      throw new OptionError('gamma', 'must be above 0 where there is no noise: g is divided by σ_y² + γ²')
    return stepping({
      start: () => ({ x: noise() }),
      step: ({ x }, { t, s }, i) => {
        const [alpha, level] = [schedule.alpha(t), noiseLevel(schedule, t)]
        const x0hat = prior.denoise(x, t)
        let u = x.div(alpha)
        for (let k = 0; k < inner; k++) {
          const inward = (k === 0 ? x0hat : prior.denoise(u.mul(alpha), t)).sub(u) // σ²·s
          const back = operator.adjoint(y.sub(operator.forward(u)))
          const g =
            guidance === 'paper'
              ? back.mul(level ** 2 / (by.sigma ** 2 + (gamma * level) ** 2))
              : back.mul(
                  sampleNorms(inward)
                    .mul(dataWeight)
                    .div(maximum(sampleNorms(back), 1e-30)),
                ) // σ²·g
          const fresh = z(i, `langevin ${k}`)
          u = combine([1, u], [rate, inward], [rate, g], [Math.sqrt(2 * rate) * level, fresh])
        }
        const numbers = { residual: residualNorm(operator, y, x0hat) }
        return { state: { x: u.mul(schedule.alpha(s)) }, shown: { x0hat }, numbers }
      },
    })
  },
})

/** Options of {@link scoreAld}. */
export type ScoreAldOptions = OptionsOf<typeof scoreAld>
/** A step of {@link scoreAld}. */
export type ScoreAldStep = StepOf<typeof scoreAld>
