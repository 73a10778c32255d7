import { downhillOf } from '../../guidance/downhill.ts'
import { scaleAdvice, scaleSteps, stepScale } from '../../guidance/scale.ts'
import { number } from '../../options/index.ts'
import { clipped } from '../../priors/clipped.ts'
import { ddim } from '../../samplers/kernel.ts'
import { clipRange, ddimEta } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, guidedPlan } from '../define.ts'

const tried = { from: 350, to: 1000, by: "the authors' scripts" }
/** 4 at 100 steps, and the same sum at another number. */
const standard = (steps: number): number => 400 / steps

/**
 * Manifold preserving guided diffusion (MPGD; He et al., arXiv 2311.16424, Algorithm 1) without an autoencoder. The gradient
 * is taken in x̂₀ and not through the denoiser,
 *
 *     x̂₀′ = x̂₀ − (c/α_s)·∇_{x̂₀} ‖y − A(x̂₀)‖,     x_s = α_s·x̂₀′ + √(σ_s² − σ̃²)·ε + σ̃·z,
 *
 * with the ε of the network, so that x_s moves by c·(∂A/∂x)ᵀr/‖r‖: c is `scale`, the length of that step where A is
 * orthonormal. Norms per sample. A step shows the displacement as `guidance`.
 *
 * Defaults: c = 4 at 100 steps, η = 0.5, as the authors' script for super-resolution; c = 400/steps at another number, which
 * keeps the sum (theirs are 350, 375 and 400 at 20, 50 and 100 steps). Any differentiable operator; the cheapest guidance
 * there is. Known limits: what A does not see is guided only through the denoiser of later steps; ignores σ_y; c is for
 * images of 256² pixels: the norm, and with it c, goes with the root of the number of pixels. The forms that go through an
 * autoencoder are `mpgdAe`.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, matrixOperator, mpgd, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(mpgd(problem, prior, { scale: 0.1 }))
 * Math.abs(x.dataSync()[0]! - 1) < 0.3 // => true
 * ```
 */
export const mpgd = defineMethod({
  name: 'mpgd',
  title: 'Manifold preserving guided diffusion',
  family: 'explicit',
  paper: { arxiv: '2311.16424', algorithm: 'Algorithm 1', authors: 'He et al. 2023' },
  needs: ['operatorVjp'],
  limits:
    'What A does not see is guided only by later denoising; c is tied neither to σ_y nor to the step size.',
  steps: 100,
  spacing: 'guided-ddim',
  options: {
    scale: number('c, the length of a guidance step', { min: 0, otherwise: '400/steps' }),
    scaleSteps,
    eta: ddimEta(0.5),
    clip: clipRange,
  },
  advice: ({ scale, scaleSteps }, steps) =>
    scaleAdvice(stepScale(scale ?? standard(steps), scale && scaleSteps, steps), steps, tried),
  plan: (run) => {
    const { problem, options, times } = run
    const { scale, scaleSteps, eta, clip } = options
    const prior = clipped(run.prior, clip)
    const length = scale === undefined ? standard(times.length) : stepScale(scale, scaleSteps, times.length)
    return guidedPlan({ ...run, prior }, ddim(eta), {
      through: false,
      at: ({ x0hat }) => {
        const { downhill, norm } = downhillOf(problem.operator, problem.y, x0hat)
        return { x0: x0hat, shift: downhill.mul(length), residual: norm }
      },
    })
  },
})

/** Options of {@link mpgd}. */
export type MpgdOptions = OptionsOf<typeof mpgd>
/** A step of {@link mpgd}. */
export type MpgdStep = StepOf<typeof mpgd>
