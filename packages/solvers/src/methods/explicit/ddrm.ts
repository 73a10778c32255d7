import { spectralMove, spectralStart } from '../../inner/spectral-move.ts'
import { ddrmWeights } from '../../linalg/ddrm-weights.ts'
import { rankCut } from '../../linalg/ridge.ts'
import { number } from '../../options/index.ts'
import { residualNorm } from '../../run/residual.ts'
import { noiseLevel } from '../../schedules/levels.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'

/**
 * Denoising diffusion restoration models (Kawar et al., arXiv 2201.11793, eq. 7 and 8). In the variables
 * x̄ = Vᵀx_t/α_t, whose noise level is σ = σ_t/α_t, with A = UΣVᵀ, ȳ_i = (Uᵀy)_i/s_i of noise level
 * τ_i = σ_y/s_i, and θ̄ = Vᵀx̂₀, each coordinate goes from level σ_t to σ_s by
 *
 *     s_i = 0:    θ̄ + √(1−η²)·σ_s·(x̄_t − θ̄)/σ_t + η·σ_s·z
 *     σ_s < τ_i:  θ̄ + √(1−η²)·σ_s·(ȳ − θ̄)/τ_i   + η·σ_s·z
 *     σ_s ≥ τ_i:  (1−η_b)·θ̄ + η_b·ȳ + √(σ_s² − η_b²τ_i²)·z
 *
 * from the start N(ȳ_i, σ² − τ_i²) where σ > τ_i, else N(0, σ²). Given x₀ in place of x̂₀ every x̄_s has mean
 * x₀ and variance σ_s² over the noise of y. Any schedule: only σ_t/α_t enters.
 *
 * Defaults: 20 steps on the grid of the authors' repository ('ddim': more where 20 does not divide T),
 * η = 0.85, η_b = 1, all as in the paper's experiments. The authors quote σ_y for the range [0, 1]; ours is for
 * [−1, 1], twice as large. `rankTolerance` is relative; they cut blurs at 0.03 (absolute): raise it where y is
 * noise-free but rounded.
 *
 * Linear operators with an SVD, Gaussian noise, no gradients: one evaluation per step. Known limits: the
 * coordinates are treated one by one, so what is seen reaches what is unseen only through the denoiser;
 * not a posterior sampler: for A = I it returns the exact posterior mean where the last level is σ_y, but
 * more steps do not make it exact (with η → 0 it then returns y); where 0 < σ_y < last level, A x = y only
 * up to the denoised noise of that level.
 *
 * @example
 * ```ts
 * import { ddrm, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const operator = matrixOperator(tensor([[1, 0]]))
 * const x = await run(ddrm({ operator, noise: gaussianNoise(0), y: tensor([[1]]) }, prior))
 * x.dataSync()[0] // ≈ 1.000
 * ```
 */
export const ddrm = defineMethod({
  name: 'ddrm',
  title: 'Denoising diffusion restoration models',
  family: 'explicit',
  paper: { arxiv: '2201.11793', algorithm: 'eq. 7 and 8', authors: 'Kawar et al. 2022' },
  needs: ['svd', 'sigma'],
  limits:
    'No posterior sampler: more steps do not make it exact. What is seen reaches the rest by the denoiser.',
  steps: 20,
  spacing: 'ddim',
  options: {
    eta: number('η: fresh noise where y says nothing, or less than x_s', { default: 0.85, min: 0, max: 1 }),
    etaB: number('η_b: weight of y where it says more than x_s', { default: 1, min: 0, max: 1 }),
    rankTolerance: number('share of the largest s_i that counts as 0', { default: 1e-4, min: 0, max: 1 }),
  },
  plan: ({ problem: { operator, noise, y }, prior, options, start, z }) => {
    const { schedule } = prior
    const [svd, sigmaY] = [operator.svd(), noise.sigma]
    const singular = rankCut(svd, options.rankTolerance)
    const measurement = { svd, singular, y, sigmaY }
    const shape = [singular.length]
    const level = { sigma: noiseLevel(schedule, start), alpha: schedule.alpha(start) }
    return stepping({
      start: () => ({ x: spectralStart(measurement, level, z(0, 'start', shape)) }),
      step: ({ x }, { t, s }, i) => {
        const x0hat = prior.denoise(x, t)
        const [from, to] = [noiseLevel(schedule, t), noiseLevel(schedule, s)]
        const alpha = { from: schedule.alpha(t), to: schedule.alpha(s) }
        const weights = (s: number) => ddrmWeights(s, sigmaY, from, to, options)
        const next = spectralMove(measurement, { x, x0hat }, alpha, weights, z(i, 'step', shape))
        return {
          state: { x: next },
          shown: { x0hat },
          numbers: { residual: residualNorm(operator, y, x0hat) },
        }
      },
    })
  },
})
/** Options of {@link ddrm}. */
export type DdrmOptions = OptionsOf<typeof ddrm>
/** A step of {@link ddrm}. */
export type DdrmStep = StepOf<typeof ddrm>
