import { OptionError } from '@tweedie/tensor'
import { denoisingSample } from '../../inner/denoising-sampler.ts'
import { choice, integer, number } from '../../options/index.ts'
import { residualNorm } from '../../run/residual.ts'
import { ddpmVariances } from '../../samplers/steps.ts'
import { geometricBetween, levelsOf, timesWithin } from '../../schedules/level-grids.ts'
import { noiseLevel } from '../../schedules/levels.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'
import { consistencySampler, consistencyWays } from './dpnp-data.ts'

/**
 * Diffusion plug-and-play (DPnP; Xu & Chi, arXiv 2403.17042): Gibbs sampling of π(x, z) ∝ p(x)·p(y | z)·exp(−‖x − z‖²/2η²) by
 * turns,
 *
 *     z ~ p(y | z)·N(z; x, η²I)     the proximal consistency sampler: exact for linear A and Gaussian noise, else MALA from x
 *     x ~ p(x₀ | x₀ + η·ε = z)      the denoising diffusion sampler: the reverse diffusion from z down, `priorSteps` steps
 *
 * A step from the level σ_i to σ_j, with β = σ_j²/σ_i² and E the denoised x, is x ← β·x + (1 − β)·E + √v·ξ; `variance` is
 * v = σ_i² − σ_j² (`large`, DDS-DDPM) or β·(σ_i² − σ_j²) (`small`, ancestral), and the last step has no noise.
 *
 * η_k is η₀ for the first part `hold` of the turns, then falls geometrically toward `etaMin`; within the levels of the prior.
 * It starts at N(0, (η₀/4)·I); the result is the last x.
 *
 * At fixed η the law of x tends to the posterior under noise of covariance σ_y²I + η²AAᵀ: off by O(η²), and by
 * O(1/priorSteps), `large` too wide and `small` too narrow. MALA leaves its law as it is, whatever γ is, but forgets slowly.
 *
 * Defaults: dps-benchmark (Zach et al., arXiv 2509.12821), where η₀ is 1 unless it is tuned. It visits every index below η;
 * here it is `priorSteps` levels from η itself. γ and the number of MALA steps are ours.
 *
 * @example
 * ```ts
 * import { dpnp, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.1), y: tensor([[1]]) }
 * const x = await run(dpnp(problem, prior, { priorSteps: 10 }))
 * Math.abs(x.dataSync()[0]! - 1) < 0.9 // => true
 * ```
 */
export const dpnp = defineMethod({
  name: 'dpnp',
  title: 'DPnP',
  family: 'exact',
  paper: { arxiv: '2403.17042', algorithm: 'DPnP with DDS-DDPM', authors: 'Xu & Chi 2024' },
  needs: ['operatorVjp'],
  limits:
    'Off by O(η²); a smaller η mixes slower. MALA steps must be short; without them A is linear and the noise Gaussian.',
  cost: ['prox', 'inner'],
  steps: 40,
  spacing: 'linspace',
  options: {
    eta0: number('η₀, coupling of the first turns', { default: 1, above: 0 }),
    etaMin: number('what η falls to', { default: 0.1, above: 0 }),
    hold: number('part of the turns with η₀', { default: 0.2, min: 0, below: 1 }),
    priorSteps: integer('steps of the denoising sampler in a turn', { default: 30, min: 1 }),
    variance: choice('of its steps: that of Euler–Maruyama, or ancestral', ddpmVariances, 'large'),
    data: choice('the draw of z; auto: exact where A is linear and the noise Gaussian', consistencyWays),
    stepSize: number('γ of MALA', { default: 1e-3, above: 0 }),
    malaSteps: integer('MALA steps in a turn', { default: 100, min: 1 }),
  },
  evaluations: (steps, { priorSteps }) => steps * priorSteps,
  path: (times, { eta0, etaMin, hold, priorSteps }, schedule) => {
    const first = Math.floor(hold * times.length)
    const etas = times.map((_, k) =>
      k < first ? eta0 : geometricBetween(eta0, etaMin, (k - first) / (times.length - first)),
    )
    const { low } = levelsOf(schedule)
    if (priorSteps > 1 && !(Math.min(...etas) > low))
      throw new OptionError('etaMin', `must be above ${low}, the least level of the prior, got ${etaMin}`)
    return timesWithin(schedule, etas)
  },
  plan: ({ problem, prior, options, z: draw, keys }) => {
    const { operator, y } = problem
    const { eta0, priorSteps: steps, variance } = options
    const consistent = consistencySampler(problem, options)
    return stepping({
      start: () => ({ x: draw(0, 'start').mul(Math.sqrt(eta0) / 2) }),
      step: ({ x }, { t }, i) => {
        const { z, acceptance } = consistent(x, noiseLevel(prior.schedule, t), {
          noise: () => ({ x: draw(i, 'coupling'), y: draw(i, 'measured', operator.outShape) }),
          keys: () => keys(i, 'chain'),
        })
        const next = denoisingSample(prior, z, t, { steps, variance, keys: keys(i, 'prior') })
        return {
          state: { x: next },
          shown: { x0hat: next, z },
          numbers: { residual: residualNorm(operator, y, next), acceptance },
        }
      },
    })
  },
})

/** Options of {@link dpnp}. */
export type DpnpOptions = OptionsOf<typeof dpnp>
/** A step of {@link dpnp}. */
export type DpnpStep = StepOf<typeof dpnp>
