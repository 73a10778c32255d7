import { downhillOf } from '../../guidance/downhill.ts'
import { byScore, dpsLikelihood, scaled } from '../../guidance/likelihood.ts'
import { scaleAdvice, scaleSteps, stepScale } from '../../guidance/scale.ts'
import { shotRelative, shotWeighted } from '../../guidance/shot-noise.ts'
import { choice, number } from '../../options/index.ts'
import { clipped } from '../../priors/clipped.ts'
import { ancestralReverse } from '../../samplers/ancestral.ts'
import { clipRange, reverseVariance } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, guidedPlan } from '../define.ts'

/** ζ = 0.3 at 1000 steps, as in the authors' configurations, and the same total length at fewer. */
export const dpsDefaultScale = (steps: number): number => 300 / steps

const tried = { from: 300, to: 1000, by: "the authors' configurations" }
/** What stands for r/‖r‖ in −∇‖r‖; undefined where that does. */
const norms = { norm: () => undefined, poisson: shotWeighted, 'poisson-repository': shotRelative }

/**
 * Diffusion posterior sampling (Chung et al., arXiv 2209.14687, Algorithm 1). With x̂₀ = E[x₀ | x_t],
 *
 *     x_s = DDPM(x_t, x̂₀, z) − ζ·∇_{x_t} ‖y − A(x̂₀)‖₂,
 *
 * the norm taken per sample, the gradient through the denoiser. `scale` is ζ in this convention (that of
 * the authors' repository), which is twice the ζ' of the squared form (ζ'/‖r‖)·∇‖r‖². A step shows the displacement
 * as `guidance`. `guidance: 'likelihood'` is the theory instead: {@link dpsLikelihood} times `scale`, shown as it is.
 *
 * Defaults: 1000 ancestral steps as in the paper, and ζ = 0.3 there as in the authors' configurations for
 * super-resolution and deblurring (0.5 for inpainting, 1 for phase retrieval); their networks learn the variance of the step
 * (`variance: 'learned-range'`), where it is not learned ours is DDPM's β̃; at fewer steps the grid of
 * guided-diffusion, on which their code stands ('guided'). ζ is not tied to the step size, so fewer steps need a
 * larger one: we keep the sum, ζ = 300/steps. (Measured on 28×28 digits, σ_y = 0.05, a Gaussian mixture fitted to
 * MNIST: equal sums did alike from 30 to 1000 steps, and this one left about the residual of the noise.) For a few
 * numbers instead of an image take a smaller ζ.
 *
 * `scaleSteps: n` takes a `scale` that was found at n steps to those of the run in the same way. What others call a scale is
 * often another number: `zetaOf` converts. For counts `poisson` has the norm of Algorithm 2, weighted by 1/(2ȳ), and
 * `poisson-repository` that of the authors' code, ‖r‖ times the mean of 1/|y|.
 *
 * Any differentiable operator; made for Gaussian noise. Known limits: ignores σ_y in the 'norm' form; leaves out
 * the spread of x₀ given x_t (σ_y²I stands for A·C_t·Aᵀ + σ_y²I), so it is closer to a mode than to a
 * sample and under-dispersed; for a VE schedule a constant ζ is wrong; wants x̂₀ clipped to the data range.
 *
 * @example
 * ```ts
 * import { dps, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const operator = matrixOperator(tensor([[1, 0]]))
 * const problem = { operator, noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(dps(problem, prior, { steps: 100, scale: 0.1 }))
 * Math.abs(x.dataSync()[0]! - 1) < 0.3 // => true
 * ```
 */
export const dps = defineMethod({
  name: 'dps',
  title: 'Diffusion posterior sampling',
  family: 'explicit',
  paper: { arxiv: '2209.14687', algorithm: 'Algorithm 1', authors: 'Chung et al. 2022' },
  needs: ['denoiserVjp', 'operatorVjp'],
  limits: 'Nearer to a mode than to a sample, and under-dispersed; ζ is tied neither to σ_y nor to the step.',
  steps: 1000,
  spacing: 'guided',
  finite: ({ guidance }) => guidance === 'likelihood',
  advice: ({ guidance, scale, scaleSteps }, steps) =>
    guidance !== 'norm' || scale === undefined
      ? []
      : scaleAdvice(stepScale(scale, scaleSteps, steps), steps, tried),
  options: {
    guidance: choice(
      'norm: step along −∇‖y − A x̂0‖ (Algorithm 1); likelihood: the score with 1/(2σ_y²) (eq. 16); poisson: the norm weighted ' +
        'by 1/(2y) of counts (Algorithm 2); poisson-repository: as the code has it',
      ['norm', 'likelihood', 'poisson', 'poisson-repository'],
    ),
    scale: number('ζ, the length of a guidance step; for likelihood a factor', {
      min: 0,
      otherwise: '300/steps; 1 for likelihood',
    }),
    scaleSteps,
    eta: number("DDIM's η of the reverse step; 1 is ancestral", { default: 1, min: 0, max: 1 }),
    variance: reverseVariance,
    clip: clipRange,
  },
  plan: (run) => {
    const { problem, options, times } = run
    const { guidance, clip, scale: given, scaleSteps } = options
    const scale = given === undefined ? undefined : stepScale(given, scaleSteps, times.length)
    const prior = clipped(run.prior, clip)
    const reverse = ancestralReverse(prior, options)
    if (guidance === 'likelihood')
      return guidedPlan({ ...run, prior }, reverse, byScore(scaled(dpsLikelihood(problem), scale ?? 1)))
    const zeta = scale ?? dpsDefaultScale(times.length)
    return guidedPlan({ ...run, prior }, reverse, {
      through: true,
      at: ({ x0hat, pullback }) => {
        const { downhill, norm } = downhillOf(problem.operator, problem.y, x0hat, norms[guidance](problem.y))
        return { x0: x0hat, shift: pullback(downhill).mul(zeta), residual: norm }
      },
    })
  },
})

/** Options of {@link dps}. */
export type DpsOptions = OptionsOf<typeof dps>
/** A step of {@link dps}. */
export type DpsStep = StepOf<typeof dps>
