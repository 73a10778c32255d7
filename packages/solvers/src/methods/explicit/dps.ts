import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { clamp, maximum, OptionError } from '@tweedie/tensor'
import { iterate } from '../../run/drive.ts'
import { sampleNorms } from '../../run/residual.ts'
import { noiseStreams } from '../../run/streams.ts'
import { conditionalMean, ddimStep } from '../../samplers/steps.ts'
import type { Spacing } from '../../schedules/respace.ts'
import { respace } from '../../schedules/respace.ts'
import type { GuidedStep, Prior, Problem, RunOptions } from '../../types.ts'
import type { MethodTraits } from '../fit.ts'
import { checkFit } from '../fit.ts'
import type { OptionSpecs } from '../options.ts'
import { fillOptions, runOptionSpecs, spacingSpec } from '../options.ts'

/** Options of {@link dps}. */
export interface DpsOptions extends RunOptions {
  spacing?: Spacing
  guidance?: 'norm' | 'likelihood'
  scale?: number
  eta?: number
  clip?: readonly [low: number, high: number]
}

/** A step of {@link dps}. */
export interface DpsStep extends GuidedStep {
  /**
   * What the measurement did to the step, [N, …shape]: for 'norm' the displacement −ζ·∇‖y − A(x̂₀)‖ added
   * to x_s, for 'likelihood' the likelihood score ∇_{x_t} log p(y | x₀ = x̂₀) times `scale`.
   */
  readonly guidance: Tensor
}

/** Limits of {@link DpsOptions}. */
export const dpsOptions = {
  ...runOptionSpecs(1000),
  spacing: spacingSpec('guided'),
  guidance: { kind: 'choice', default: 'norm', choices: ['norm', 'likelihood'] },
  scale: { kind: 'number', min: 0 },
  eta: { kind: 'number', default: 1, min: 0, max: 1 },
  clip: { kind: 'object' },
} as const satisfies OptionSpecs<DpsOptions>

/** What {@link DpsOptions} do. */
export const dpsDocs = {
  guidance: 'norm: step along −∇‖y − A x̂0‖ (Algorithm 1); likelihood: the score with 1/(2σ_y²) (eq. 16)',
  scale: 'ζ, the length of a guidance step (default 300/steps); for likelihood a factor (1)',
  eta: "DDIM's η of the reverse step; 1 is ancestral",
  clip: 'range [low, high] of x̂0; none where left out (a prior may clip itself)',
}

/** Needs and support of {@link dps}. */
export const dpsTraits = {
  name: 'dps',
  needs: { denoiserVjp: true, operatorVjp: true, svd: false, pinv: false, sigma: false },
  supports: { linear: true, nonlinear: true, noise: ['gaussian'] },
} as const satisfies MethodTraits

/** ζ = 0.3 at 1000 steps, as in the authors' configurations, and the same total length at fewer. */
export const dpsDefaultScale = (steps: number): number => 300 / steps

/**
 * Diffusion posterior sampling (Chung et al., arXiv 2209.14687, Algorithm 1). With x̂₀ = E[x₀ | x_t],
 *
 *     x_s = DDPM(x_t, x̂₀, z) − ζ·∇_{x_t} ‖y − A(x̂₀)‖₂,
 *
 * the norm taken per sample, the gradient through the denoiser. `scale` is ζ in this convention (that of
 * the authors' repository), which is twice the ζ' of the squared form (ζ'/‖r‖)·∇‖r‖².
 * `guidance: 'likelihood'` is the theory instead (eq. 16): g = −(1/2σ_y²)·∇‖y − A(x̂₀)‖², applied by
 * {@link conditionalMean}; it is stiff and meant for study and tests.
 *
 * Defaults: 1000 ancestral steps as in the paper, and ζ = 0.3 there as in the authors' configurations for
 * super-resolution and deblurring (0.5 for inpainting, 1 for phase retrieval); at fewer steps the grid of
 * guided-diffusion, on which their code stands ('guided'). ζ is not tied to the step size, so fewer steps need a larger one: we keep the sum, ζ = 300/steps. (Measured on 28×28 digits, σ_y =
 * 0.05, a Gaussian mixture fitted to MNIST: equal sums did alike from 30 to 1000 steps, and this one left
 * about the residual of the noise.) For a few numbers instead of an image take a smaller ζ.
 *
 * Any differentiable operator, Gaussian noise. Known limits: ignores σ_y in the 'norm' form; leaves out
 * the spread of x₀ given x_t (σ_y²I stands for A·C_t·Aᵀ + σ_y²I), so it is closer to a mode than to a
 * sample and under-dispersed; for a VE schedule a constant ζ is wrong; wants x̂₀ clipped to the data range.
 *
 * @param problem - y [N, …outShape]; the run takes its element type and device.
 * @throws {UnfitError | ShapeError | OptionError} before any work, where problem, prior or options do not fit.
 * @throws {NonFiniteError} before any work, where y is not finite; from a step, where the run diverges.
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
export function dps(
  problem: Problem,
  prior: Prior,
  options: DpsOptions = {},
): AsyncGenerator<DpsStep, Tensor> {
  checkFit(dpsTraits, problem, prior)
  const o = fillOptions<DpsOptions, typeof dpsOptions>('dps', dpsOptions, options)
  const { operator, noise, y } = problem
  const { shape, schedule } = prior
  const { guidance: form, eta, clip, resume } = o
  const times = respace(schedule, o.steps, o.spacing)
  const scale = o.scale ?? (form === 'norm' ? dpsDefaultScale(times.length) : 1)
  const sigmaY = noise.sigma ?? 0
  if (form === 'likelihood' && !(sigmaY > 0))
    throw new OptionError('guidance', "'likelihood' needs σ_y above 0")
  const streams = noiseStreams({ ...o, count: y.shape[0]!, dtype: y.dtype, device: y.device })
  const denoise = (xt: Tensor, t: number) => {
    const x0hat = prior.denoise(xt, t)
    return clip === undefined ? x0hat : clamp(x0hat, clip[0], clip[1])
  }
  return iterate({
    name: 'dps',
    y,
    times,
    resume,
    start: () => ({ x: streams.normal(0, 'start', shape).mul(schedule.sigma(times[0]!.t)) }),
    step: ({ x }, { t, s }, i) => {
      const [x0hat, backToXt] = vjp((xt: Tensor) => denoise(xt, t), x)
      const [clean, backToX0] = vjp((x0: Tensor) => operator.forward(x0), x0hat)
      const r = y.sub(clean)
      const norm = sampleNorms(r)
      const gradientOf = (cotangent: Tensor) => backToXt(backToX0(cotangent)[0])[0] // Jᵀ·(∂A/∂x)ᵀ·cotangent

      const z = eta > 0 && s !== schedule.clean ? streams.normal(i, 'step', shape) : undefined
      const reverse = (x0: Tensor) => ddimStep(x, x0, z, { t, s, schedule, eta })
      const shown = (guidance: Tensor) => ({
        shown: { x0hat, guidance },
        numbers: { residual: norm },
      })

      if (form === 'norm') {
        // −∇‖r‖ = Jᵀ Aᵀ r/‖r‖, 0 where nothing is left over.
        const guidance = gradientOf(r.div(maximum(norm, 1e-30))).mul(scale)
        return { state: { x: reverse(x0hat).add(guidance) }, ...shown(guidance) }
      }
      const guidance = gradientOf(r.mul(1 / sigmaY ** 2)).mul(scale)
      return { state: { x: reverse(conditionalMean(x0hat, guidance, schedule, t)) }, ...shown(guidance) }
    },
  })
}
