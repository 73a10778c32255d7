import type { Tensor } from '@tweedie/tensor'
import { flowGenerator, flowGeneratorEvaluations, flowInversion } from '../../inner/flow-generator.ts'
import { latentDescent, latentObjective } from '../../inner/latent-descent.ts'
import { lbfgsSteps } from '../../inner/lbfgs-steps.ts'
import { adjointEstimate, firstEstimates } from '../../linalg/first-estimate.ts'
import { sampleSize, sumPerSample } from '../../linalg/per-sample.ts'
import { choice, integer, number } from '../../options/index.ts'
import { sampleNorms } from '../../run/residual.ts'
import { iterations } from '../../schedules/iterations.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod } from '../define.ts'
import { UnfitError } from '../fit.ts'

/** −log p of z ~ N(0, I) of each sample, [N], or of its norm, χ of n degrees, but for constants; with the gradient. */
const penalties = {
  chi: (z: Tensor) => {
    const [free, norm] = [sampleSize(z) - 1, sampleNorms(z)]
    const squares = sumPerSample(z.square())
    const value = squares.mul(0.5).sub(squares.log().mul(free / 2))
    return { value, gradient: z.sub(z.div(norm.square()).mul(free)) }
  },
  gaussian: (z: Tensor) => ({ value: sumPerSample(z.square()).mul(0.5), gradient: z }),
}

/**
 * D-Flow (Ben-Hamu et al., arXiv 2402.14017): the source of a flow is optimised through its ODE,
 *
 *     z* = argmin_z ‖y − A(R(z))‖² + λ·ρ(z),     x = R(z*),     ρ = ½‖z‖² − (n − 1)·log‖z‖,
 *
 * with R k steps of the midpoint method of dx/dt = v(x, t) from noise to data, by L-BFGS with gradients through R. ρ is −log p of ‖z‖, χ of n degrees;
 * `penalty: 'gaussian'` is ½‖z‖², with which λ = 2σ_y² is the most probable z. The start is z = √b·R⁻¹(Aᵀy) + √(1 − b)·ξ, b = `blend`, R⁻¹ by
 * the same steps backwards. Any prior is a flow (`flowVelocity`). Each evaluation of the objective with its gradient is a step of the
 * run, those of line searches too; x is R at the sample's iterate. `slots` bounds the states that a gradient keeps.
 *
 * Defaults: those of PnP-Flow's repository, which compares with it: λ = 0.01, b = 0.1, a history of 100, 20 calls of L-BFGS with 20
 * iterations, at most 25 evaluations each, so 500 steps here; k = 5, the steps between its 6 times. It goes back by Dormand and Prince's
 * method, which takes as many looks as it likes. **Its penalty has the other sign**, λ·log p in the place of −λ·log p, which
 * drives ‖z‖ away from √n and has no minimum where A leaves a direction free; here it is as the paper has it. Any differentiable
 * operator, any noise. Known limits: finds a mode, draws no samples; z has as many numbers as x, so that a small λ fits the noise;
 * each step costs 2k evaluations and their gradients.
 *
 * @example
 * ```ts
 * import { dFlow, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.1), y: tensor([[1]]) }
 * const x = await run(dFlow(problem, prior, { steps: 30, penalty: 'gaussian', lambda: 0.02, samplerSteps: 20 }))
 * x.dataSync() // ≈ [1.0, 0.9]
 * ```
 */
export const dFlow = defineMethod({
  name: 'd-flow',
  title: 'D-Flow',
  family: 'csgm',
  paper: { arxiv: '2402.14017', algorithm: 'Algorithm 1', authors: 'Ben-Hamu et al. 2024' },
  needs: ['denoiserVjp', 'operatorVjp'],
  cost: ['inner'],
  limits:
    'Finds a mode and draws no samples; a small λ fits the noise; a step costs 2k gradients of the network.',
  steps: 500,
  spacing: 'linspace',
  options: {
    lambda: number('λ, weight of the penalty', { default: 0.01, min: 0 }),
    penalty: choice('chi: −log p of ‖z‖; gaussian: ½‖z‖²', ['chi', 'gaussian']),
    blend: number('b, part (of variance) of R⁻¹(Aᵀy) in the start', { default: 0.1, min: 0, max: 1 }),
    init: choice('x of that start; auto: Aᵀy, A†y, 0, what A has first', ['auto', ...firstEstimates]),
    historySize: integer('pairs that L-BFGS remembers', { default: 100, min: 1 }),
    samplerSteps: integer('k, steps of the midpoint method', { default: 5, min: 1 }),
    slots: integer('states kept for the way back; fewer run more steps again', {
      min: 1,
      otherwise: 'no limit: plain backprop',
    }),
  },
  evaluations: (steps, options) =>
    flowGeneratorEvaluations(steps, options) + (options.blend > 0 ? 2 * options.samplerSteps : 0),
  grid: iterations,
  plan: ({ problem, prior, options, times, z }) => {
    const { operator, y } = problem
    const { lambda, blend, init, historySize, samplerSteps } = options
    const initial = adjointEstimate(problem, init)
    if (initial === undefined)
      throw new UnfitError('d-flow', 'linear', `init '${init}' needs more than '${operator.name}' has`)
    const generate = flowGenerator(prior, options)
    const misfit = latentObjective(problem, { weight: 1, lambda: 0 })
    return latentDescent({
      operator,
      y,
      optimizer: lbfgsSteps({ historySize }),
      evaluate: (at) => {
        const point = misfit(generate, at)
        const { value, gradient } = penalties[options.penalty](at)
        return {
          x: point.x,
          value: point.value.add(value.mul(lambda)),
          gradient: point.gradient.add(gradient.mul(lambda)),
        }
      },
      begin: () => {
        const fresh = z(0, 'start').mul(Math.sqrt(1 - blend))
        return blend === 0
          ? fresh
          : fresh.add(flowInversion(prior, samplerSteps)(initial(y)).mul(Math.sqrt(blend)))
      },
      steps: times.length,
    })
  },
})

/** Options of {@link dFlow}. */
export type DFlowOptions = OptionsOf<typeof dFlow>
/** A step of {@link dFlow}. */
export type DFlowStep = StepOf<typeof dFlow>
