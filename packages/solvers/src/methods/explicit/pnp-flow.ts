import type { Tensor } from '@tweedie/tensor'
import { sign, zeros } from '@tweedie/tensor'
import { batchOf } from '../../linalg/per-sample.ts'
import { choice, integer, number } from '../../options/index.ts'
import { residualAt } from '../../run/residual.ts'
import { combine } from '../../samplers/steps.ts'
import { flowGrid, flowTime } from '../../schedules/flow-time.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'

/**
 * PnP-Flow (Martin, Gagneux, Hagemann & Steidl, arXiv 2410.02423, Algorithm 3): plug-and-play with the denoiser of a flow, D_t(z) = z + (1 −
 * t)·v(z, t). At t = 0, 1/n … 1 − 1/n, from noise to data, x goes down the data term, back onto the path, and through D_t:
 *
 *     z = x − γ_t·∇½‖y − A(x)‖²,     γ_t = c·(1 − t)^a,     x ← mean over K draws ξ of D_t(t·z + (1 − t)·ξ).
 *
 * `loss: 'absolute'` has ‖y − A(x)‖₁, for Laplace noise. The first step forgets where x began, 0. Any prior is a flow: D_t(z) is its E[x₀ | x_t]
 * at x_t = (α_t + σ_t)·z for t = α_t/(α_t + σ_t), so that x_t = α_t·z + σ_t·ξ. No gradient through the denoiser; x is never noisy.
 *
 * On a Gaussian prior with linear A the mean of the iteration at a fixed t rests at the exact posterior mean for noise of variance
 * (1 − t)²/(γ_t·t²) (the page has the proof): the noise that it acts on fades as t → 1 and has nothing to do with σ_y.
 *
 * Defaults: 100 steps, K = 5, c = 1 and a = 1, of the repository's first configuration; the presets have the a of its tasks, 0.01 to
 * 0.8. Any differentiable operator. Known limits: a point, no draw of the posterior; unstable where c·‖A‖² > 2; ignores σ_y.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, matrixOperator, pnpFlow, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(pnpFlow(problem, prior))
 * Math.abs(x.dataSync()[0]! - 1) < 0.2 // => true
 * ```
 */
export const pnpFlow = defineMethod({
  name: 'pnp-flow',
  title: 'PnP-Flow',
  family: 'explicit',
  paper: { arxiv: '2410.02423', algorithm: 'Algorithm 3', authors: 'Martin et al. 2025' },
  needs: ['operatorVjp'],
  limits: 'Finds one point and draws no samples of the posterior; ignores σ_y; unstable where c·‖A‖² > 2.',
  steps: 100,
  spacing: 'trailing',
  options: {
    scale: number('c, length of a step down the data term', { default: 1, min: 0 }),
    exponent: number('a of γ_t = c·(1 − t)^a', { default: 1, min: 0 }),
    draws: integer('K, draws that D_t is averaged over', { default: 5, min: 1 }),
    loss: choice('the data term: ½‖y − A(x)‖², or ‖y − A(x)‖₁', ['squares', 'absolute']),
  },
  evaluations: (steps, { draws }) => steps * draws,
  grid: flowGrid,
  plan: ({ problem: { operator, y }, prior, options, z: draw }) => {
    const { scale, exponent, draws, loss } = options
    const { schedule } = prior
    const nothing = () => zeros([batchOf(y), ...prior.shape], { dtype: y.dtype, device: y.device })
    return stepping({
      start: () => ({ x: nothing() }),
      step: ({ x }, { t }, i) => {
        const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
        const { r, norm, back } = residualAt(operator, y, x)
        const length = scale * flowTime(schedule, t) ** exponent
        const z = x.add(back(loss === 'absolute' ? sign(r) : r).mul(length))
        let sum: Tensor = nothing()
        for (let k = 0; k < draws; k++)
          sum = sum.add(prior.denoise(combine([alpha, z], [sigma, draw(i, `noise ${k}`)]), t))
        const mean = sum.div(draws)
        return { state: { x: mean }, shown: { x0hat: mean }, numbers: { residual: norm } }
      },
    })
  },
})

/** Options of {@link pnpFlow}. */
export type PnpFlowOptions = OptionsOf<typeof pnpFlow>
/** A step of {@link pnpFlow}. */
export type PnpFlowStep = StepOf<typeof pnpFlow>
