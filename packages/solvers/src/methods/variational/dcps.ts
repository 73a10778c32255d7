import type { Key, Tensor } from '@tweedie/tensor'
import { blockPotential } from '../../guidance/block-potential.ts'
import { diagonal } from '../../guidance/midpoint.ts'
import { fitOptimizers, gaussianFit, normalLike, placed } from '../../inner/gaussian-fit.ts'
import { tamedLangevin } from '../../inner/tamed-langevin.ts'
import { choice, integer, number } from '../../options/index.ts'
import { residualNorm } from '../../run/residual.ts'
import { bridgeLaw } from '../../samplers/bridge.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'

/** The block of a step, whether it is its first or last step, and the step that the block below begins with. */
function blockOf(i: number, steps: number, blocks: number) {
  const of = (j: number) => Math.floor((j * blocks) / steps)
  const below = Math.ceil(((of(i) + 1) * steps) / blocks)
  return { below, first: i === 0 || of(i - 1) < of(i), last: i === below - 1 }
}

/**
 * Divide-and-conquer posterior sampling (DCPS; Janati et al., arXiv 2403.11407): the times are cut in blocks, at whose ends ℓ stand
 * potentials that y says something of without the denoiser, g_ℓ(x_ℓ) = p(α_ℓ·y | A x_ℓ); at the clean end that is the likelihood. Within
 * a block x goes from one such law to the next. At its upper end u, a few tamed Langevin steps,
 *
 *     x ← x + γ/(1 + γ‖h‖)·h + √(2γ)·z,     h = ∇ log p_u(x) + ∇ log g_ℓ(E[x_ℓ]),   x_ℓ ~ DDIM from x,
 *
 * norms per sample; then in each step from t to s, with K(· | x_t) the step of DDIM with η,
 *
 *     x_s ~ q = N(m, diag e^{2v}),   a few steps down E_q E[−log g_ℓ(x_ℓ)] + KL(q ‖ K(· | x_t)),   x_ℓ ~ DDIM from x_s,
 *
 * begun at K. A step goes along the unit gradient of m and of v, `learningRate` long (`optimizer: 'normalised'`), or is Adam's. The end
 * is x̂₀ of the last time.
 *
 * Defaults: 3 blocks of 100 steps, 5 Langevin steps of γ = 1e-3 and 2 updates of length 1.5, the authors' script for images. That
 * length is one of 200,000 numbers, and each update goes all of it: for few numbers take less, or Adam. Where noise is not Gaussian
 * g_ℓ is its likelihood at α_ℓ·y; theirs is a Gaussian of the variance of the counts. Linear A, or one with A(αx) near α·A(x). Limits:
 * `info.limits`.
 *
 * @example
 * ```ts
 * import { dcps, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.2), y: tensor([[1]]) }
 * const x = await run(dcps(problem, prior, { steps: 60, learningRate: 0.02 }))
 * Math.abs(x.dataSync()[0]! - 1) < 1.5 // => true
 * ```
 */
export const dcps = defineMethod({
  name: 'dcps',
  title: 'Divide-and-conquer posterior sampling (DCPS)',
  family: 'variational',
  paper: { arxiv: '2403.11407', algorithm: 'Algorithm 1', authors: 'Janati et al. 2024' },
  needs: ['likelihood', 'denoiserVjp', 'operatorVjp'],
  limits:
    'g_ℓ has the noise of y, not that of x_ℓ: too sharp far from the clean end; normalised steps are as long at the optimum as elsewhere.',
  cost: ['inner'],
  steps: 300,
  spacing: 'linspace',
  options: {
    blocks: integer('blocks that the steps are cut in', { default: 3, min: 1 }),
    langevinSteps: integer('tamed Langevin steps where a block begins', { default: 5, min: 0 }),
    langevinStep: number('γ of those', { default: 1e-3, above: 0 }),
    fitSteps: integer('updates of a fit', { default: 2, min: 0 }),
    optimizer: choice('who makes them', fitOptimizers),
    learningRate: number('length of a normalised step, rate of Adam', { default: 1.5, above: 0 }),
    eta: number("DDIM's η of the steps and of the way to the end of a block", {
      default: 1,
      above: 0,
      max: 1,
    }),
  },
  evaluations: (steps, { blocks, langevinSteps, fitSteps }) =>
    Array.from({ length: steps }, (_, i) => {
      const { first, last } = blockOf(i, steps, blocks)
      return 1 + (first ? langevinSteps : 0) + (last ? 0 : fitSteps)
    }).reduce((sum, each) => sum + each, 0),
  plan: ({ problem, prior, options, times, noise, z, keys }) => {
    const { operator, y } = problem
    const { blocks, langevinSteps, langevinStep, fitSteps, optimizer, learningRate, eta } = options
    const { schedule } = prior
    const potential = blockPotential(problem, prior, eta)
    return stepping({
      start: () => ({ x: noise() }),
      step: ({ x: before }, { t, s }, i) => {
        const block = blockOf(i, times.length, blocks)
        const end = times[block.below]?.t ?? schedule.clean
        const x = block.first
          ? tamedLangevin((at) => potential.tilted(at, t, end), before, {
              steps: langevinSteps,
              step: langevinStep,
              keys: keys(i, 'langevin'),
            })
          : before
        const x0hat = prior.denoise(x, t)
        const numbers = { residual: residualNorm(operator, y, x0hat) }
        if (s === schedule.clean) return { state: { x: x0hat }, shown: { x0hat }, numbers }
        const law = bridgeLaw({ schedule, t, s, end: schedule.clean, eta }, x0hat, x)
        const gradient = (at: Tensor, drawn: readonly Key[]) =>
          potential.gradient(at, s, end, normalLike(drawn, at)).neg()
        const fit = { steps: fitSteps, learningRate, optimizer, keys: keys(i, 'fit') }
        const next = placed(gaussianFit(gradient, law, diagonal(law), fit), z(i, 'step'))
        return { state: { x: next }, shown: { x0hat }, numbers }
      },
    })
  },
})

/** Options of {@link dcps}. */
export type DcpsOptions = OptionsOf<typeof dcps>
/** A step of {@link dcps}. */
export type DcpsStep = StepOf<typeof dcps>
