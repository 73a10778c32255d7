import { estimates } from '../../inner/decoupled.ts'
import { choice } from '../../options/index.ts'
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
 * Diffusion annealing by the most probable x₀ (MAP-TU; Crafts & Villa, arXiv 2503.03007): RTO-TU with the mode in the place of
 * the draw. At levels σ_i = σ_t/α_t
 *
 *     x₀ = argmax_x N(x; x̂₀, C)·p(y | A(x)),     x_s = α_s·x₀ + σ_s·z,
 *
 * with x̂₀ and C by `estimate`, as in `rto-tu`: `tweedie` (TU), `covariance` (TC), `ode`. Of a linear A with Gaussian noise it
 * is x̂₀ + C Aᵀ(A C Aᵀ + σ_y²I)⁻¹(y − A x̂₀), else what `iterations` of L-BFGS come to from x̂₀.
 *
 * With C = σ_i²I it is the step of DiffPIR (arXiv 2305.08995) at λ = ζ = 1. The spread of its samples is that of the noise
 * between levels alone: too narrow, and most so where y says most; where y says nothing it is nearer than that of RTO-TU,
 * whose σ_i²I is too wide.
 *
 * Defaults: the authors' configurations, as `rto-tu`.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, mapTu, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.1), y: tensor([[1]]) }
 * const x = await run(mapTu(problem, prior, { steps: 30 }))
 * Math.abs(x.dataSync()[0]! - 1) < 0.3 // => true
 * ```
 */
export const mapTu = defineMethod({
  name: 'map-tu',
  title: 'MAP-TU',
  family: 'exact',
  paper: { arxiv: '2503.03007', algorithm: 'MAP with TU, TC, ODE', authors: 'Crafts & Villa 2025' },
  needs: ['operatorVjp'],
  limits:
    'The spread of its samples is that of the noise between levels, not of the posterior: too narrow where y says much.',
  cost: ['prox'],
  steps: 200,
  spacing: 'linspace',
  options: {
    estimate: choice('x̂₀ and C, the latter σ²I but for covariance', estimates, 'tweedie'),
    ...annealingSpecs,
  },
  evaluations: annealingEvaluations,
  path: (times, options, schedule) => annealingPath(times.length, options, schedule),
  plan: (run) => {
    const settings = { ...run.options, draw: 'map', innerSteps: 1, momentum: 0 } as const
    return decoupledPlan(run, decoupledData('map-tu', run.problem, settings), settings, () => 0)
  },
})

/** Options of {@link mapTu}. */
export type MapTuOptions = OptionsOf<typeof mapTu>
/** A step of {@link mapTu}. */
export type MapTuStep = StepOf<typeof mapTu>
