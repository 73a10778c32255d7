import type { Tensor } from '@tweedie/tensor'
import { generatorEvaluations, generatorThrough } from '../../inner/generator.ts'
import { latentDescent, latentObjective } from '../../inner/latent-descent.ts'
import { lbfgsSteps } from '../../inner/lbfgs-steps.ts'
import { adamSteps } from '../../inner/stepwise.ts'
import { choice, integer, number } from '../../options/index.ts'
import { clipped } from '../../priors/clipped.ts'
import { iterations } from '../../schedules/iterations.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod } from '../define.ts'
import { generatorSpecs } from '../latent-options.ts'

/**
 * Compressed sensing with a generative model (CSGM; Bora et al., arXiv 1703.03208), the generator being a
 * deterministic sampler: x = R(z) by k steps of DDIM with η = 0 from x_T = z, and
 *
 *     z* = argmin_z ‖y − A(R(z))‖² + λ·‖z‖²,     x = R(z*),
 *
 * by Adam or L-BFGS, from z ~ N(0, I), the gradient by backprop through the whole sampler. With λ = σ_y² it is the most
 * probable z. Each evaluation of the objective with its gradient is a step of the run (of L-BFGS the trials of its line
 * searches too); x is R at the sample's iterate. With `restarts` the run begins anew as often, `steps` from each z, and
 * the x of the least last objective is returned.
 *
 * `memory` (bytes) or `slots` (states) bound what a gradient may take: within them the sampler's steps run again, as few
 * times as can be (Griewank & Walther's revolve); without, all k are kept.
 *
 * Defaults: Adam with rate 0.01 and 1000 steps, as the authors' MNIST scripts; λ = σ_y², 0 where noise has none (theirs,
 * 0.1 and 0.001, are for latents of 20 and 100 numbers and means over y); one start (they take 10, of GANs 2); k = 10 on
 * the grid `leading`, ours. Any differentiable operator, any noise. Known limits: finds a mode, draws no samples, and z has
 * as many numbers as x: without λ it fits the noise; each step costs k evaluations and k gradients.
 *
 * @example
 * ```ts
 * import { csgm, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.1), y: tensor([[1]]) }
 * const x = await run(csgm(problem, prior, { steps: 30, optimizer: 'lbfgs', samplerSteps: 50 }))
 * x.dataSync() // ≈ [1.0, 0.9]
 * ```
 */
export const csgm = defineMethod({
  name: 'csgm',
  title: 'Compressed sensing with a generative model',
  family: 'csgm',
  paper: { arxiv: '1703.03208', algorithm: 'the minimisation over z', authors: 'Bora et al. 2017' },
  needs: ['denoiserVjp', 'operatorVjp'],
  cost: ['inner'],
  limits:
    'Finds a mode and draws no samples; without λ it fits the noise; a step costs k gradients of the network.',
  steps: 1000,
  spacing: 'linspace',
  options: {
    optimizer: choice('what finds z, from gradients', ['adam', 'lbfgs']),
    learningRate: number("Adam's learning rate", { default: 0.01, above: 0 }),
    lambda: number('λ, weight of ‖z‖²', { min: 0, otherwise: 'σ_y²; 0 where noise has none' }),
    restarts: integer('starts of z, `steps` from each', { default: 1, min: 1 }),
    historySize: integer('pairs that L-BFGS remembers', { default: 10, min: 1 }),
    ...generatorSpecs(10, 'leading'),
  },
  evaluations: (steps, options) => generatorEvaluations(steps, options),
  grid: iterations,
  path: (times, { restarts }) => Array.from({ length: restarts }, () => times).flat(),
  plan: ({ problem, prior, options, times, z }) => {
    const { operator, y, noise } = problem
    const { optimizer, learningRate, historySize, restarts } = options
    const objective = latentObjective(problem, {
      weight: 1,
      lambda: options.lambda ?? (noise.sigma ?? 0) ** 2,
    })
    const generate = generatorThrough(clipped(prior, options.clip), options, { y, gradient: objective })
    const common = {
      operator,
      y,
      evaluate: (at: Tensor) => objective(generate, at),
      begin: (j: number) => z((j * times.length) / restarts, 'start'),
      steps: times.length,
      perStart: times.length / restarts,
    }
    return optimizer === 'adam'
      ? latentDescent({ ...common, optimizer: adamSteps({ learningRate }) })
      : latentDescent({ ...common, optimizer: lbfgsSteps({ historySize }) })
  },
})

/** Options of {@link csgm}. */
export type CsgmOptions = OptionsOf<typeof csgm>
/** A step of {@link csgm}. */
export type CsgmStep = StepOf<typeof csgm>
