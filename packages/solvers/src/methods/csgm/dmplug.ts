import { generatorEvaluations, generatorThrough } from '../../inner/generator.ts'
import { latentDescent, latentObjective } from '../../inner/latent-descent.ts'
import { adamSteps } from '../../inner/stepwise.ts'
import { sampleSize } from '../../linalg/per-sample.ts'
import { number } from '../../options/index.ts'
import { clipped } from '../../priors/clipped.ts'
import { iterations } from '../../schedules/iterations.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod } from '../define.ts'
import { generatorSpecs, stopRule, stopSpecs } from '../latent-options.ts'

/**
 * DMPlug (Wang et al., arXiv 2405.16749): the reverse process as a function of its seed, of as few steps as will do,
 *
 *     z* = argmin_z (1/m)·‖y − A(R(z))‖²,     x = R(z*),     R = k steps of DDIM with η = 0 from x_T = z,
 *
 * by Adam from z ~ N(0, I), the gradient by backprop through R. There is no λ: the optimisation first finds the picture, then
 * the noise in y, and has to be stopped between. The authors' scripts report the best iterate by the truth; here no rule
 * knows it:
 *
 *     variance      ES-WMV (Wang et al., arXiv 2112.06074), which the paper recommends: over the last W
 *                   iterates VAR = (1/W)·Σ_w ‖x^w − x̄‖²/n; a sample ends where its least VAR has not fallen for P
 *                   iterations, with the iterate of the least
 *     discrepancy   a sample ends where ‖y − A(x)‖² ≤ τ²·m·σ_y²
 *     none          all `steps` are made
 *
 * Each iteration is a step of the run, and each sample stops on its own; the run ends when all have. The authors cut each
 * x̂₀ and the output to [−1, 1], which is `clip`: without noise the last x̂₀ is the output.
 *
 * Defaults: k = 3 on the grid `leading` (t = 666, 333, 0 of 1000), rate 0.01 and 5000 iterations, as the authors' scripts;
 * W = 100 and P = 1000, of the authors' code of ES-WMV; τ = 1. `slots` and `memory` bound a gradient as in `csgm`. Any
 * differentiable operator, any noise. Where the operator has something unknown: `blind-dmplug`. Known limits: draws no
 * samples of the posterior; z has as many numbers as x, so that only the stop keeps it from the noise; VAR is noisy.
 *
 * @example
 * ```ts
 * import { dmplug, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.1), y: tensor([[1]]) }
 * const x = await run(dmplug(problem, prior, { steps: 500, stop: 'discrepancy' }))
 * Math.abs(x.dataSync()[0]! - 1) <= 0.1 // => true
 * ```
 */
export const dmplug = defineMethod({
  name: 'dmplug',
  title: 'DMPlug',
  family: 'csgm',
  paper: { arxiv: '2405.16749', algorithm: 'the plug-in formulation', authors: 'Wang et al. 2024' },
  needs: ['denoiserVjp', 'operatorVjp'],
  cost: ['inner'],
  limits: 'Draws no samples; fits the noise unless it is stopped, and the stop by variance is a heuristic.',
  steps: 5000,
  spacing: 'linspace',
  options: {
    learningRate: number("Adam's learning rate", { default: 0.01, above: 0 }),
    ...stopSpecs,
    ...generatorSpecs(3, 'leading'),
  },
  evaluations: (steps, options) => generatorEvaluations(steps, options),
  grid: iterations,
  plan: ({ problem, prior, options, times, z }) => {
    const { operator, y } = problem
    const objective = latentObjective(problem, { weight: 1 / sampleSize(y), lambda: 0 })
    const rule = stopRule(problem, options)
    const generate = generatorThrough(clipped(prior, options.clip), options, { y, gradient: objective })
    return latentDescent({
      operator,
      y,
      optimizer: adamSteps(options),
      evaluate: (at) => objective(generate, at),
      begin: () => z(0, 'start'),
      steps: times.length,
      ...(rule !== undefined && { stop: rule }),
    })
  },
})

/** Options of {@link dmplug}. */
export type DmplugOptions = OptionsOf<typeof dmplug>
/** A step of {@link dmplug}. */
export type DmplugStep = StepOf<typeof dmplug>
