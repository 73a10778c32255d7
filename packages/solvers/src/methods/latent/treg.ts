import { adam } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { agreeingLatent } from '../../guidance/latent-consistency.ts'
import { classOption, embeddingOf, labelOf, toldAt, withoutClassifier } from '../../guidance/told.ts'
import { choice, integer, number } from '../../options/index.ts'
import { residualNorm, unitOf } from '../../run/residual.ts'
import { ddim } from '../../samplers/kernel.ts'
import { combine, predictedNoise } from '../../samplers/steps.ts'
import { alphaBar } from '../../schedules/levels.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { stepping } from '../define.ts'
import { UnfitError } from '../fit.ts'
import { latentMethod } from '../latent-method.ts'
import { needsConditional } from '../rare-needs.ts'

/**
 * Regularisation by what a picture is said to be (TReg; Kim et al., arXiv 2311.15658). With guidance without a classifier,
 * ẑ₀ = ẑ₀(∅) + w(ẑ₀(c) − ẑ₀(∅)), steps are DDIM's; but every `period`-th among the first `share` of the run is
 *
 *     x_y = argmin_x ‖y − Ax‖² + λ‖x − D(ẑ₀)‖² by conjugate gradients from D(ẑ₀),     ẑ_y = E(x_y)
 *     c_∅ ← Adam(c_∅, ⟨f/‖f‖, c_∅⟩), f = embedImage(x_y)           `negations` times: adaptive negation
 *     z_s = α_s(ᾱ_s·ẑ_y + (1 − ᾱ_s)·ẑ₀) + σ_s(√(1 − ᾱ_s)·ε + √ᾱ_s·ξ),
 *
 * whose noise has the variance σ_s²((1 − ᾱ_s) + ᾱ_s) = σ_s². The embedding of no class, c_∅, goes away from what the picture is like, so
 * that w(c − c_∅) draws to what c says and the picture lacks. Each sample has its own c_∅, shown as `negation`.
 *
 * Defaults: 200 steps, w = 7.5, a period of 3 for 0.85 of the run, λ = 0.0001 with 5 iterations, Adam's rate 0.001 for 10 steps: the
 * authors' repository. A prior without `embedImage` runs without negation, unless `negation: 'on'` asks for it.
 *
 * Linear operators. Known limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, linearAutoencoder, matrixOperator, run, shiftedByClass, treg } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const latents = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const told = shiftedByClass(latents, { classes: { low: [-1], high: [1] }, shift: tensor([[0.5], [0.5]]) })
 * const prior = { ...told, autoencoder: linearAutoencoder(tensor([[0.6, 0], [0.8, 0], [0, 1]])) }
 * const problem = { operator: matrixOperator(tensor([[0, 0, 1]])), noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(treg(problem, prior, { class: 'high', guidance: 1 }))
 * x.dataSync()[2]! > 0.5 // => true
 * ```
 */
export const treg = latentMethod({
  name: 'treg',
  title: 'Text regularisation',
  family: 'latent',
  paper: { arxiv: '2311.15658', algorithm: 'Algorithm 1', authors: 'Kim et al. 2023' },
  needs: ['linear', needsConditional],
  limits: 'Ignores σ_y; w above 1 is no posterior; the last steps do not look at y.',
  cost: ['prox'],
  steps: 200,
  spacing: 'ddim',
  evaluations: (n) => 2 * n,
  options: {
    class: classOption,
    guidance: number('w, weight of the class', { default: 7.5, min: 0 }),
    period: integer('a step that looks at y in so many', { default: 3, min: 1 }),
    share: number('part of the steps, the first ones, among which they are', {
      default: 0.85,
      min: 0,
      max: 1,
    }),
    lambda: number('λ of the proximal point', { default: 1e-4, above: 0 }),
    iterations: integer('of conjugate gradients', { default: 5, min: 1 }),
    negation: choice('c_∅ goes away from x_y; auto: where the prior embeds pictures', ['auto', 'on', 'off']),
    rate: number("Adam's rate for c_∅", { default: 1e-3, above: 0 }),
    negations: integer("Adam's steps for c_∅, each time", { default: 10, min: 1 }),
  },
  plan: ({ problem: { operator, y }, prior, options, times, noise, z }) => {
    const { guidance, period, share, lambda, iterations, negation, rate, negations } = options
    const [kernel, { schedule, autoencoder, conditional }] = [ddim(0), prior]
    const embed = negation === 'off' ? undefined : conditional.embedImage
    if (negation === 'on' && embed === undefined)
      throw new UnfitError(
        'treg',
        'conditional',
        `negation takes a prior that embeds pictures; '${prior.name}' has no embedImage()`,
      )
    const label = labelOf(prior, options.class)
    const optimizer = adam({ learningRate: rate })
    const away = (nothing: Tensor, picture: Tensor): Tensor => {
      if (embed === undefined) return nothing
      const gradient = unitOf(embed(picture))
      let [c, memory] = [nothing, optimizer.init(nothing)]
      for (let k = 0; k < negations; k++)
        ({ params: c, state: memory } = optimizer.update(gradient, memory, c))
      return c
    }
    return stepping({
      start: () => ({ x: noise(), nothing: embeddingOf(prior, undefined, y) }),
      step: ({ x, nothing }, { t, s }, i) => {
        const c = embeddingOf(prior, label, y)
        const z0 = withoutClassifier(toldAt(prior, x, t, nothing, c), guidance)
        const picture = autoencoder.decode(z0)
        const numbers = { residual: residualNorm(operator, y, picture) }
        if (i % period !== 0 || i >= share * times.length) {
          const next = kernel(x, z0, () => x, { t, s, schedule })
          return { state: { x: next, nothing }, shown: { x0hat: picture, negation: nothing }, numbers }
        }
        const agreeing = agreeingLatent({ operator, y }, prior, picture, lambda, iterations)
        const negated = away(nothing, agreeing.picture)
        const [alpha, sigma, kept] = [schedule.alpha(s), schedule.sigma(s), alphaBar(schedule, s)]
        const next = combine(
          [alpha * kept, agreeing.latent],
          [alpha * (1 - kept), z0],
          [sigma * Math.sqrt(1 - kept), predictedNoise(x, z0, schedule, t)],
          [sigma * Math.sqrt(kept), sigma > 0 ? z(i, 'resample') : undefined],
        )
        return { state: { x: next, nothing: negated }, shown: { x0hat: picture, negation: negated }, numbers }
      },
    })
  },
})

/** Options of {@link treg}. */
export type TregOptions = OptionsOf<typeof treg>
/** A step of {@link treg}. */
export type TregStep = StepOf<typeof treg>
