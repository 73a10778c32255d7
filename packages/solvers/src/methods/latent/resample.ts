import { adamW } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { downhillOf } from '../../guidance/downhill.ts'
import { latentLookAt } from '../../guidance/latent-look.ts'
import { descent } from '../../inner/descent.ts'
import { sampleSize, sumPerSample } from '../../linalg/per-sample.ts'
import { integer, number } from '../../options/index.ts'
import { ddim } from '../../samplers/kernel.ts'
import { combine } from '../../samplers/steps.ts'
import { alphaBar } from '../../schedules/levels.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { stepping } from '../define.ts'
import { latentMethod } from '../latent-method.ts'

/**
 * ReSample (Song et al., arXiv 2307.08123, Algorithm 1): hard data consistency now and then, and a way back to the noise level.
 * A step is LDPS's, z′_s = DDIM(z_t, ẑ₀) − λᾱ_t·∇‖y − A(D(ẑ₀))‖. Of every `period`-th after the first third of the run,
 *
 *     ẑ(y) = E(argmin_x ‖y − A(x)‖², from D(ẑ₀))       in the middle third: the pixel stage
 *     ẑ(y) = argmin_z ‖y − A(D(z))‖², from ẑ₀          in the last: the latent stage, which also ends the run at z₀
 *     z_s ~ N( (σ²α_s·ẑ(y) + σ_s²·z′_s)/(σ² + σ_s²),  σ²σ_s²/(σ² + σ_s²)·I ),   σ² = γ·(σ_s²/σ_t²)·(1 − ᾱ_t/ᾱ_s)
 *
 * by AdamW until the mean square of the residual is σ_y². The draw is p(z_s | ẑ(y), z′_s) for α_s·ẑ(y) ~ N(z_s, σ_s²) and
 * z′_s ~ N(z_s, σ²) (its Proposition 1).
 *
 * Defaults: 500 steps, λ = ½, every tenth, γ = 40, rates 0.01 and 0.005 with at most 2000 and 500 updates, decay 0.01, η = 0: the
 * authors' code, whose Tweedie has 1 − ᾱ_t in place of √(1 − ᾱ_t), which looks five more DDIM steps ahead for ẑ₀, and whose
 * tolerance is 0.001 at any σ_y.
 *
 * Any differentiable operator and autoencoder. Known limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, linearAutoencoder, matrixOperator, resample, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const autoencoder = linearAutoencoder(tensor([[0.6, 0], [0.8, 0], [0, 1]]))
 * const prior = { ...gaussianPrior({ mean: [0, 0], covariance: 1 }), autoencoder }
 * const problem = { operator: matrixOperator(tensor([[0, 0, 1]])), noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(resample(problem, prior, { steps: 20, period: 3 }))
 * Math.abs(x.dataSync()[2]! - 1) < 0.06 // => true
 * ```
 */
export const resample = latentMethod({
  name: 'resample',
  title: 'ReSample',
  family: 'latent',
  paper: { arxiv: '2307.08123', algorithm: 'Algorithm 1', authors: 'Song et al. 2023' },
  needs: ['denoiserVjp', 'operatorVjp'],
  limits: 'Fits y to the noise level whatever the prior says; γ, the rates and the tolerance want tuning.',
  cost: ['inner'],
  steps: 500,
  spacing: 'ddim',
  options: {
    scale: number('λ, factor of ᾱ_t in the length of a guidance step', { default: 0.5, min: 0 }),
    period: integer('a step of hard consistency in so many', { default: 10, min: 1 }),
    gamma: number('γ, factor of σ²: how far from z′ the draw goes', { default: 40, above: 0 }),
    pixelRate: number('AdamW’s rate among pixels', { default: 0.01, above: 0 }),
    pixelSteps: integer('most updates among pixels', { default: 2000, min: 1 }),
    latentRate: number('AdamW’s rate among latents', { default: 0.005, above: 0 }),
    latentSteps: integer('most updates among latents', { default: 500, min: 1 }),
    weightDecay: number('AdamW’s decay', { default: 0.01, min: 0 }),
    tolerance: number('root mean square of the residual to end at', {
      min: 0,
      otherwise: 'σ_y where it is known and above 0, else 0.001',
    }),
    eta: number("DDIM's η of the reverse step; 1 is ancestral", { default: 0, min: 0, max: 1 }),
  },
  plan: ({ problem: { operator, noise: measured, y }, prior, options, times, noise, z }) => {
    const { scale, period, gamma, weightDecay, eta } = options
    const target = (options.tolerance ?? (measured.sigma || 0.001)) ** 2
    const [kernel, { schedule, autoencoder }, n] = [ddim(eta), prior, times.length]
    const consistent = (from: Tensor, decode: (v: Tensor) => Tensor, learningRate: number, steps: number) => {
      const misfit = (v: Tensor) =>
        sumPerSample(y.sub(operator.forward(decode(v))).square()).div(sampleSize(y))
      return descent(misfit, from, { optimizer: adamW({ learningRate, weightDecay }), steps, target }).x
    }
    const amongPixels = (z0: Tensor) =>
      autoencoder.encode(consistent(autoencoder.decode(z0), (x) => x, options.pixelRate, options.pixelSteps))
    const amongLatents = (z0: Tensor) =>
      consistent(z0, autoencoder.decode, options.latentRate, options.latentSteps)
    return stepping({
      start: () => ({ x: noise() }),
      step: ({ x }, { t, s }, i) => {
        const { x0hat, picture, toLatent, pullback } = latentLookAt(prior, x, t, true)
        const { downhill, norm } = downhillOf(operator, y, picture)
        const guidance = pullback(toLatent(downhill)).mul(scale * alphaBar(schedule, t))
        const next = kernel(x, x0hat, () => z(i, 'step'), { t, s, schedule }).add(guidance)
        const done = (at: Tensor) => ({
          state: { x: at },
          shown: { x0hat: picture, guidance },
          numbers: { residual: norm },
        })
        const left = n - 1 - i
        if (left === 0) return done(amongLatents(next))
        const third = Math.floor(n / 3)
        if (left > n - third || left % period !== 0) return done(next)
        const agreeing = left >= third ? amongPixels(x0hat) : amongLatents(x0hat)
        const [alpha, own] = [schedule.alpha(s), schedule.sigma(s) ** 2]
        const kept = 1 - alphaBar(schedule, t) / alphaBar(schedule, s)
        const variance = (gamma * kept * own) / schedule.sigma(t) ** 2
        const total = variance + own
        const draw = [Math.sqrt((variance * own) / total), z(i, 'resample')] as const
        return done(combine([(variance * alpha) / total, agreeing], [own / total, next], draw))
      },
    })
  },
})

/** Options of {@link resample}. */
export type ResampleOptions = OptionsOf<typeof resample>
/** A step of {@link resample}. */
export type ResampleStep = StepOf<typeof resample>
