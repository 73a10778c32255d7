import { measuredIn } from '../../guidance/measured.ts'
import { integer, number } from '../../options/index.ts'
import { residualNorm } from '../../run/residual.ts'
import { ddpm } from '../../samplers/kernel.ts'
import { langevinStep } from '../../samplers/langevin.ts'
import { combine } from '../../samplers/steps.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'

/**
 * Score-SDE with projection (Song, Shen, Xing, Ermon, arXiv 2111.08005, Algorithms 1 and 2): predictor–corrector sampling that, before
 * each corrector and each predictor, pulls what A sees toward the measurement noised to the same level,
 *
 *     P(x) = x + λ·A⁺(α_t·y + σ_t·A z′ − A x).
 *
 * From x_t: P; `corrections` Langevin steps at t of length 2r²σ_t²; P again, with fresh noise; the reverse diffusion to s,
 * which is the ancestral step of variance β. At the end, noised to the last level once more, E[x₀ | x_t], and P with
 * λ = 1 and y as it is.
 *
 * Theirs is for A = P(Λ)·T, a mask after an invertible transform, and mixes in the coordinates of T. Where T is
 * orthogonal, as for Fourier samples, that is this; A⁺ stands for it at any linear A.
 *
 * Defaults: 1000 steps, geometric in the noise level, one correction of r = 0.517 and λ = 1, as for magnetic resonance
 * there; λ = 0.841 and r = 0.246 for tomography. Their corrector averages norms over the batch; here they are at their
 * expectation (`predictorCorrector`).
 *
 * Linear operators with a pseudo-inverse: σ_y is ignored but for λ < 1, and at the end A x = y, noise and all. Known limits:
 * what is unseen learns of y by the denoiser alone, so the law is not p(x₀ | y), and a badly conditioned A amplifies
 * noise by A⁺.
 *
 * @example
 * ```ts
 * import { gaussianPrior, matrixOperator, noNoise, run, scoreSde } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const operator = matrixOperator(tensor([[1, 0]]))
 * const x = await run(scoreSde({ operator, noise: noNoise(), y: tensor([[1]]) }, prior, { steps: 100 }))
 * x.dataSync()[0] // ≈ 1.000
 * ```
 */
export const scoreSde = defineMethod({
  name: 'score-sde',
  title: 'Score-SDE with projection',
  family: 'explicit',
  paper: { arxiv: '2111.08005', algorithm: 'Algorithm 2', authors: 'Song et al. 2021' },
  needs: ['linear', 'pinv'],
  limits: 'What is unseen lags without corrector steps. Ends at A x = y, noise and all.',
  steps: 1000,
  spacing: 'log-snr',
  options: {
    lambda: number('λ: 1 puts the measurement in, less mixes', { default: 1, min: 0, max: 1 }),
    snr: number('r, the signal-to-noise ratio of a correction', { default: 0.517, min: 0, max: 0.7 }),
    corrections: integer('Langevin steps at each level', { default: 1, min: 0 }),
  },
  evaluations: (steps, { corrections }) => steps * (1 + corrections) + 1,
  plan: ({ problem: { operator, y }, prior, options, noise, z }) => {
    const { schedule } = prior
    const { lambda, snr, corrections } = options
    const measured = { operator, y, back: (r: typeof y) => operator.pinv(r) }
    const predictor = ddpm('large')
    return stepping({
      start: () => ({ x: noise() }),
      step: ({ x }, { t, s }, i) => {
        const project = (of: typeof x, purpose: string) =>
          measuredIn(measured, of, { s: t, schedule }, () => z(i, purpose), lambda)
        let moved = project(x, 'measured for the corrector')
        for (let k = 0; k < corrections; k++) {
          const x0 = prior.denoise(moved, t)
          moved = langevinStep(moved, x0, z(i, `correction ${k}`), schedule, t, 2 * snr ** 2)
        }
        moved = project(moved, 'measured for the predictor')
        const x0hat = prior.denoise(moved, t)
        const numbers = { residual: residualNorm(operator, y, x0hat) }
        if (s !== schedule.clean) {
          const next = predictor(moved, x0hat, () => z(i, 'step'), { t, s, schedule })
          return { state: { x: next }, shown: { x0hat }, numbers }
        }
        const again = combine([schedule.alpha(t), x0hat], [schedule.sigma(t), z(i, 'step')])
        const last = measuredIn(measured, prior.denoise(again, t), { s, schedule }, () => z(i, 'none'))
        return { state: { x: last }, shown: { x0hat }, numbers }
      },
    })
  },
})

/** Options of {@link scoreSde}. */
export type ScoreSdeOptions = OptionsOf<typeof scoreSde>
/** A step of {@link scoreSde}. */
export type ScoreSdeStep = StepOf<typeof scoreSde>
