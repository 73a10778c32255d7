import { estimates } from '../../inner/decoupled.ts'
import { choice, integer, number } from '../../options/index.ts'
import {
  annealingEvaluations,
  annealingPath,
  annealingSpecs,
  decoupledData,
  decoupledPlan,
} from '../decoupled-plan.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod } from '../define.ts'

/**
 * Diffusion annealing by randomise-then-optimise (RTO-TU; Crafts & Villa, arXiv 2503.03007): DAPS with an exact draw in the
 * place of its chain. At levels σ_i = σ_t/α_t
 *
 *     x₀ ~ N(x̂₀, C)·p(y | A(x₀)),     x_s = α_s·x₀ + σ_s·z.
 *
 * | `estimate` | | x̂₀ | C |
 * | --- | --- | --- | --- |
 * | `tweedie` | TU | E[x₀ \| x_t] | σ_i²I |
 * | `covariance` | TC | E[x₀ \| x_t] | Cov[x₀ \| x_t], by dense matrices |
 * | `ode` | ODE | end of the probability flow from x_t | σ_i²I |
 *
 * | `draw` | | x₀ |
 * | --- | --- | --- |
 * | `exact` | RTO | A linear, noise Gaussian: a draw. Else with ε ~ N(0, I) and y' a draw of the noise about y, by L-BFGS argmin_x −log p(y' \| A(x)) + ½‖x − x̂₀ − C^½ε‖²_{C⁻¹} |
 * | `langevin` | Lang | `innerSteps` steps x ← x − η·∇U + √(2η)·z from x̂₀ |
 * | `hmc` | | the Hamiltonian chain of DAPS, of the same length |
 *
 * `map-tu` takes the mean. On a Gaussian prior `covariance` with `exact` keeps the posterior at every level and forgets its
 * start at the rate Π Σ(Σ + σ_i²I)⁻¹; σ_i²I is too wide by σ_i⁴/(v + σ_i²) in a direction of variance v.
 *
 * Defaults: the authors' configurations, in which 200 levels from 10 to 0.01 have evenly spaced 7th roots and all are visited.
 * Levels that the prior does not reach are cut to its ends. Their L-BFGS is one for the whole batch; here each
 * sample has its own.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, matrixOperator, rtoTu, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.1), y: tensor([[1]]) }
 * const x = await run(rtoTu(problem, prior, { steps: 30, estimate: 'covariance' }))
 * Math.abs(x.dataSync()[0]! - 1) < 0.7 // => true
 * ```
 */
export const rtoTu = defineMethod({
  name: 'rto-tu',
  title: 'RTO-TU',
  family: 'exact',
  paper: { arxiv: '2503.03007', algorithm: 'RTO with TU, TC, ODE; Lang', authors: 'Crafts & Villa 2025' },
  needs: ['operatorVjp'],
  limits:
    'σ_i²I overstates the spread of x₀, most where y says little; Cov[x₀ | x_t] takes dense matrices; no draw is exact where A is not linear.',
  cost: ['prox', 'inner'],
  steps: 200,
  spacing: 'linspace',
  options: {
    estimate: choice('x̂₀ and C, the latter σ²I but for covariance', estimates, 'tweedie'),
    draw: choice('how x₀ is drawn', ['exact', 'langevin', 'hmc']),
    ...annealingSpecs,
    innerSteps: integer('steps of a chain', { default: 100, min: 1 }),
    learningRate: number('η of a chain', { default: 5e-5, above: 0 }),
    momentum: number('m of hmc', { default: 0.9, min: 0, below: 1 }),
  },
  evaluations: annealingEvaluations,
  path: (times, options, schedule) => annealingPath(times.length, options, schedule),
  plan: (run) => {
    const { problem, options } = run
    return decoupledPlan(run, decoupledData('rto-tu', problem, options), options, () => options.learningRate)
  },
})

/** Options of {@link rtoTu}. */
export type RtoTuOptions = OptionsOf<typeof rtoTu>
/** A step of {@link rtoTu}. */
export type RtoTuStep = StepOf<typeof rtoTu>
