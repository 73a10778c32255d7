import { solvingOptions } from '../../guidance/inverse.ts'
import { uninformedScore } from '../../guidance/uninformed.ts'
import { choice, number } from '../../options/index.ts'
import { clipped } from '../../priors/clipped.ts'
import { residualNorm } from '../../run/residual.ts'
import { ancestralReverse } from '../../samplers/ancestral.ts'
import { forwardTransition } from '../../samplers/steps.ts'
import { clipRange, ddimEta, reverseVariance } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'

/**
 * Diffusion model based posterior sampling (DMPS; Meng & Kabashima, arXiv 2211.12343, Algorithm 1). For a prior that says
 * nothing, x₀ given x_t is N(x_t/α_t, (σ_t/α_t)²I), and the score of y in closed form, without the denoiser:
 *
 *     g(x) = (1/α_t)·Aᵀ(σ_y²I + (σ_t²/α_t²)·AAᵀ)⁻¹(y − A x/α_t)
 *     x′ = DDIM_η(x_t, x̂₀, z),     x_s = x′ + λ·(b/a)·g(x_t),
 *
 * a = α_t/α_s and b = σ_t² − a²σ_s², (1 − α_t)/√α_t of the paper for DDPM's α_t: the weight that a score has in an ancestral
 * step. `evalAt: 'after'` takes g at x′, still with α_t and σ_t, as the authors' code does; the paper's point is x_t. A step
 * shows the displacement as `guidance`.
 *
 * Defaults: λ = 1.75 and 1000 ancestral steps, whose `variance` their networks learn ('learned-range').
 * Linear operators with Gaussian noise, by the SVD or by conjugate gradients;
 * no gradient. Known limits: exact for a flat prior alone: y is compared with A x_t/α_t instead of A x̂₀, and x₀ given x_t
 * is taken to be as wide as the noise, so that early steps are guided toward what the prior excludes.
 *
 * @example
 * ```ts
 * import { dmps, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * const x = await run(dmps(problem, prior))
 * Math.abs(x.dataSync()[0]! - 1) < 0.3 // => true
 * ```
 */
export const dmps = defineMethod({
  name: 'dmps',
  title: 'Diffusion model based posterior sampling',
  family: 'explicit',
  paper: { arxiv: '2211.12343', algorithm: 'Algorithm 1', authors: 'Meng & Kabashima 2022' },
  needs: ['linear', 'sigma'],
  limits: 'The score leaves the prior out: early steps are guided toward what the prior excludes.',
  cost: ['svd'],
  steps: 1000,
  spacing: 'guided',
  finite: () => true,
  options: {
    scale: number('λ, factor of the guidance', { default: 1.75, min: 0 }),
    evalAt: choice('where the score is taken: at x_t, or at x_s before guidance', ['before', 'after']),
    eta: ddimEta(1),
    variance: reverseVariance,
    ...solvingOptions,
    clip: clipRange,
  },
  plan: ({ problem, prior: given, options, noise, z }) => {
    const { scale, evalAt, eta, variance: kind, clip, ...solving } = options
    const prior = clipped(given, clip)
    const { schedule } = prior
    const score = uninformedScore(problem, solving)
    const reverse = ancestralReverse(prior, { eta, variance: kind })
    return stepping({
      start: () => ({ x: noise() }),
      step: ({ x }, { t, s }, i) => {
        const at = { t, s, schedule }
        const { ratio, variance } = forwardTransition(at)
        const look = reverse.look(x, t, false)
        const { x0hat } = look
        const next = reverse.kernel(look)(x, x0hat, () => z(i, 'step'), at)
        const g = score(evalAt === 'before' ? x : next, schedule.alpha(t), schedule.sigma(t))
        const guidance = g.mul((scale * variance) / ratio)
        const residual = residualNorm(problem.operator, problem.y, x0hat)
        return { state: { x: next.add(guidance) }, shown: { x0hat, guidance }, numbers: { residual } }
      },
    })
  },
})

/** Options of {@link dmps}. */
export type DmpsOptions = OptionsOf<typeof dmps>
/** A step of {@link dmps}. */
export type DmpsStep = StepOf<typeof dmps>
