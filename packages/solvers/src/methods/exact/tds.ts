import type { Tensor } from '@tweedie/tensor'
import { clamp, zerosLike } from '@tweedie/tensor'
import { logNormal } from '../../inner/observed.ts'
import { inFloat64 } from '../../linalg/precise.ts'
import { choice, interval, number } from '../../options/index.ts'
import { populationOf, smcPlan } from '../../particles/index.ts'
import { residualAt } from '../../run/residual.ts'
import { ancestral, ancestralLook, requireVariance } from '../../samplers/ancestral.ts'
import type { Problem } from '../../types.ts'
import { ancestralVariance } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod } from '../define.ts'
import { particleOptions } from '../particle-options.ts'
import { measuredLast, needsDensity, twistOf } from './tds-twist.ts'

/** Each sample as one row of coordinates. */
const flat = (x: Tensor): Tensor => x.reshape([x.shape[0] ?? 0, -1])

/**
 * Twisted diffusion sampler (TDS; Wu et al., arXiv 2306.17775, Algorithm 1). Particles, with p̃_t = p(y | x₀ = x̂₀(x_t)) as
 * twist, of a variance of σ_y² + r_t² where noise is Gaussian; μ_θ and σ̃ are the mean and the noise of an ancestral step:
 *
 *     g = ∇_{x_t} log p̃_t(x_t),     x_s ~ q = N(μ_θ(x_t, clip[x̂₀ + (σ_t²/α_t)·g]), σ̃²I),
 *     w_s = p_θ(x_s | x_t)·p̃_s(x_s) / (p̃_t(x_t)·q(x_s | x_t)),     w_0 = p(y | x₀)/p̃_t(x_t),   x₀ = x̂₀(x_t).
 *
 * The target is p_θ(x₀)·p(y | x₀), p_θ the law of the ancestral sampler at these steps, whatever the twist: r_t, `clip` and
 * the gradient change the variance of the weights, never the target; `logEvidence` estimates ∫ p_θ(x₀)·p(y | x₀) dx₀
 * without bias. Without noise (orthonormal rows only) the last kernel is N(x̂₀, (σ_t/α_t)²I), what p(x₀ | x_t) is where the
 * prior is flat: A x₀ is set to y and w_0 = N(y; A x̂₀, (σ_t/α_t)²I)/p̃_t. A step shows the population: `particles`, their
 * `weights` and `ancestors`, `ess` and `logEvidence`; x is one of them.
 *
 * `spread`, r_t²: 'noise-level' σ_t²/α_t², 'pigdm' σ_t²τ²/(α_t²τ² + σ_t²) with τ² = `dataVariance`, 'none' 0. Defaults: 4
 * particles, systematic resampling in every step, 100 steps, as the authors' code for images, whose r_t² is 'noise-level'.
 * There the twisted x̂₀ is always clipped to [−1, 1]: for images say so. Their σ̃ is learned (`variance: 'learned-range'`); where
 * none is, guided-diffusion takes β (`large`), and so does this. With β̃ a twisted mean may lie many σ̃ away, and weights vary.
 *
 * Any differentiable operator, any noise of a known likelihood. Known limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, matrixOperator, run, type TdsStep, tds } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.3), y: tensor([[1]]) }
 * let logEvidence = 0
 * const onStep = (step: TdsStep) => void (logEvidence = step.logEvidence[0]!)
 * const x = await run(tds(problem, prior, { steps: 50, particles: 64 }), { onStep })
 * Math.abs(x.dataSync()[0]! - 0.92) < 1.5 // => true
 * Math.abs(logEvidence + 1.42) < 0.5 // => true
 * ```
 */
export const tds = defineMethod({
  name: 'tds',
  title: 'Twisted diffusion sampler',
  family: 'exact',
  paper: { arxiv: '2306.17775', algorithm: 'Algorithm 1', authors: 'Wu et al. 2023' },
  needs: [needsDensity, 'denoiserVjp', 'operatorVjp'],
  limits: 'Exact as K grows for the sampler, not the data; in many dimensions one particle has all weight.',
  cost: ['particles'],
  steps: 100,
  spacing: 'guided',
  finite: () => true,
  options: {
    ...particleOptions(4, 'systematic'),
    spread: choice(
      'r_t², the variance of x0 given x_t in the twist; auto: noise-level for Gaussian noise, else none',
      ['auto', 'none', 'noise-level', 'pigdm'],
    ),
    dataVariance: number('τ², the variance of x0 that pigdm stands on', { default: 1, above: 0 }),
    variance: ancestralVariance('large'),
    clip: interval('range of the twisted x̂0, of the proposal alone', 'none'),
  },
  plan: (run) => {
    const { operator, noise, y: measured }: Problem = run.problem
    const { prior, options, start } = run
    const { schedule, shape } = prior
    const [cloud, { variance }] = [populationOf(run), options]
    requireVariance(prior, variance)
    const twist = twistOf(noise, options.spread, options.dataVariance)
    return smcPlan('tds', run, {
      start: () => ({ particles: { x: cloud.z(0, 'start', shape).mul(schedule.sigma(start)) }, shared: {} }),
      weigh: ({ x }, shared, { t }) => {
        const { x0hat, alpha, sigma, v, pullback } = ancestralLook(prior, x, t, { variance, through: true })
        const y = cloud.spread(measured)
        const { clean, back } = residualAt(operator, y, x0hat)
        const law = twist(alpha, sigma)
        const g = pullback(back(law.score(y, clean)))
        const logTwist = inFloat64(law.log(y, clean))
        return { logWeight: logTwist, found: { x, x0hat, g, logTwist, ...(v && { v }) }, shared }
      },
      move: ({ x, x0hat, g, logTwist, v }, _, { t, s }, i) => {
        const [alpha, sigma] = [schedule.alpha(t), schedule.sigma(t)]
        if (s === schedule.clean) {
          const y = cloud.spread(measured)
          const exact = noise.likelihood?.log(y, operator.forward(x0hat))
          if (exact) return { particles: { x: x0hat }, logWeight: inFloat64(exact).sub(logTwist) }
          const last = measuredLast(operator, y, x0hat, (sigma / alpha) ** 2)
          return { particles: { x: last.x }, logWeight: last.log.sub(logTwist) }
        }
        const at = { t, s, schedule }
        const { kernel, deviation } = ancestral(variance, v)
        const [z, scale] = [cloud.z(i, 'step', shape), deviation(at)]
        const guided = x0hat.add(g.mul(sigma ** 2 / alpha))
        const twisted = options.clip === undefined ? guided : clamp(guided, ...options.clip)
        const mean = (x0: Tensor) => kernel(x, x0, () => zerosLike(x), at)
        const by = mean(twisted)
        const next = by.add(z.mul(scale))
        const unit = new Float64Array(x.size / (x.shape[0] ?? 1)).fill(1)
        const density = (m: Tensor) => logNormal(flat(next.sub(m).div(scale)), flat(zerosLike(m)), unit)
        const logRatio = density(mean(x0hat)).sub(density(by))
        return { particles: { x: next }, logWeight: logRatio.sub(logTwist) }
      },
    })
  },
})

/** Options of {@link tds}. */
export type TdsOptions = OptionsOf<typeof tds>
/** A step of {@link tds}. */
export type TdsStep = StepOf<typeof tds>
