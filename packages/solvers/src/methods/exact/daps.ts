import { OptionError } from '@tweedie/tensor'
import { decoupledDraws, estimates } from '../../inner/decoupled.ts'
import { gaussianNoise } from '../../noise/gaussian.ts'
import { choice, flag, integer, number } from '../../options/index.ts'
import { karrasLevels, levelsOf, timesWithin } from '../../schedules/level-grids.ts'
import { isLinear } from '../../types.ts'
import { decoupledPlan, requireFlow } from '../decoupled-plan.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod } from '../define.ts'
import { UnfitError } from '../fit.ts'

/**
 * Decoupled annealing posterior sampling (DAPS; Zhang et al., arXiv 2407.01521, Algorithm 1). At levels σ_i = σ_t/α_t, from
 * x_t ~ p(x_t | y) an x₀ ~ p(x₀ | x_t, y), which is then noised to the next level: x_s = α_s·x₀ + σ_s·z. With
 *
 *     p(x₀ | x_t, y) ∝ N(x₀; x̂₀, C)·exp(−‖y − A(x₀)‖²/(2τ²))
 *
 * `estimate` is x̂₀ and C: the end of the probability flow from x_t and σ_i²I (DAPS), E[x₀ | x_t] and σ_i²I, or
 * E[x₀ | x_t] and Cov[x₀ | x_t]. `draw` is `langevin`, x₀ ← x₀ − η·∇U + √(2η)·z from x̂₀, or the Hamiltonian chain `hmc`,
 * η = learningRate·(1 + i/(n+1)·(decay − 1)); for linear A `exact`, or `map`, its mean. With `law: 'score'` a chain has
 * the prior's score at `scoreLevel` in place of N(x̂₀, C): slower, right for any prior. `rto-tu` and `map-tu` are
 * tweedie/exact and tweedie/map on another grid, which `visitLast` and its ends make this one.
 *
 * As Gibbs sampling of x_t and x₀ it keeps the posterior where the draw is that of the true p(x₀ | x_t, y): `exact` with
 * `covariance` on a Gaussian prior. σ_i²I is too wide by σ_i⁴/(v + σ_i²) in a direction of variance v.
 *
 * Defaults: the authors' for super-resolution; of their n + 1 levels the last is never visited. τ is σ_y; theirs is 0.01
 * in a gradient twice too large, so 0.01/√2, whatever σ_y is. Their flow ends at σ = 0.01, ours at the clean end.
 *
 * @example
 * ```ts
 * import { daps, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.1), y: tensor([[1]]) }
 * const x = await run(daps(problem, prior, { steps: 30, estimate: 'covariance', draw: 'exact' }))
 * Math.abs(x.dataSync()[0]! - 1) < 0.7 // => true
 * ```
 */
export const daps = defineMethod({
  name: 'daps',
  title: 'DAPS',
  family: 'exact',
  paper: { arxiv: '2407.01521', algorithm: 'Algorithm 1', authors: 'Zhang et al. 2024' },
  needs: ['operatorVjp', 'sigma'],
  limits:
    'σ_i²I overstates the spread of x₀; a chain of short steps stays near x̂₀; η·(‖A‖²/τ² + 1/σ_i²) must be below 2.',
  cost: ['inner'],
  steps: 200,
  spacing: 'linspace',
  options: {
    estimate: choice('x̂₀ and C, the latter σ²I but for covariance', estimates),
    draw: choice('how x₀ is drawn', decoupledDraws),
    law: choice('p(x₀ | x_t) in a chain: N(x̂₀, σ²I), or by the score', ['gaussian', 'score']),
    sigmaMax: number('σ of the first step', { default: 100, above: 0 }),
    sigmaMin: number('σ that the grid ends at', { default: 0.1, above: 0 }),
    visitLast: flag('the last of the levels is visited too'),
    odeSteps: integer('steps of the flow of an estimate', { default: 5, min: 1 }),
    innerSteps: integer('steps of a chain', { default: 100, min: 1 }),
    learningRate: number('η of the first chain', { default: 1e-4, above: 0 }),
    decay: number('part of η that is left at the end', { default: 0.01, above: 0, max: 1 }),
    momentum: number('m of hmc', { default: 0.9, min: 0, below: 1 }),
    tau: number('τ, standard deviation that y is trusted with', { min: 0, otherwise: 'σ_y' }),
    scoreLevel: number('σ of the score with law score', { default: 0.01, above: 0 }),
  },
  evaluations: (steps, { estimate, odeSteps, law, innerSteps }) =>
    steps * ((estimate === 'ode' ? odeSteps : 1) + (law === 'score' ? innerSteps : 0)),
  path: (times, { sigmaMax, sigmaMin, estimate, visitLast }, schedule) => {
    const { low, high } = levelsOf(schedule)
    requireFlow(estimate, sigmaMin, low)
    const range = { sigmaMax: Math.min(sigmaMax, high), sigmaMin }
    const levels = karrasLevels(times.length + (visitLast ? 0 : 1), range)
    return timesWithin(schedule, levels.slice(0, times.length))
  },
  plan: (run) => {
    const { problem, prior, options, times } = run
    const { operator, noise, y } = problem
    const { draw, law, learningRate, decay, scoreLevel, tau = noise.sigma } = options
    const chain = draw === 'langevin' || draw === 'hmc'
    const linear = isLinear(operator) ? { operator, y, sigmaY: tau } : undefined
    if (!chain && linear === undefined)
      throw new UnfitError('daps', 'linear', `draw '${draw}' needs a linear operator`)
    if (!chain && law === 'score') throw new OptionError('law', "'score' takes draw langevin or hmc")
    if (chain && tau === 0) throw new OptionError('tau', 'must be above 0 for a chain, got 0')
    const { likelihood } = gaussianNoise(tau)
    const scoreTime = law === 'score' ? timesWithin(prior.schedule, [scoreLevel])[0]?.t : undefined
    const settings = { ...options, scoreTime, iterations: 1 }
    const rate = (i: number) => learningRate * (1 + (i / (times.length + 1)) * (decay - 1))
    return decoupledPlan(run, { operator, y, linear, likelihood }, settings, rate)
  },
})

/** Options of {@link daps}. */
export type DapsOptions = OptionsOf<typeof daps>
/** A step of {@link daps}. */
export type DapsStep = StepOf<typeof daps>
