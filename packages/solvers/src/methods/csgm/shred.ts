import { generatorEvaluations, generatorPast, generatorThrough } from '../../inner/generator.ts'
import { latentDescent, latentObjective } from '../../inner/latent-descent.ts'
import { adamSteps } from '../../inner/stepwise.ts'
import { sampleSize } from '../../linalg/per-sample.ts'
import { flag, number } from '../../options/index.ts'
import { clipped } from '../../priors/clipped.ts'
import { unitOf } from '../../run/residual.ts'
import { iterations } from '../../schedules/iterations.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod } from '../define.ts'
import { generatorSpecs } from '../latent-options.ts'

/**
 * SHRED, later BIRD (Chihaoui et al., arXiv 2405.19572): the restoration by diffusion inversion. The seed of a DDIM sampler of
 * long jumps is optimised on the sphere that seeds lie close to,
 *
 *     z ← Adam(z, ∇_z (1/m)·‖y − A(R(z))‖²),     z ← √n·z/‖z‖,     R = k steps of DDIM with η = 0 from x_T = z,
 *
 * from z ~ N(0, I), norms per sample. **Two gradients go by this name.** The text describes backprop through R, network and all:
 * `detach: false`. The released code evaluates the network without gradient, each ε_θ a constant: `detach: true`, the default,
 * as everybody runs it. ∂R/∂z is then diagonal, 1/√ᾱ_T in each coordinate where no x̂₀ was clipped, so that z moves along
 * Aᵀ(y − A(x)) whatever the network says; the network shapes x alone. An iteration costs k plain evaluations then, and no
 * gradient through the network.
 *
 * Defaults: k = 10 on the grid `leading` (jumps of 100: t = 900, 800 … 0 of 1000), rate 0.01 and 200 iterations, as the
 * repository for inpainting and denoising; its other tasks are presets. It clips x̂₀ to [−1, 1]: `clip`, which a gradient
 * past the network has to be told of where the prior clips by itself. `slots` and `memory` bound the gradient of
 * `detach: false`, as in `csgm`. Any differentiable operator, any noise; blind deblurring is `blind-shred`. Known limits:
 * draws no samples; ignores σ_y and fits the noise in the long run; with `detach` the gradient is none of the objective;
 * where y is out of reach Adam rests at z = sign(∇), not at the nearest point of the sphere.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, matrixOperator, run, shred } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.05), y: tensor([[0.7]]) }
 * const x = await run(shred(problem, prior, { detach: false }))
 * Math.abs(x.dataSync()[0]! - 0.7) < 0.05 // => true
 * ```
 */
export const shred = defineMethod({
  name: 'shred',
  title: 'Restoration by diffusion inversion',
  family: 'csgm',
  paper: { arxiv: '2405.19572', algorithm: 'the iteration of its code', authors: 'Chihaoui et al. 2024' },
  needs: ['operatorVjp'],
  cost: ['inner'],
  limits:
    'Draws no samples and ignores σ_y; its default gradient leaves the network out and is none of the objective.',
  steps: 200,
  spacing: 'linspace',
  options: {
    learningRate: number("Adam's learning rate", { default: 0.01, above: 0 }),
    detach: {
      ...flag('true: no gradient through the network (the repository); false: through it (the paper)'),
      default: true,
    },
    ...generatorSpecs(10, 'leading'),
  },
  evaluations: (steps, options) => generatorEvaluations(steps, options),
  grid: iterations,
  plan: ({ problem, prior, options, times, z }) => {
    const { operator, y } = problem
    const { learningRate, detach } = options
    const objective = latentObjective(problem, { weight: 1 / sampleSize(y), lambda: 0 })
    const generate = detach
      ? generatorPast(clipped(prior, options.clip), options)
      : generatorThrough(clipped(prior, options.clip), options, { y, gradient: objective })
    return latentDescent({
      operator,
      y,
      optimizer: adamSteps({
        learningRate,
        project: (moved) => unitOf(moved).mul(Math.sqrt(sampleSize(moved))),
      }),
      evaluate: (at) => objective(generate, at),
      begin: () => z(0, 'start'),
      steps: times.length,
    })
  },
})

/** Options of {@link shred}. */
export type ShredOptions = OptionsOf<typeof shred>
/** A step of {@link shred}. */
export type ShredStep = StepOf<typeof shred>
