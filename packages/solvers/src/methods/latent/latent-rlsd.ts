import { adam, vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { treeMap } from '@tweedie/tensor'
import { redDiffGradient } from '../../guidance/red-diff-gradient.ts'
import { redDiffOptions } from '../../guidance/red-diff-options.ts'
import { sampleSize } from '../../linalg/per-sample.ts'
import { decoderOperator } from '../../operators/decoder.ts'
import { choice, integer, number, object } from '../../options/index.ts'
import { population } from '../../particles/population.ts'
import { repulsion } from '../../particles/repulsion.ts'
import { residualAt } from '../../run/residual.ts'
import { combine } from '../../samplers/steps.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { stepping } from '../define.ts'
import { latentMethod } from '../latent-method.ts'

const isFeatures = (value: unknown): value is (x: Tensor) => Tensor => typeof value === 'function'

/**
 * Repulsive latent score distillation (Zilberstein, Mardani & Segarra, arXiv 2406.16683) in its augmented form: the picture x
 * and the latent z are two variables, which a quadratic penalty ties. For each of K particles of a sample a step is
 *
 *     z ← Adam down ½·mean((x − D(z))²) + (w_t/ρ)·mean(sg[ε_θ(z_t; t) − ε − γ·σ_t·g]·z),   z_t = α_t·z + σ_t·ε, w_t = λ·σ_t/α_t
 *     x ← Adam down ½·mean((y − A(x))²) + ρ·½·mean((x − D(z))²)                            at the z that is new
 *
 * with g, by which particles repel each other, that of `rlsd`, ∇ of −log Σ_j exp(−‖F(D(z_t)) − F(D(z_t)_j)‖²/h): F are
 * `features` of pictures; the latents z_t themselves are compared where left out. `compare: 'clean'` takes z in place of z_t.
 * x may leave what the decoder can make, the further the smaller ρ; for ρ → ∞ this is `rlsd` on A∘D. No gradient goes through
 * the denoiser, and one through D.
 *
 * All particles have one weight: the result is x of the first. A step shows its z and D(ẑ₀), all x as `particles` [N, K, …shape],
 * and of the first ‖y − A(x)‖ as the residual and ‖x − D(z)‖ before the step as `gap`.
 *
 * Defaults: 200 steps, K = 4, ρ = 0.2, λ = 0.1, both rates 0.2, z and x begun at N(0, I): the authors' configuration. γ = 1 is ours,
 * as in `rlsd`; theirs is 0. Any differentiable operator and decoder. Known limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, latentRlsd, linearAutoencoder, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const autoencoder = linearAutoencoder(tensor([[0.6, 0], [0.8, 0], [0, 1]]))
 * const prior = { ...gaussianPrior({ mean: [0, 0], covariance: 1 }), autoencoder }
 * const problem = { operator: matrixOperator(tensor([[0, 0, 1]])), noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(latentRlsd(problem, prior, { lambda: 0.01 }))
 * Math.abs(x.dataSync()[2]! - 1) < 0.3 // => true
 * ```
 */
export const latentRlsd = latentMethod({
  name: 'latent-rlsd',
  title: 'Repulsive latent score distillation',
  family: 'latent',
  paper: { arxiv: '2406.16683', algorithm: "the authors' rsd.py", authors: 'Zilberstein et al. 2024' },
  needs: ['operatorVjp'],
  limits: 'Those of RLSD; y is met with its noise where ρ is small; few steps leave the noise of the start.',
  cost: ['particles'],
  steps: 200,
  spacing: 'leading',
  finite: () => true,
  options: {
    particles: integer('K, particles of a sample', { default: 4, min: 1 }),
    rho: number('ρ, weight of the tie of x to D(z)', { default: 0.2, above: 0 }),
    lambda: number('λ, weight of the prior term', { default: 0.1, min: 0 }),
    gamma: number('γ, weight of the repulsion', { default: 1, min: 0 }),
    latentRate: number("Adam's learning rate for z", { default: 0.2, above: 0 }),
    pictureRate: number("Adam's learning rate for x", { default: 0.2, above: 0 }),
    ...{ beta1: redDiffOptions.beta1, beta2: redDiffOptions.beta2, weighting: redDiffOptions.weighting },
    bandwidth: number('h of the kernel', { above: 0, otherwise: 'median²/log K of each particle' }),
    compare: choice('what particles are compared by: z_t or z', ['noisy', 'clean']),
    features: object('F of pictures, differentiable', 'a function of batches', isFeatures, 'none: latents'),
  },
  plan: ({ problem: { operator, y }, prior, options, z }) => {
    const { particles, rho, lambda, gamma, weighting, bandwidth, compare, features } = options
    const { autoencoder, schedule, shape } = prior
    const cloud = population({ particles })
    const ofZ = adam({ ...options, learningRate: options.latentRate })
    const ofX = adam({ ...options, learningRate: options.pictureRate })
    const weights = { lambda: lambda / rho, dataWeight: 1, weighting, reduction: 'mean', sigmaX0: 0 } as const
    const wide = (v: Tensor) => v.reshape([-1, particles, ...v.shape.slice(1)])
    const flat = (v: Tensor) => v.reshape([-1, ...v.shape.slice(2)])
    const first = (v: Tensor) => wide(v).slice(null, 0)
    const apart = (latents: Tensor) => {
      if (features === undefined) return repulsion(latents, { particles, bandwidth })
      const [f, back] = vjp((at: Tensor) => features(autoencoder.decode(at)), latents)
      return back(repulsion(f, { particles, bandwidth }))[0]
    }
    const draw = (i: number, purpose: string, of = shape) => flat(z(i, purpose, [particles, ...of]))
    return stepping({
      start: () => {
        const [latents, pictures] = [draw(0, 'start'), draw(0, 'picture', autoencoder.shape)]
        const adam = { z: ofZ.init(latents), x: ofX.init(pictures) }
        return { x: first(latents), latents: wide(latents), pictures: wide(pictures), adam }
      },
      step: (state, { t }, i) => {
        const [latents, pictures, measured] = [flat(state.latents), flat(state.pictures), cloud.spread(y)]
        const strength = gamma * schedule.sigma(t)
        const pushed = (zt: Tensor) => apart(compare === 'noisy' ? zt : latents).mul(strength)
        const noise = { epsilon: draw(i, 'epsilon'), repulsion: gamma > 0 ? pushed : undefined }
        const tie = { operator: decoderOperator(autoencoder), y: pictures }
        const { gradient, x0hat, residual: gap } = redDiffGradient(tie, prior, latents, t, noise, weights)
        const nextZ = ofZ.update(gradient, state.adam.z, latents)
        const { r, norm, back } = residualAt(operator, measured, pictures)
        const untied = pictures.sub(autoencoder.decode(nextZ.params))
        const forX = combine([-1 / sampleSize(y), back(r)], [rho / sampleSize(pictures), untied])
        const nextX = ofX.update(forX, state.adam.x, pictures)
        const all = { latents: wide(nextZ.params), pictures: wide(nextX.params) }
        return {
          state: { x: first(nextZ.params), ...all, adam: { z: nextZ.state, x: nextX.state } },
          shown: { x0hat: autoencoder.decode(first(x0hat)), particles: all.pictures },
          numbers: treeMap({ residual: norm, gap }, first),
        }
      },
      result: ({ x, pictures }) => (pictures as Tensor | undefined)?.slice(null, 0) ?? autoencoder.decode(x),
    })
  },
})

/** Options of {@link latentRlsd}. */
export type LatentRlsdOptions = OptionsOf<typeof latentRlsd>
/** A step of {@link latentRlsd}. */
export type LatentRlsdStep = StepOf<typeof latentRlsd>
