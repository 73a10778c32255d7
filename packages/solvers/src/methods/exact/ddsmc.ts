import type { Tensor } from '@tweedie/tensor'
import { OptionError, zerosLike } from '@tweedie/tensor'
import { estimateOf } from '../../inner/decoupled.ts'
import { decoupledKernel, decoupledProposal } from '../../inner/decoupled-kernel.ts'
import type { Observed } from '../../inner/observed.ts'
import { logNormal, observedDensity, observedDraw, row, seenScale, seenValue } from '../../inner/observed.ts'
import { rankCut } from '../../linalg/ridge.ts'
import { choice, integer, number } from '../../options/index.ts'
import { populationOf, smcPlan } from '../../particles/index.ts'
import { alphaBar, noiseLevel } from '../../schedules/levels.ts'
import type { Time } from '../../types.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod } from '../define.ts'
import { particleOptions } from '../particle-options.ts'

/**
 * Decoupled diffusion sequential Monte Carlo (DDSMC; Ekström Kelvinius et al., arXiv 2502.06379), for a linear measurement with
 * Gaussian noise, by its singular values. Steps of any coupling η, b = σ_t² − (α_t/α_s)²σ_s², d = b + η·(α_t/α_s)²σ_s²:
 *
 *     f(x_s | x_t) = N(a₀·x̂₀ + a₁·x_t, v·I) ∝ N(x_s; α_s·x̂₀, σ_s²I)·N(x_t; (α_t/α_s)·x_s, b·I)^η,
 *     a₀ = α_s·b/d,     a₁ = η·(α_t/α_s)·σ_s²/d,     v = b·σ_s²/d:
 *
 * η = 0 forgets x_t (DAPS), η = 1 is DDPM's step. The potential is L_t = N(y; A x̂₀, σ_y²I + ρ_t²AAᵀ), the proposal what f would
 * be were x₀ ~ N(x̂₀, ρ_t²I) given y, of mean m and covariance M⁻¹, and the rest of v noise:
 *
 *     x_s ~ q = N(a₀·m + a₁·x_t, (v − a₀²ρ_t²)·I + a₀²M⁻¹),     w_s = L_s·f(x_s | x_t)/(L_t·q(x_s | x_t)).
 *
 * ρ_t² is ½ (`spreadFactor`) of 1 − ᾱ_t = σ_t²/(α_t² + σ_t²), or of σ_t²/α_t²; where a₀²ρ_t² exceeds ¾v, q has a ρ that does not.
 * The last step is a `draw` of N(x̂₀, ρ_t²I) given y; or `exact`, x̂₀ weighed by p(y | x̂₀)/L_t; or `mean`, m weighed by p(y | m)/L_t,
 * the authors'. The target of the first two is p(x₀)·p(y | x₀), p the law of steps f, with a `logEvidence` without bias. That law
 * tends to the prior's with η = 1 and `tweedie`, or with η = 0 and the flow (`ode`).
 *
 * Defaults: η, particles, steps and estimate of InverseBench; ρ_t² = (1 − ᾱ_t)/2 and multinomial resampling in every step of the
 * authors, whose VP code has σ_s² for v in q (`width: 'level'`). Limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { ddsmc, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.1), y: tensor([[1]]) }
 * const x = await run(ddsmc(problem, prior, { steps: 50, eta: 1 }))
 * Math.abs(x.dataSync()[0]! - 1) < 0.6 // => true
 * ```
 */
