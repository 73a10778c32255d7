import { nullSpace } from '../../guidance/null-space.ts'
import { number } from '../../options/index.ts'
import { renoise } from '../../samplers/kernel.ts'
import { freshEta } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, guidedPlan } from '../define.ts'

/**
 * DDRM for JPEG and dequantisation (DDRM-JPEG; Kawar et al., arXiv 2209.11888). Where A is not linear but has a way back
 * A†, such as the decoder of a JPEG, DDRM's third case is written with it: with x̂₀ = E[x₀ | x_t] and
 * ε = (x_t − α_t·x̂₀)/σ_t,
 *
 *     x̂₀' = x̂₀ + η_B·(A†y − A†(A(x̂₀))),     x_s = α_s·x̂₀' + σ_s·(√(1−η²)·ε + η·z).
 *
 * ε is that of x̂₀. It starts from the decoded measurement, x_t = α_t·A†y + σ_t·z, at the part `startAt` of the way to
 * the noisiest time: of the grid's steps those from there on are taken. The last step returns x̂₀'.
 *
 * Defaults: η = 1, η_B = 0.4, from t = 300 of 1000, as the authors' repository; 66 steps of the whole grid are its 20
 * below 300. (For η < 1 their code keeps (1−η)·ε, where DDRM keeps √(1−η²).) They average several samples for a higher
 * PSNR: so may you.
 *
 * Any operator with an A†, any noise, of which it knows nothing. One evaluation per step, no gradients, none of A:
 * rounding may have none. Known limits: for a linear A with noise DDRM and DDNM+ know more; not a posterior sampler.
 *
 * @example
 * ```ts
 * import { ddrmJpeg, gaussianPrior, jpeg, noNoise, run } from '@tweedie/solvers'
 * import { zeros } from '@tweedie/tensor'
 * const shape = [1, 8, 8]
 * const prior = gaussianPrior({ mean: Array.from({ length: 64 }, () => 0), covariance: 0.2, shape })
 * const operator = jpeg(shape, { quality: 30 })
 * const y = operator.forward(zeros([1, ...shape]))
 * const x = await run(ddrmJpeg({ operator, noise: noNoise(), y }, prior))
 * x.shape // => [1, 1, 8, 8]
 * ```
 */
export const ddrmJpeg = defineMethod({
  name: 'ddrm-jpeg',
  title: 'DDRM for JPEG',
  family: 'explicit',
  paper: { arxiv: '2209.11888', algorithm: 'eq. 6–8', authors: 'Kawar et al. 2022' },
  needs: ['pinv'],
  limits: 'Knows nothing of noise. No posterior sampler.',
  steps: 66,
  spacing: 'ddim',
  options: {
    eta: freshEta(1),
    etaB: number('η_B: how far x̂₀ goes to the measurement', { default: 0.4, min: 0, max: 1 }),
    startAt: number('where it starts, as a part of the way to the noisiest time', {
      default: 0.3,
      above: 0,
      max: 1,
    }),
  },
  path: (times, { startAt }, { clean, noisiest }) => {
    const least = times.slice(-1)
    const below = times.filter(({ t }) => startAt === 1 || t - clean <= startAt * (noisiest - clean))
    return below.length > 0 ? below : least
  },
  plan: (run) => {
    const { problem, prior, options, start, noise } = run
    const { operator, y } = problem
    return {
      ...guidedPlan(run, renoise(options.eta), {
        through: false,
        keepsNoise: true,
        at: ({ x0hat }) => nullSpace(problem, x0hat, options.etaB),
      }),
      start: () => ({ x: noise().add(operator.pinv(y).mul(prior.schedule.alpha(start))) }),
    }
  },
})

/** Options of {@link ddrmJpeg}. */
export type DdrmJpegOptions = OptionsOf<typeof ddrmJpeg>
/** A step of {@link ddrmJpeg}. */
export type DdrmJpegStep = StepOf<typeof ddrmJpeg>
