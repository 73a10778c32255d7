import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { downhillOf } from '../../guidance/downhill.ts'
import { lengthAdvice, scaleSteps, stepScale } from '../../guidance/scale.ts'
import { choice, interval, number } from '../../options/index.ts'
import { ddim } from '../../samplers/kernel.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, guidedPlan } from '../define.ts'
import { needsAutoencoder } from '../rare-needs.ts'

/**
 * MPGD through an autoencoder of pictures (He et al., arXiv 2311.16424, Algorithms 2 and 3), for a prior on pictures: what D
 * makes stands for the manifold of data, along which the guidance is to go. In the middle of a run, with P = D∘E,
 *
 *     MPGD-AE:  x̂₀′ = x̂₀ − (κc/α_s)·∇_{x̂₀} ‖y − A(P(x̂₀))‖
 *     MPGD-Z:   z = E(x̂₀),   z′ = z − (κc/α_s)·∇_z ‖y − A(D(z))‖,   x̂₀′ = x̂₀ + D(z′) − D(z),
 *
 * and elsewhere the step of `mpgd`, x̂₀′ = x̂₀ − (c/α_s)·∇‖y − A(x̂₀)‖. The denoiser's ε is kept, so that x_s moves by
 * α_s(x̂₀′ − x̂₀), shown as `guidance`; for an orthonormal linear D both forms are κc times the projection of MPGD's direction on the
 * range of D. Norms per sample.
 *
 * Defaults: c = 5 at 100 steps and c = 500/steps at another number, κ = 0.0075 and 0.01, the steps whose remaining share lies
 * between 0.3 and 0.5, η = 0.5: the authors' scripts and code.
 *
 * Any differentiable operator; a prior on pictures with an `autoencoder` beside, `{ ...prior, autoencoder }`. Known limits:
 * those of `mpgd`; κ is of one network: how long a step through E and D is depends on their slopes.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, linearAutoencoder, matrixOperator, mpgdAe, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const autoencoder = linearAutoencoder(tensor([[0.6], [0.8]]))
 * const prior = { ...gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] }), autoencoder }
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(mpgdAe(problem, prior, { scale: 0.1, gain: 1 }))
 * Math.abs(x.dataSync()[0]! - 1) < 0.3 // => true
 * ```
 */
export const mpgdAe = defineMethod({
  name: 'mpgd-ae',
  title: 'Manifold preserving guided diffusion through an autoencoder',
  family: 'latent',
  paper: { arxiv: '2311.16424', algorithm: 'Algorithms 2 and 3', authors: 'He et al. 2023' },
  needs: [needsAutoencoder, 'operatorVjp'],
  limits: 'Those of MPGD; κ was found for one autoencoder.',
  steps: 100,
  spacing: 'guided-ddim',
  advice: lengthAdvice({ from: 500, to: 500, by: "its authors' scripts" }),
  options: {
    form: choice('ae: the loss at D(E(x̂0)); z: the step among latents', ['ae', 'z']),
    scale: number('c, the length of a guidance step', { min: 0, otherwise: '500/steps' }),
    scaleSteps,
    gain: number('κ, factor of c where it goes through the autoencoder', {
      min: 0,
      otherwise: '0.0075 for ae, 0.01 for z',
    }),
    between: interval('the steps that go through it: what share of the run is left', '0.3..0.5'),
    eta: number("DDIM's η of the reverse step; 1 is ancestral", { default: 0.5, min: 0, max: 1 }),
  },
  plan: (run) => {
    const { problem, prior, options, times } = run
    const { form, scale, scaleSteps, eta, gain = form === 'ae' ? 0.0075 : 0.01 } = options
    const [low, high] = options.between ?? [0.3, 0.5]
    const { operator, y } = problem
    const { encode, decode } = prior.autoencoder ?? {}
    const n = times.length
    const length = scale === undefined ? 500 / n : stepScale(scale, scaleSteps, n)
    const through = (x: Tensor) => decode?.(encode?.(x) ?? x) ?? x
    return guidedPlan(run, ddim(eta), {
      through: false,
      at: ({ x0hat }, step) => {
        const [left, alpha] = [(n - 1 - (step?.i ?? 0)) / n, prior.schedule.alpha(step?.s ?? 0)]
        if (!(left > low && left < high)) {
          const { downhill, norm } = downhillOf(operator, y, x0hat)
          return { x0: x0hat, shift: downhill.mul(length), residual: norm }
        }
        if (form === 'ae') {
          const [projected, back] = vjp(through, x0hat)
          const { downhill, norm } = downhillOf(operator, y, projected)
          return { x0: x0hat, shift: back(downhill)[0].mul(length * gain), residual: norm }
        }
        const z = encode?.(x0hat) ?? x0hat
        const [picture, back] = vjp((at: Tensor) => decode?.(at) ?? at, z)
        const { downhill, norm } = downhillOf(operator, y, picture)
        const moved = z.add(back(downhill)[0].mul((length * gain) / alpha))
        return { x0: x0hat, shift: (decode?.(moved) ?? moved).sub(picture).mul(alpha), residual: norm }
      },
    })
  },
})

/** Options of {@link mpgdAe}. */
export type MpgdAeOptions = OptionsOf<typeof mpgdAe>
/** A step of {@link mpgdAe}. */
export type MpgdAeStep = StepOf<typeof mpgdAe>
