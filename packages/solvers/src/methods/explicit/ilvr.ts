import { measuredIn } from '../../guidance/measured.ts'
import { integer } from '../../options/index.ts'
import { residualNorm } from '../../run/residual.ts'
import { ancestralReverse } from '../../samplers/ancestral.ts'
import { ancestralVariance } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'

/** A fifth of the steps, as range_t = 20 of 100. */
export const ilvrDefaultRange = (steps: number): number => Math.floor(steps / 5)

/**
 * Iterative latent variable refinement (Choi et al., arXiv 2108.02938, Algorithm 1): an ancestral step x′ whose coarse
 * part is exchanged for that of the noised reference,
 *
 *     x_s = x′ − φ(x′) + φ(y_s),     y_s = α_s·x_ref + σ_s·z′,
 *
 * φ a low-pass filter: down and up again. Here φ = A⁺A of any linear measurement and φ(x_ref) = A⁺y, so that no reference
 * is needed: x_s = x′ + A⁺(α_s·y + σ_s·A z′ − A x′). Theirs resizes by cubic interpolation, for which φ² is only about φ. Steps
 * are counted down to 0 at the clean end; those of index up to `range` go free of y.
 *
 * The reference is noised to the level of s, that of x′, as in the paper; the authors' repository takes that of t.
 *
 * Defaults: 100 steps on guided-diffusion's grid and range_t = 20, as in the repository's example, at other numbers of
 * steps in proportion. It clips x̂₀: a prior may do that itself. `variance` is that of the ancestral step; their networks
 * learn it ('learned-range').
 *
 * Linear operators with a pseudo-inverse, any noise: σ_y is ignored. Known limits: after the free steps A x = y holds
 * only about, and with range −1 to the noise of y; y enters by what it says of x_s, not by x̂₀, so on a Gaussian the law
 * is not p(x₀ | y): what is unseen learns of y by the denoiser alone. A⁺ of a badly conditioned A
 * amplifies noise.
 *
 * @example
 * ```ts
 * import { gaussianPrior, ilvr, matrixOperator, noNoise, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const operator = matrixOperator(tensor([[0.5, 0.5]]))
 * const x = await run(ilvr({ operator, noise: noNoise(), y: tensor([[1]]) }, prior, { range: -1 }))
 * operator.forward(x).dataSync()[0] // ≈ 1.000
 * ```
 */
export const ilvr = defineMethod({
  name: 'ilvr',
  title: 'Iterative latent variable refinement',
  family: 'explicit',
  paper: { arxiv: '2108.02938', algorithm: 'Algorithm 1', authors: 'Choi et al. 2021' },
  needs: ['linear', 'pinv'],
  limits: 'No posterior sampler: the fine part learns of y a step late. Ignores σ_y; A⁺ amplifies noise.',
  steps: 100,
  spacing: 'guided',
  options: {
    range: integer('range_t: the last steps, of index up to this, go free of y; −1 for none', {
      min: -1,
      otherwise: 'a fifth of the steps',
    }),
    variance: ancestralVariance('small'),
  },
  plan: ({ problem: { operator, y }, prior, options, times, noise, z }) => {
    const { schedule } = prior
    const { range = ilvrDefaultRange(times.length), variance } = options
    const reverse = ancestralReverse(prior, { variance })
    const measured = { operator, y, back: (r: typeof y) => operator.pinv(r) }
    return stepping({
      start: () => ({ x: noise() }),
      step: ({ x }, { t, s }, i) => {
        const look = reverse.look(x, t, false)
        const { x0hat } = look
        const drawn = reverse.kernel(look)(x, x0hat, () => z(i, 'step'), { t, s, schedule })
        const free = times.length - 1 - i <= range
        const next = free ? drawn : measuredIn(measured, drawn, { s, schedule }, () => z(i, 'measured'))
        const residual = residualNorm(operator, y, x0hat)
        return { state: { x: next }, shown: { x0hat }, numbers: { residual } }
      },
    })
  },
})

/** Options of {@link ilvr}. */
export type IlvrOptions = OptionsOf<typeof ilvr>
/** A step of {@link ilvr}. */
export type IlvrStep = StepOf<typeof ilvr>
