import { downhillOf } from '../../guidance/downhill.ts'
import { latentLookAt } from '../../guidance/latent-look.ts'
import { lengthAdvice, scaleSteps, stepScale } from '../../guidance/scale.ts'
import { number } from '../../options/index.ts'
import { ddim } from '../../samplers/kernel.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { stepping } from '../define.ts'
import { latentMethod } from '../latent-method.ts'

/**
 * DPS on latents (LDPS; eq. 6 of Rout et al., arXiv 2307.00619, and the baseline of Song et al., arXiv 2307.08123). With
 * ẑ₀ = E[z₀ | z_t] and the decoder D,
 *
 *     z_s = DDIM(z_t, ẑ₀, ξ) − ζ·∇_{z_t} ‖y − A(D(ẑ₀))‖₂,
 *
 * the norm taken per sample, the gradient through decoder and denoiser: `dps` with the operator A∘D, bit for bit. A step
 * shows the displacement as `guidance` and D(ẑ₀) as x̂₀; the result is D(z₀).
 *
 * Defaults: 1000 steps on the grid of Stable Diffusion's code and ζ = 1 there, as the code of PSLD without its second term
 * (ω = 1), and the same sum at fewer, ζ = 1000/steps; η = 0, as theirs.
 *
 * Any differentiable operator and autoencoder. Known limits: those of `dps`; and D is many to one about the latents of data:
 * what fits y is a set of z of which most decode to no likely picture, which PSLD, ReSample and STSL are answers to.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, latentDps, linearAutoencoder, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const autoencoder = linearAutoencoder(tensor([[0.6, 0], [0.8, 0], [0, 1]]))
 * const prior = { ...gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] }), autoencoder }
 * const problem = { operator: matrixOperator(tensor([[0.6, 0.8, 0]])), noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(latentDps(problem, prior, { steps: 100, scale: 0.1 }))
 * x.shape // => [1, 3]
 * ```
 */
export const latentDps = latentMethod({
  name: 'latent-dps',
  title: 'Latent diffusion posterior sampling',
  family: 'latent',
  paper: { arxiv: '2307.00619', algorithm: 'eq. 6', authors: 'Rout et al. 2023' },
  needs: ['denoiserVjp', 'operatorVjp'],
  limits:
    'Those of DPS; many latents fit y, most of which decode to no likely picture. ζ is tied to nothing.',
  steps: 1000,
  spacing: 'ddim',
  advice: lengthAdvice({ from: 100, to: 1000, by: 'configurations of PSLD' }),
  options: {
    scale: number('ζ, the length of a guidance step', { min: 0, otherwise: '1000/steps' }),
    scaleSteps,
    eta: number("DDIM's η of the reverse step; 1 is ancestral", { default: 0, min: 0, max: 1 }),
  },
  plan: ({ problem: { operator, y }, prior, options, times, noise, z }) => {
    const { scale, scaleSteps, eta } = options
    const zeta = scale === undefined ? 1000 / times.length : stepScale(scale, scaleSteps, times.length)
    const [kernel, { schedule }] = [ddim(eta), prior]
    return stepping({
      start: () => ({ x: noise() }),
      step: ({ x }, { t, s }, i) => {
        const { x0hat, picture, toLatent, pullback } = latentLookAt(prior, x, t, true)
        const { downhill, norm } = downhillOf(operator, y, picture)
        const guidance = pullback(toLatent(downhill)).mul(zeta)
        const next = kernel(x, x0hat, () => z(i, 'step'), { t, s, schedule })
        return {
          state: { x: next.add(guidance) },
          shown: { x0hat: picture, guidance },
          numbers: { residual: norm },
        }
      },
    })
  },
})

/** Options of {@link latentDps}. */
export type LatentDpsOptions = OptionsOf<typeof latentDps>
/** A step of {@link latentDps}. */
export type LatentDpsStep = StepOf<typeof latentDps>
