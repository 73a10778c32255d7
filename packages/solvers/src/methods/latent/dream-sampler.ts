import { OptionError, sameShape } from '@tweedie/tensor'
import { downhillOf } from '../../guidance/downhill.ts'
import { agreeingLatent } from '../../guidance/latent-consistency.ts'
import { latentLookAt } from '../../guidance/latent-look.ts'
import { classOption, embeddingOf, labelOf, toldAt, withoutClassifier } from '../../guidance/told.ts'
import { constant } from '../../linalg/constant.ts'
import { choice, integer, number, tensorOption } from '../../options/index.ts'
import { residualNorm } from '../../run/residual.ts'
import { ddim } from '../../samplers/kernel.ts'
import { invertDdim } from '../../samplers/reversible.ts'
import { combine, predictedNoise } from '../../samplers/steps.ts'
import { alphaBar } from '../../schedules/levels.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { stepping } from '../define.ts'
import { latentMethod } from '../latent-method.ts'
import { needsConditional } from '../rare-needs.ts'

/**
 * DreamSampler (Kim et al., arXiv 2403.11415): the reverse step as one step of score distillation, with a regulariser of the data.
 * From the DDIM inversion of E(Aᵀy), with ẑ_∅ = ẑ₀(z_t, ∅), ẑ_c = ẑ_∅ + w(ẑ₀(z_t, c) − ẑ_∅) and a mask M of latents,
 *
 *     ẑ_y = E(argmin_x ‖y − Ax‖² + λ‖x − D(ẑ_∅)‖²), by conjugate gradients from D(ẑ_∅)
 *     z̄ = ᾱ_t·ẑ_y + (1 − ᾱ_t)·ẑ_∅;     inside of M:  z̄ ← (1 − ᾱ_t)·z̄ + ᾱ_t·ẑ_c
 *     z_s = α_s·z̄ + σ_s(√(1 − ᾱ_t)·ε_∅ + √ᾱ_t·ξ),
 *
 * whose noise has the variance σ_s². Where M is 1 the class has the last word as the noise ends, and y elsewhere: M is where the
 * picture is to be as the class says, such as a hole.
 *
 * With `period` only one step in so many, among the first `share` of all, is that; the others are z_s = DDIM(z_t, ẑ_∅) − √ᾱ_s·∇‖y − A(D(ẑ_∅))‖.
 *
 * Defaults: 200 steps, w = 5, λ = 0.0001, 10 iterations: the authors' repository; M = 1 everywhere, period 1: the paper. `start: 'noise'`
 * begins with N(0, σ_T²I), without the evaluations of the inversion. Linear operators. Known limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { dreamSampler, gaussianNoise, gaussianPrior, linearAutoencoder, matrixOperator, run, shiftedByClass } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const latents = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const told = shiftedByClass(latents, { classes: { low: [-1], high: [1] }, shift: tensor([[0.5], [0.5]]) })
 * const prior = { ...told, autoencoder: linearAutoencoder(tensor([[0.6, 0], [0.8, 0], [0, 1]])) }
 * const problem = { operator: matrixOperator(tensor([[0, 0, 1]])), noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(dreamSampler(problem, prior, { class: 'high', steps: 50, mask: tensor([1, 0]) }))
 * Math.abs(x.dataSync()[2]! - 1) < 0.2 // => true
 * ```
 */
export const dreamSampler = latentMethod({
  name: 'dream-sampler',
  title: 'DreamSampler',
  family: 'latent',
  paper: { arxiv: '2403.11415', algorithm: 'Algorithm 1', authors: 'Kim et al. 2024' },
  needs: ['linear', needsConditional],
  limits: 'Ignores σ_y; inside of the mask the end does not look at y; not a posterior.',
  cost: ['prox'],
  steps: 200,
  spacing: 'ddim',
  evaluations: (n, { start, period, share }) =>
    n + Math.ceil(Math.ceil(share * n) / period) + (start === 'inversion' ? n - 1 : 0),
  options: {
    class: classOption,
    guidance: number('w, weight of the class', { default: 5, min: 0 }),
    mask: tensorOption('M, where the class speaks', 'a tensor of the shape of a latent', '1 everywhere'),
    period: integer('a step of that kind in so many; the others are those of LDPS', { default: 1, min: 1 }),
    share: number('part of the steps, the first ones, that has them', { default: 1, min: 0, max: 1 }),
    start: choice('z_T: the inversion of E(Aᵀy), or noise', ['inversion', 'noise']),
    lambda: number('λ of the proximal point', { default: 1e-4, above: 0 }),
    iterations: integer('of conjugate gradients', { default: 10, min: 1 }),
  },
  plan: ({ problem: { operator, y }, prior, options, times, noise, z }) => {
    const { guidance, lambda, iterations, start, period, share } = options
    const { schedule, autoencoder, shape } = prior
    if (options.mask && !sameShape(options.mask.shape, shape))
      throw new OptionError(
        'mask',
        `must be a tensor [${shape.join(', ')}], got [${options.mask.shape.join(', ')}]`,
      )
    const mask = options.mask && constant(Float64Array.from(options.mask.dataSync()), shape)
    const label = labelOf(prior, options.class)
    const inverted = () => invertDdim(prior, autoencoder.encode(operator.adjoint(y)), times)
    return stepping({
      start: () => ({ x: start === 'noise' ? noise() : inverted() }),
      step: ({ x }, { t, s }, i) => {
        if (i % period !== 0 || i >= share * times.length) {
          const look = latentLookAt(prior, x, t, true)
          const { downhill, norm } = downhillOf(operator, y, look.picture)
          const guidance = look.pullback(look.toLatent(downhill)).mul(schedule.alpha(s))
          const next = ddim(0)(x, look.x0hat, () => x, { t, s, schedule })
          const shown = { x0hat: look.picture }
          return { state: { x: next.add(guidance) }, shown, numbers: { residual: norm } }
        }
        const [nothing, c] = [embeddingOf(prior, undefined, y), embeddingOf(prior, label, y)]
        const told = toldAt(prior, x, t, nothing, c)
        const picture = autoencoder.decode(told.without)
        const agreeing = agreeingLatent({ operator, y }, prior, picture, lambda, iterations)
        const kept = alphaBar(schedule, t)
        const measured = combine([kept, agreeing.latent], [1 - kept, told.without])
        const moved = withoutClassifier(told, guidance).sub(measured).mul(kept)
        const mean = measured.add(mask ? moved.mul(mask(x)) : moved)
        const sigma = schedule.sigma(s)
        const next = combine(
          [schedule.alpha(s), mean],
          [sigma * Math.sqrt(1 - kept), predictedNoise(x, told.without, schedule, t)],
          [sigma * Math.sqrt(kept), sigma > 0 ? z(i, 'step') : undefined],
        )
        return {
          state: { x: next },
          shown: { x0hat: picture },
          numbers: { residual: residualNorm(operator, y, picture) },
        }
      },
    })
  },
})

/** Options of {@link dreamSampler}. */
export type DreamSamplerOptions = OptionsOf<typeof dreamSampler>
/** A step of {@link dreamSampler}. */
export type DreamSamplerStep = StepOf<typeof dreamSampler>
