import { measuredIn } from '../../guidance/measured.ts'
import { integer } from '../../options/index.ts'
import { residualNorm } from '../../run/residual.ts'
import { ancestral, ancestralLook, requireVariance } from '../../samplers/ancestral.ts'
import { noisedTo } from '../../samplers/kernel.ts'
import { travelPath } from '../../schedules/time-travel.ts'
import { ancestralVariance } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'
import { needsOrthonormal } from '../rare-needs.ts'

/**
 * RePaint (Lugmayr et al., arXiv 2201.09865, Algorithm 1): an ancestral step, of which what was measured is replaced by
 * the measurement noised to the same level,
 *
 *     x_s = (I − AᵀA)·DDPM(x_t, x̂₀, z) + Aᵀ(α_s·y + σ_s·A z′),
 *
 * and time travel: every `jump` steps x is noised back up by them and goes down again, `repeats` times in all, so that what was
 * put in and what was drawn come to agree. (Line 5 of the algorithm prints the level of t for that of s.)
 *
 * Defaults: 250 steps on guided-diffusion's grid, jumps of 10, 10 times, as in the configurations of the authors'
 * repository: 2410 evaluations. Their networks learn the variance of the ancestral step (`variance: 'learned-range'`); where
 * none is learned guided-diffusion takes β, and so does this.
 *
 * Masks, and whatever else has orthonormal rows (singular values 0 or 1), without noise: σ_y is ignored, and at the end
 * A x = y, noise and all. Known limits: what is hidden learns of y by the denoiser alone, a step late, so that without
 * travel the law is not p(x₀ | y): on a Gaussian its mean is drawn too little to y and its variance is too large. The
 * error falls as 1/`repeats`, down to that of the steps themselves; with `small` the variance falls below the true one.
 *
 * @example
 * ```ts
 * import { gaussianPrior, inpaint, noNoise, repaint, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const covariance = [[1, 0.9, 0, 0], [0.9, 1, 0, 0], [0, 0, 1, 0.9], [0, 0, 0.9, 1]]
 * const prior = gaussianPrior({ mean: [0, 0, 0, 0], covariance, shape: [1, 2, 2] })
 * const operator = inpaint([1, 2, 2], { mask: [1, 0, 1, 0] })
 * const y = operator.forward(tensor([[[[1, 0], [-1, 0]]]]))
 * const x = await run(repaint({ operator, noise: noNoise(), y }, prior, { steps: 50, repeats: 3 }))
 * x.dataSync()[0] // ≈ 1.000
 * ```
 */
export const repaint = defineMethod({
  name: 'repaint',
  title: 'RePaint',
  family: 'explicit',
  paper: { arxiv: '2201.09865', algorithm: 'Algorithm 1', authors: 'Lugmayr et al. 2022' },
  needs: [needsOrthonormal],
  limits: 'For operators of orthonormal rows. Exact only as repeats grow; ignores σ_y.',
  steps: 250,
  spacing: 'guided',
  options: {
    jump: integer('steps that are undone at once', { default: 10, min: 1 }),
    repeats: integer('how often each stretch is gone down; 1 is no travel', { default: 10, min: 1 }),
    variance: ancestralVariance('large'),
  },
  path: (times, options) => travelPath(times, options),
  plan: ({ problem: { operator, y }, prior, options, noise, z }) => {
    const { schedule } = prior
    const asked = { variance: options.variance, through: false }
    requireVariance(prior, options.variance)
    const measured = { operator, y, back: (r: typeof y) => operator.adjoint(r) }
    return stepping({
      start: () => ({ x: noise() }),
      step: ({ x: before }, at, i) => {
        const { t, s } = at
        const x = noisedTo(before, at, () => z(i, 'up'), schedule)
        const { x0hat, v } = ancestralLook(prior, x, t, asked)
        const drawn = ancestral(options.variance, v).kernel(x, x0hat, () => z(i, 'step'), { t, s, schedule })
        const next = measuredIn(measured, drawn, { s, schedule }, () => z(i, 'measured'))
        const residual = residualNorm(operator, y, x0hat)
        return { state: { x: next }, shown: { x0hat }, numbers: { residual } }
      },
    })
  },
})

/** Options of {@link repaint}. */
export type RepaintOptions = OptionsOf<typeof repaint>
/** A step of {@link repaint}. */
export type RepaintStep = StepOf<typeof repaint>
