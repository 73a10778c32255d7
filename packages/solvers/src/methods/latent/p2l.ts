import { adam, vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { downhillOf } from '../../guidance/downhill.ts'
import { keepingNoise } from '../../guidance/guided.ts'
import { agreeingLatent } from '../../guidance/latent-consistency.ts'
import { latentLookAt } from '../../guidance/latent-look.ts'
import { lengthAdvice, scaleSteps, stepScale } from '../../guidance/scale.ts'
import { classOption, embeddingOf, labelOf } from '../../guidance/told.ts'
import { sampleSize } from '../../linalg/per-sample.ts'
import { integer, number } from '../../options/index.ts'
import { residualAt } from '../../run/residual.ts'
import { ddim } from '../../samplers/kernel.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { stepping } from '../define.ts'
import { latentMethod } from '../latent-method.ts'
import { needsConditional } from '../rare-needs.ts'

/**
 * Prompt tuning for latent inverse problems (P2L; Chung et al., arXiv 2310.01110): what the denoiser is told, an embedding c of a
 * prompt or class, is fitted to y as the run goes. A step is
 *
 *     c ← Adam(c, ∇_c mean (y − A D(ẑ₀(z_t, c)))²)                        one step, at a fixed z_t
 *     ẑ₀′ = E(argmin_x ‖y − Ax‖² + λ‖x − D(ẑ₀(z_t, c))‖²)  every `period`-th step, else ẑ₀
 *     z_s = DDIM(z_t, ẑ₀′, ε) − ζ·∇_{z_t} ‖y − A D(ẑ₀(z_t, c))‖,
 *
 * with the ε of ẑ₀. Each sample has its own c. A step shows c as `embedding` and the displacement as `guidance`.
 *
 * Defaults: no class to begin with, 200 steps, Adam's rate 0.0001, ζ = 200/steps, η = 0: the implementation in the repository of
 * TReg, which has no projection. λ = 0.0001 is TReg's; the period of 10 is ours.
 *
 * Linear operators, priors that can be told a class. Known limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, linearAutoencoder, matrixOperator, p2l, run, shiftedByClass } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const latents = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const told = shiftedByClass(latents, { classes: { low: [-1], high: [1] }, shift: tensor([[0.5], [0.5]]) })
 * const prior = { ...told, autoencoder: linearAutoencoder(tensor([[0.6, 0], [0.8, 0], [0, 1]])) }
 * const problem = { operator: matrixOperator(tensor([[0, 0, 1]])), noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(p2l(problem, prior, { scale: 0.1, class: 'high' }))
 * Math.abs(x.dataSync()[2]! - 1) < 0.3 // => true
 * ```
 */
export const p2l = latentMethod({
  name: 'p2l',
  title: 'Prompt tuning for latent inverse problems',
  family: 'latent',
  paper: { arxiv: '2310.01110', algorithm: 'Algorithm 1', authors: 'Chung et al. 2023' },
  needs: ['linear', 'denoiserVjp', 'operatorVjp', needsConditional],
  limits: 'Those of LDPS; c may leave what the denoiser was trained on; ζ is tied to nothing.',
  steps: 200,
  spacing: 'ddim',
  advice: lengthAdvice({ from: 200, to: 200, by: 'the one configuration' }),
  evaluations: (n) => 2 * n,
  options: {
    class: classOption,
    rate: number("Adam's rate for c; 0 keeps it", { default: 1e-4, min: 0 }),
    scale: number('ζ, the length of a guidance step', { min: 0, otherwise: '200/steps' }),
    scaleSteps,
    period: integer('a projection in so many steps; 0 for none', { default: 10, min: 0 }),
    lambda: number('λ of the projection', { default: 1e-4, above: 0 }),
    eta: number("DDIM's η of the reverse step; 1 is ancestral", { default: 0, min: 0, max: 1 }),
  },
  plan: ({ problem: { operator, y }, prior, options, times, noise, z }) => {
    const { rate, scale, scaleSteps, period, lambda, eta } = options
    const zeta = scale === undefined ? 200 / times.length : stepScale(scale, scaleSteps, times.length)
    const [kernel, { schedule, conditional, autoencoder }] = [ddim(eta), prior]
    const optimizer = adam({ learningRate: rate || 1 })
    const label = labelOf(prior, options.class)
    const tuned = (x: Tensor, t: number, c: Tensor) => {
      const picture = (told: Tensor) => autoencoder.decode(conditional.denoise(x, t, told))
      const [clean, back] = vjp(picture, c)
      const { r, back: toPicture } = residualAt(operator, y, clean)
      return back(toPicture(r.mul(-2 / sampleSize(y))))[0]
    }
    return stepping({
      start: () => {
        const c = embeddingOf(prior, label, y)
        return { x: noise(), c, adam: optimizer.init(c) }
      },
      step: ({ x, c: before, adam: memory }, { t, s }, i) => {
        const update = optimizer.update(tuned(x, t, before), memory, before)
        const c = rate > 0 ? update.params : before
        const told = { ...prior, denoise: (at: Tensor, time: number) => conditional.denoise(at, time, c) }
        const look = latentLookAt(told, x, t, true)
        const { downhill, norm } = downhillOf(operator, y, look.picture)
        const guidance = look.pullback(look.toLatent(downhill)).mul(zeta)
        const projects = period > 0 && (i + 1) % period === 0
        const z0 = projects ? agreeingLatent({ operator, y }, prior, look.picture, lambda).latent : look.x0hat
        const from = projects ? keepingNoise(look, z0) : x
        const next = kernel(from, z0, () => z(i, 'step'), { t, s, schedule }).add(guidance)
        const shown = { x0hat: look.picture, guidance, embedding: c }
        return { state: { x: next, c, adam: update.state }, shown, numbers: { residual: norm } }
      },
    })
  },
})

/** Options of {@link p2l}. */
export type P2lOptions = OptionsOf<typeof p2l>
/** A step of {@link p2l}. */
export type P2lStep = StepOf<typeof p2l>
