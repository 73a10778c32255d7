import type { Key, Tensor } from '@tweedie/tensor'
import { flowEvaluations, flowLogDensityGradient, flowSolvers, traces } from '../../inner/index.ts'
import { choice, integer, number } from '../../options/index.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod } from '../define.ts'
import { bySample, flowPlan, flowSpecs, repeatedPath } from '../flow-posterior.ts'

/**
 * Score-based prior (Feng et al., arXiv 2304.11751): the posterior of one measurement as a normalising flow x = G_φ(z),
 * z ~ N(0, I), trained by Adam on
 *
 *     E_z[−λ_d·log p(y | G_φ(z)) − λ_p·log p_θ(G_φ(z)) − λ_e·log|det ∂G_φ/∂z|]
 *
 * with the prior's own density: log p_θ by its probability-flow ODE ({@link flowLogDensityGradient}), solved in every update
 * for each of K draws, and its gradient by the derivative through the solver, with steps that are as they were and states
 * that are computed again; the authors solve an adjoint ODE instead. G_φ is a RealNVP ({@link realNvp}), one for each
 * measurement. The result of a sample is one draw of its trained flow; a step shows another as x, the mean of its K draws as
 * x̂₀, and `lossData`, `lossPrior` and `lossEntropy`. A run makes steps·updates updates; only the length of the grid counts.
 *
 * Defaults: 10 000 updates by 32 draws, Adam with rate 2·10⁻⁴ after a warm-up over half of them, gradients cut at norm 1, all
 * λ = 1, Dormand and Prince with rtol 10⁻³ and atol 10⁻⁵, 16 Rademacher probes: the authors' example and configuration.
 * Their flow has 32 blocks; 4 are ours. `solver` and `odeSteps` take a known number of steps instead.
 *
 * Any differentiable operator and any noise with a likelihood. Known limits: hundreds of calls of the denoiser and as many
 * second derivatives an update, too slow for pictures of any size; KL(q ‖ p) leaves modes out; a flow of few blocks is
 * smoother than a posterior may be.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, matrixOperator, run, scorePrior } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.5), y: tensor([[1]]) }
 * const options = { steps: 100, updates: 1, learningRate: 0.03, warmUp: 0, samples: 8, solver: 'heun', odeSteps: 4, trace: 'exact' } as const
 * let mean: ArrayLike<number> = []
 * const x = await run(scorePrior(problem, prior, options), { onStep: ({ x0hat }) => void (mean = x0hat.dataSync()) })
 * Math.abs(mean[0]! - 0.8) < 0.6 // => true
 * ```
 */
export const scorePrior = defineMethod({
  name: 'score-prior',
  title: 'Score-based prior',
  family: 'variational',
  paper: {
    arxiv: '2304.11751',
    algorithm: 'the variational objective with the ODE density',
    authors: 'Feng et al. 2023',
  },
  needs: ['likelihood', 'operatorVjp', 'denoiserVjp'],
  cost: ['inner'],
  limits: 'Solves an ODE and its derivative in every update: for small problems; modes may be left out.',
  steps: 1000,
  spacing: 'linspace',
  options: {
    ...flowSpecs({ updates: 10, samples: 32, learningRate: 2e-4, warmUp: 0.5 }),
    solver: choice('of the ODE: adaptive, by Dormand and Prince, or odeSteps of one length', flowSolvers),
    odeSteps: integer('steps of the ODE, where it is not adaptive', { default: 10, min: 1 }),
    rtol: number('relative tolerance of adaptive steps', { default: 1e-3, above: 0 }),
    atol: number('absolute tolerance of adaptive steps', { default: 1e-5, above: 0 }),
    trace: choice('of the divergence: exact, of n products, or by probes', traces, 'rademacher'),
    probes: integer('probes of the trace', { default: 16, min: 1 }),
  },
  evaluations: (updates, { solver, odeSteps }) =>
    // An adaptive solver takes as many steps as it needs: said as for odeSteps, none of them refused.
    updates *
    (solver === 'adaptive'
      ? 1 +
        flowEvaluations('dormand-prince', odeSteps, false) +
        flowEvaluations('dormand-prince', odeSteps, true)
      : flowEvaluations(solver, odeSteps, true)),
  path: repeatedPath,
  plan: (run) => {
    const { prior, keys } = run
    const { samples: K, trace, probes, solver, odeSteps: steps, rtol, atol, sigmaMin } = run.options
    const options = { trace, probes, solver, steps, rtol, atol, sigmaMin, together: true }
    const density = (x: Tensor, own: readonly Key[]) => {
      const told = trace === 'exact' ? options : { ...options, keys: own }
      const { logDensity: value, gradient } = flowLogDensityGradient(prior, x, told)
      return { value, gradient }
    }
    return flowPlan(run, (i) => {
      const roots = trace === 'exact' ? [] : keys(i, 'probes')
      const own = roots.flatMap((root) => Array.from({ length: K }, (_, k) => root.fold(k)))
      // Adaptive steps are those of a sample; where their number is known one solve is for all.
      if (solver !== 'adaptive') return (drawn) => density(drawn, own)
      return bySample(K, (x, sample) => density(x, own.slice(sample * K, (sample + 1) * K)))
    })
  },
})

/** Options of {@link scorePrior}. */
export type ScorePriorOptions = OptionsOf<typeof scorePrior>
/** A step of {@link scorePrior}. */
export type ScorePriorStep = StepOf<typeof scorePrior>
