import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { latentLookAt } from '../../guidance/latent-look.ts'
import { lengthAdvice, scaleSteps, stepScale } from '../../guidance/scale.ts'
import { number } from '../../options/index.ts'
import { residualAt, sampleNorms, unitOf } from '../../run/residual.ts'
import { ddim } from '../../samplers/kernel.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { stepping } from '../define.ts'
import { latentMethod } from '../latent-method.ts'

/** Of ω. */
const tried = lengthAdvice({ from: 100, to: 1000, by: "its authors' scripts" })

/**
 * Posterior sampling with latent diffusion (PSLD; Rout et al., arXiv 2307.00619, Algorithm 2). LDPS with a second term, which
 * glues: the picture x̂ = D(ẑ₀) with what was measured put in its place has to be one whose latent is ẑ₀,
 *
 *     z_s = DDIM(z_t, ẑ₀, ξ) − ∇_{z_t} ( ω·‖y − A x̂‖ + γ·‖ẑ₀ − E(Aᵀy + (I − AᵀA) x̂)‖ ),
 *
 * norms per sample, gradients through E, D and the denoiser, on both sides of the second norm. Its zero is a fixed point of
 * D∘E that agrees with y. Where AᵀA is a projector (a mask, orthonormal rows) the argument of E is the nearest picture that
 * agrees with y; for another A it is one gradient step toward it, right up to ‖A‖² < 2. A step shows the displacement
 * as `guidance` and the second norm as `gluing`.
 *
 * Defaults: ω = 1, γ = 0.1 at 1000 steps and the same sums at fewer, η = 0: the authors' code for Stable Diffusion.
 *
 * Linear operators and differentiable autoencoders. Known limits: ω and γ are tied to nothing; ignores σ_y; costs a way back
 * through encoder and decoder a step.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, linearAutoencoder, matrixOperator, psld, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const autoencoder = linearAutoencoder(tensor([[0.6, 0], [0.8, 0], [0, 1]]))
 * const prior = { ...gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] }), autoencoder }
 * const problem = { operator: matrixOperator(tensor([[0, 0, 1]])), noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(psld(problem, prior, { steps: 100, omega: 0.1, gamma: 0.01 }))
 * Math.abs(x.dataSync()[2]! - 1) < 0.3 // => true
 * ```
 */
export const psld = latentMethod({
  name: 'psld',
  title: 'Posterior sampling with latent diffusion',
  family: 'latent',
  paper: { arxiv: '2307.00619', algorithm: 'Algorithm 2', authors: 'Rout et al. 2023' },
  needs: ['linear', 'denoiserVjp', 'operatorVjp'],
  limits: 'ω and γ are tied neither to σ_y nor to the step; the gluing term is meant for AᵀA a projector.',
  steps: 1000,
  spacing: 'ddim',
  advice: ({ omega: scale, scaleSteps }, steps) => tried({ scale, scaleSteps }, steps),
  options: {
    omega: number('ω, weight of ‖y − A D(ẑ0)‖', { min: 0, otherwise: '1000/steps' }),
    gamma: number('γ, weight of the gluing term', { min: 0, otherwise: '100/steps' }),
    scaleSteps,
    eta: number("DDIM's η of the reverse step; 1 is ancestral", { default: 0, min: 0, max: 1 }),
  },
  plan: ({ problem: { operator, y }, prior, options, times, noise, z }) => {
    const { scaleSteps, eta } = options
    const weight = (given: number | undefined, standard: number) =>
      given === undefined ? standard / times.length : stepScale(given, scaleSteps, times.length)
    const [omega, gamma] = [weight(options.omega, 1000), weight(options.gamma, 100)]
    const [kernel, { schedule, autoencoder }] = [ddim(eta), prior]
    return stepping({
      start: () => ({ x: noise() }),
      step: ({ x }, { t, s }, i) => {
        const { x0hat, picture, toLatent, pullback } = latentLookAt(prior, x, t, true)
        const { r, norm, back } = residualAt(operator, y, picture)
        const agreeing = picture.add(operator.adjoint(r))
        const [latent, backToPicture] = vjp((x0: Tensor) => autoencoder.encode(x0), agreeing)
        const left = x0hat.sub(latent)
        const gluing = sampleNorms(left)
        const apart = unitOf(left, gluing)
        const [v] = backToPicture(apart)
        const glued = v.sub(operator.adjoint(operator.forward(v))) // (I − AᵀA)(∂E/∂x)ᵀ
        const forPicture = back(unitOf(r, norm)).mul(omega).add(glued.mul(gamma))
        const guidance = pullback(toLatent(forPicture).sub(apart.mul(gamma)))
        const next = kernel(x, x0hat, () => z(i, 'step'), { t, s, schedule })
        const shown = { x0hat: picture, guidance }
        return { state: { x: next.add(guidance) }, shown, numbers: { residual: norm, gluing } }
      },
    })
  },
})

/** Options of {@link psld}. */
export type PsldOptions = OptionsOf<typeof psld>
/** A step of {@link psld}. */
export type PsldStep = StepOf<typeof psld>
