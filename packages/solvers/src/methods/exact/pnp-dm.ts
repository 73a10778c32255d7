import { OptionError } from '@tweedie/tensor'
import { keptNone, keptSpread, keptWith } from '../../inner/kept.ts'
import { reverseOde, reverseSde } from '../../inner/reverse-ode.ts'
import { choice, integer, number } from '../../options/index.ts'
import { residualNorm } from '../../run/residual.ts'
import { decayingLevels, levelsOf, timesWithin } from '../../schedules/level-grids.ts'
import { noiseLevel } from '../../schedules/levels.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'
import { dataWays, likelihoodStep } from './pnp-dm-data.ts'

/**
 * Plug-and-play diffusion models (PnP-DM; Wu et al., arXiv 2405.18782, Algorithm 1): Gibbs sampling of
 *
 *     π(x, z) ∝ p(x)·p(y | z)·exp(−‖x − z‖²/2ρ²)
 *
 * by turns, z ~ π(z | x) and x ~ π(x | z). The latter is p(x₀ | x_t) of the diffusion at the noise level σ_t/α_t = ρ: the
 * reverse SDE is started at x_t = α_t·z, exactly at ρ, and run to the clean end in `priorSteps` steps. The former is drawn
 *
 *     exact:      z ~ N(Λ⁻¹(Aᵀy/σ_y² + x/ρ²), Λ⁻¹),  Λ = AᵀA/σ_y² + I/ρ²,  for linear A and Gaussian noise
 *     langevin:   from z = x by z ← z + γ·∇log p(y | z) − γ·(z − x)/ρ² + √(2γ)·ξ, `langevinSteps` times
 *
 * A step of a run is a turn; ρ_k = max(ρ₀·dᵏ, ρ_min), within the levels of the prior. The result is the last x. After the
 * burn-in every x is kept: a step shows their `mean` and standard deviation `spread`, and z.
 *
 * At fixed ρ the law of x is the posterior under noise of covariance σ_y²I + ρ²AAᵀ: off by O(ρ²), and by O(1/priorSteps) of
 * the SDE, O(γ) of Langevin. The SDE's steps are ancestral with the larger variance, which is right for a small ρ.
 * `sampler: 'ode'`, which the authors' code has as well, is no draw of p(x | z): too narrow.
 *
 * Defaults: theirs for linear tasks; γ and its number of steps those of phase retrieval. Of their one grid of 100 levels 30 are
 * below ρ_min = 0.3 (67 below ρ₀): so 30 steps, from ρ itself. Where A has no SVD the exact draw is by perturbing and
 * solving, in conjugate gradients until they converge or `iterations` of them.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, matrixOperator, pnpDm, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.1), y: tensor([[1]]) }
 * const x = await run(pnpDm(problem, prior, { steps: 30, priorSteps: 10, rhoMin: 0.1 }))
 * Math.abs(x.dataSync()[0]! - 1) < 0.9 // => true
 * ```
 */
export const pnpDm = defineMethod({
  name: 'pnp-dm',
  title: 'PnP-DM',
  family: 'exact',
  paper: { arxiv: '2405.18782', algorithm: 'Algorithm 1', authors: 'Wu et al. 2024' },
  needs: ['operatorVjp'],
  limits:
    'Off by O(ρ²); a smaller ρ mixes slower. Langevin steps must be short; without them A is linear and the noise Gaussian.',
  cost: ['prox', 'inner'],
  steps: 100,
  spacing: 'linspace',
  options: {
    rho0: number('ρ₀, coupling of the first turn', { default: 10, above: 0 }),
    decay: number('d, factor of ρ from turn to turn', { default: 0.9, above: 0, max: 1 }),
    rhoMin: number('ρ_min, the least ρ', { default: 0.3, above: 0 }),
    priorSteps: integer('steps of the reverse SDE in a turn', { default: 30, min: 1 }),
    sampler: choice('the prior step: a draw (sde), or the probability-flow ODE', ['sde', 'ode']),
    data: choice('the draw of z; auto: exact where A is linear and the noise Gaussian', dataWays),
    langevinStep: number('γ of the Langevin steps', { default: 1e-4, above: 0 }),
    langevinSteps: integer('Langevin steps in a turn', { default: 100, min: 1 }),
    iterations: integer('conjugate gradients of the exact draw', {
      min: 1,
      otherwise: 'until they converge',
    }),
    burnIn: number('part of the turns before samples are kept', { default: 0.4, min: 0, below: 1 }),
  },
  evaluations: (steps, { priorSteps }) => steps * priorSteps,
  path: (times, { rho0, decay, rhoMin, priorSteps }, schedule) => {
    const rhos = decayingLevels(times.length, { first: rho0, decay, least: rhoMin })
    const { low } = levelsOf(schedule)
    if (priorSteps > 1 && !(Math.min(...rhos) > low))
      throw new OptionError('rhoMin', `must be above ${low}, the least level of the prior, got ${rhoMin}`)
    return timesWithin(schedule, rhos)
  },
  plan: ({ problem, prior, options, times, z: draw, keys }) => {
    const { operator, y } = problem
    const { priorSteps, sampler, burnIn } = options
    const likelihood = likelihoodStep(problem, options)
    return stepping({
      start: () => {
        const x = draw(0, 'start')
        return { x, kept: keptNone(x) }
      },
      step: ({ x, kept }, { t }, i) => {
        const z = likelihood(x, noiseLevel(prior.schedule, t), {
          noise: () => ({ x: draw(i, 'coupling'), y: draw(i, 'measured', operator.outShape) }),
          keys: () => keys(i, 'chain'),
        })
        const [xt, how] = [z.mul(prior.schedule.alpha(t)), { steps: priorSteps }]
        const next =
          sampler === 'ode'
            ? reverseOde(prior, xt, t, how)
            : reverseSde(prior, xt, t, { ...how, variance: 'large', keys: keys(i, 'prior') })
        const now = i >= burnIn * times.length ? keptWith(kept, next) : kept
        return {
          state: { x: next, kept: now },
          shown: { x0hat: next, z, mean: now.mean, spread: keptSpread(now) },
          numbers: { residual: residualNorm(operator, y, next) },
        }
      },
    })
  },
})

/** Options of {@link pnpDm}. */
export type PnpDmOptions = OptionsOf<typeof pnpDm>
/** A step of {@link pnpDm}. */
export type PnpDmStep = StepOf<typeof pnpDm>
