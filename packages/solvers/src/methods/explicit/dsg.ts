import { greater, where, zerosLike } from '@tweedie/tensor'
import { downhillOf } from '../../guidance/downhill.ts'
import { integer, number } from '../../options/index.ts'
import { clipped } from '../../priors/clipped.ts'
import { lookAt } from '../../run/look.ts'
import { residualNorm, sampleNorms, unitOf } from '../../run/residual.ts'
import { ddim } from '../../samplers/kernel.ts'
import { ddimNoise } from '../../samplers/steps.ts'
import { clipRange } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'

/**
 * Diffusion with spherical Gaussian constraint (DSG; Yang et al., arXiv 2402.03201, Algorithm 1). A step of DDIM has mean
 * μ_s and noise σ̃·z, and in n dimensions lies close to the sphere of radius √n·σ̃ around μ_s. DSG guides along that sphere:
 *
 *     G = ∇_{x_t} ‖y − A(x̂₀)‖,     d* = −√n·σ̃·G/‖G‖,     d = σ̃z + g_r·(d* − σ̃z),     x_s = μ_s + √n·σ̃·d/‖d‖,
 *
 * norms per sample. g_r = `rate` mixes the steepest direction (1) with the sampler's own (0). ‖x_s − μ_s‖ = √n·σ̃ exactly, so
 * that no scale has to be tied to the step, and the guidance ends with the noise. Every `interval`-th step counted from
 * the last is guided, the others are DDIM's. A step shows what the guidance moved x_s by as `guidance`.
 *
 * Defaults: g_r = 0.2, every step guided, η = 1 and 100 steps, as the authors' script for inpainting. Any
 * differentiable operator. Known limits: needs η > 0; ignores σ_y; all noise of a guided step has the same length, and at
 * g_r = 1 there is none: samples are less diverse than the posterior.
 *
 * @example
 * ```ts
 * import { dsg, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(dsg(problem, prior))
 * Math.abs(x.dataSync()[0]! - 1) < 0.5 // => true
 * ```
 */
export const dsg = defineMethod({
  name: 'dsg',
  title: 'Diffusion with spherical Gaussian constraint',
  family: 'explicit',
  paper: { arxiv: '2402.03201', algorithm: 'Algorithm 1', authors: 'Yang et al. 2024' },
  needs: ['denoiserVjp', 'operatorVjp'],
  limits: 'Ignores σ_y; needs η > 0; the nearer g_r to 1, the less samples differ.',
  steps: 100,
  spacing: 'guided',
  options: {
    rate: number('g_r, weight of the steepest direction', { default: 0.2, min: 0, max: 1 }),
    interval: integer('a guided step in so many', { default: 1, min: 1 }),
    eta: number("DDIM's η of the reverse step; 1 is ancestral", { default: 1, above: 0, max: 1 }),
    clip: clipRange,
  },
  plan: ({ problem: { operator, y }, prior: given, options, times, noise, z }) => {
    const { rate, interval: every, eta, clip } = options
    const prior = clipped(given, clip)
    const kernel = ddim(eta)
    return stepping({
      start: () => ({ x: noise() }),
      step: ({ x }, { t, s }, i) => {
        const at = { t, s, schedule: prior.schedule }
        const guided = (times.length - 1 - i) % every === 0
        const { x0hat, pullback } = lookAt(prior, x, t, guided)
        const next = kernel(x, x0hat, () => z(i, 'step'), at)
        if (!guided) {
          const shown = { x0hat, guidance: zerosLike(x) }
          return { state: { x: next }, shown, numbers: { residual: residualNorm(operator, y, x0hat) } }
        }
        const mean = kernel(x, x0hat, () => zerosLike(x), at)
        const radius = Math.sqrt(x.size / (x.shape[0] ?? 1)) * ddimNoise(at, eta)
        const { downhill, norm } = downhillOf(operator, y, x0hat)
        const steepest = pullback(downhill)
        const own = next.sub(mean)
        const mixed = own.add(unitOf(steepest).mul(radius).sub(own).mul(rate))
        const on = mean.add(unitOf(where(greater(sampleNorms(steepest), 0), mixed, own)).mul(radius))
        const shown = { x0hat, guidance: on.sub(next) }
        return { state: { x: on }, shown, numbers: { residual: norm } }
      },
    })
  },
})

/** Options of {@link dsg}. */
export type DsgOptions = OptionsOf<typeof dsg>
/** A step of {@link dsg}. */
export type DsgStep = StepOf<typeof dsg>