export const ddsmc = defineMethod({
  name: 'ddsmc',
  title: 'Decoupled diffusion sequential Monte Carlo',
  family: 'exact',
  paper: { arxiv: '2502.06379', algorithm: 'Algorithm 1', authors: 'Ekström Kelvinius et al. 2025' },
  needs: ['svd', 'sigma'],
  limits:
    'Of many numbers one particle has all the weight; its steps have the law of the prior at η = 0 or 1 alone.',
  cost: ['particles'],
  steps: 200,
  spacing: 'linspace',
  options: {
    ...particleOptions(16, 'multinomial'),
    eta: number('η: 0 forgets x_t, 1 is an ancestral step', { default: 0.5, min: 0, max: 1 }),
    estimate: choice('x̂₀: E[x₀ | x_t], or the end of the flow; in the last step the former', [
      'tweedie',
      'ode',
    ]),
    odeSteps: integer('steps of the flow', { default: 10, min: 1 }),
    spread: choice('ρ_t² is a part of 1 − ᾱ_t, or of σ_t²/α_t²', ['share', 'noise-level']),
    spreadFactor: number('that part', { default: 0.5, above: 0 }),
    width: choice('variance that q starts from: v of f, or σ_s²', ['kernel', 'level']),
    last: choice('the end: a draw given y, x̂₀ weighed, or the mean given y', ['draw', 'exact', 'mean']),
    rankTolerance: number('share of the largest s_i that counts as 0', { default: 1e-4, min: 0, max: 1 }),
  },
  evaluations: (steps, { estimate, odeSteps }) => 1 + (steps - 1) * (estimate === 'ode' ? odeSteps : 1),
  plan: (run) => {
    const { problem, prior, options, start } = run
    const [{ operator, noise, y }, { schedule, shape }] = [problem, prior]
    if (options.last !== 'draw' && noise.sigma === 0)
      throw new OptionError('last', `'${options.last}' weighs by p(y | x₀): without noise take draw`)
    const [cloud, svd] = [populationOf(run), operator.svd()]
    const singular = rankCut(svd, options.rankTolerance)
    const variance = singular.map((s) => (s > 0 ? (noise.sigma / s) ** 2 : Infinity))
    const seen = (): Observed => ({ value: cloud.spread(seenValue(svd, y, singular)), variance })
    const estimate = estimateOf(prior, options.estimate === 'ode' ? { steps: options.odeSteps } : undefined)
    /** ρ_t². */
    const spread = (t: Time) =>
      options.spreadFactor *
      (options.spread === 'share' ? 1 - alphaBar(schedule, t) : noiseLevel(schedule, t) ** 2)
    return smcPlan('ddsmc', run, {
      start: () => ({ particles: { x: cloud.z(0, 'start', shape).mul(schedule.sigma(start)) }, shared: {} }),
      weigh: ({ x }, shared, { t, s }) => {
        const x0hat = s === schedule.clean ? prior.denoise(x, t) : estimate(x, t)
        const centre = svd.vt(x0hat)
        const potential = observedDensity(centre, spread(t), seen())
        return { logWeight: potential, found: { x0hat, centre, place: svd.vt(x), potential }, shared }
      },
      move: ({ centre, place, potential }, _, { t, s }, i) => {
        const z = cloud.z(i, 'step', [singular.length])
        if (s === schedule.clean) {
          const rest = options.last === 'draw' ? z : zerosLike(z)
          const x0 = observedDraw(centre, options.last === 'exact' ? 0 : spread(t), seen(), rest)
          const scale = cloud.spread(seenScale(svd, y, singular, noise.sigma))
          const log = options.last === 'draw' ? potential : observedDensity(x0, 0, seen())
          return { particles: { x: svd.v(x0) }, logWeight: log.sub(potential).add(scale) }
        }
        const kernel = decoupledKernel({ t, s, schedule }, options.eta)
        const width = options.width === 'level' ? schedule.sigma(s) ** 2 : kernel.variance
        const q = decoupledProposal(kernel.ofX0, width, spread(t), variance)
        const by = (x0: Tensor) => x0.mul(kernel.ofX0).add(place.mul(kernel.ofX))
        const mean = by(observedDraw(centre, q.spread, seen(), zerosLike(z)))
        const x = mean.add(z.mul(row(q.variance.map(Math.sqrt), z)))
        const flat = new Float64Array(singular.length).fill(kernel.variance)
        const logRatio = logNormal(x, by(centre), flat).sub(logNormal(x, mean, q.variance))
        return { particles: { x: svd.v(x) }, logWeight: logRatio.sub(potential) }
      },
    })
  },
})

/** Options of {@link ddsmc}. */
export type DdsmcOptions = OptionsOf<typeof ddsmc>
/** A step of {@link ddsmc}. */
export type DdsmcStep = StepOf<typeof ddsmc>
