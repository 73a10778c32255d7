import { zerosLike } from '@tweedie/tensor'
import type { Observed } from '../../inner/observed.ts'
import { logNormal, observedDensity, observedDraw, seenScale, seenValue } from '../../inner/observed.ts'
import { rankCut } from '../../linalg/ridge.ts'
import { choice, number } from '../../options/index.ts'
import { populationOf, smcPlan } from '../../particles/index.ts'
import { ddim } from '../../samplers/kernel.ts'
import type { ReverseStep } from '../../samplers/steps.ts'
import { ddimNoise } from '../../samplers/steps.ts'
import { noiseLevel } from '../../schedules/levels.ts'
import type { Noise, Time } from '../../types.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod } from '../define.ts'
import { particleOptions } from '../particle-options.ts'
import { mcgDiffTimes, mcgDiffVariance, tauOf } from './mcg-diff-times.ts'

/**
 * Monte Carlo guided diffusion (MCGDiff; Cardoso et al., arXiv 2308.07983, Algorithms 1 and 2), in the coordinates x̄ = Vᵀx of
 * A = UΣVᵀ. At τ_i, where σ_τ/α_τ = σ_y/s_i, x̄_τ,i has given x₀ the law of α_τ·ȳ_i/s_i, and is taken as measured; above it
 *
 *     g_t(x̄) = Π_{i: τ_i ≤ t} N(x̄_i; α_t·ȳ_i/s_i, v_t),   v_t = σ_t² − (α_t/α_τ)²(σ_τ² − κ(α_τ² + σ_τ²)),
 *     w = N(μ; α_s·ȳ/s, v_s + σ̃²)/g_t(x_t),   x_s = K·α_s·ȳ/s + (1 − K)·μ + √(v_s·K)·z,   K = σ̃²/(σ̃² + v_s),
 *
 * μ and σ̃ of a step of DDIM, which is that of the other coordinates too; x_T ∝ N(0, σ_T²I)·g_T. `last` says how it ends:
 *
 * - `condition` (default): g_τ stays in the target, p_θ(x₀ | x̄_τ,i = α_τ·ȳ_i/s_i): the posterior as far as the steps undo the noising;
 * - `likelihood`, the authors' code: g_τ is divided out and p(y | x₀) put in. The target is p_θ(x₀)·p(y | x₀), but the weights have
 *   no bound: at any number of particles that can be had it counts y twice.
 *
 * Without noise τ_i is the clean end; the kernel there is N(x̂₀, (σ_t/α_t)²I), and A x₀ = y. The grid is of equal decrements of √ᾱ,
 * every τ_i on it where they are fewer than half of the steps; `spacing` has no part in it. `logEvidence` estimates log p_θ(y).
 *
 * Defaults: 64 particles, κ = 1e-4 and 100 steps of the authors' configurations, η = 1 and multinomial resampling in every step of
 * their code, whose first particles are N(0, I). Linear operators with an SVD, Gaussian noise, no gradients. Limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, matrixOperator, mcgDiff, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.1), y: tensor([[1]]) }
 * const x = await run(mcgDiff(problem, prior, { steps: 50 }))
 * Math.abs(x.dataSync()[0]! - 1) < 0.6 // => true
 * ```
 */
export const mcgDiff = defineMethod({
  name: 'mcg-diff',
  title: 'Monte Carlo guided diffusion (MCGDiff)',
  family: 'exact',
  paper: { arxiv: '2308.07983', algorithm: 'Algorithms 1 and 2', authors: 'Cardoso et al. 2023' },
  needs: ['svd', 'sigma'],
  limits:
    'Of many measured coordinates one particle has all the weight; as exact as the steps undo the noising.',
  cost: ['particles'],
  steps: 100,
  spacing: 'linspace',
  path: (times, { rankTolerance }, schedule, { operator, noise }) => {
    const levels = Array.from(rankCut(operator.svd(), rankTolerance), (s) => noise.sigma / s)
    return mcgDiffTimes(schedule, times.length, levels)
  },
  options: {
    ...particleOptions(64, 'multinomial'),
    eta: number("DDIM's η of the reverse step", { default: 1, above: 0, max: 1 }),
    kappa: number('κ, variance of what counts as measured', { default: 1e-4, above: 0, below: 1 }),
    last: choice('the end: condition on x_τ, or weigh by the likelihood', ['condition', 'likelihood']),
    rankTolerance: number('share of the largest s_i that counts as 0', { default: 1e-4, min: 0, max: 1 }),
  },
  plan: (run) => {
    const { problem, prior, options, times, start } = run
    const { operator, y } = problem
    const { sigma: sigmaY, likelihood }: Noise & { readonly sigma: number } = problem.noise
    const [{ schedule }, { eta, kappa, rankTolerance }] = [prior, options]
    const [cloud, kernel, svd] = [populationOf(run), ddim(eta), operator.svd()]
    const cut = rankCut(svd, rankTolerance)
    const taus = Array.from(cut, (s) => (s > 0 ? tauOf(schedule, times, sigmaY / s) : undefined))
    const counted = cut.map((s, k) => (taus[k] === undefined ? 0 : s))
    const end = options.last === 'likelihood' ? likelihood : undefined
    /** log |dx̄_τ/dy|, of α_τ/s in each coordinate, and of what y has outside. */
    const logs = taus.reduce<number>((sum, tau) => sum + Math.log(schedule.alpha(tau ?? schedule.clean)), 0)
    const measure = () => seenScale(svd, y, counted, sigmaY).add(logs)
    const potential = (t: Time): Observed => ({
      value: cloud.spread(seenValue(svd, y, counted)).mul(schedule.alpha(t)),
      variance: mcgDiffVariance(schedule, taus, kappa, t),
    })
    /** Without noise the last kernel has the spread of p(x₀ | x_t) for a flat prior. */
    const spreadOf = (at: ReverseStep) =>
      at.s === schedule.clean && sigmaY === 0 ? noiseLevel(schedule, at.t) ** 2 : ddimNoise(at, eta) ** 2
    return smcPlan('mcg-diff', run, {
      start: () => {
        const [z, spread] = [cloud.z(0, 'start', [cut.length]), schedule.sigma(start) ** 2]
        const g = potential(start)
        const x = svd.v(observedDraw(zerosLike(z), spread, g, z))
        return { particles: { x }, shared: {}, logWeight: observedDensity(zerosLike(z), spread, g) }
      },
      weigh: ({ x }, shared, { t, s }) => {
        const [at, g, next] = [{ t, s, schedule }, potential(t), potential(s)]
        const x0hat = prior.denoise(x, t)
        const mean = svd.vt(kernel(x, x0hat, () => zerosLike(x), at))
        const left = g.variance.map((v, k) =>
          end === undefined && next.variance[k] === Infinity ? Infinity : v,
        )
        const gained = observedDensity(mean, spreadOf(at), next).sub(logNormal(svd.vt(x), g.value, left))
        return { logWeight: gained, found: { x0hat, mean }, shared }
      },
      move: ({ mean }, _, { t, s }, i) => {
        const [at, clean] = [{ t, s, schedule }, s === schedule.clean]
        const z = clean ? zerosLike(mean) : cloud.z(i, 'step', [cut.length])
        const x = svd.v(observedDraw(mean, spreadOf(at), potential(s), z))
        if (!clean) return { particles: { x } }
        const likely = end?.log(cloud.spread(y), operator.forward(x))
        return { particles: { x }, logWeight: likely ?? cloud.spread(measure()) }
      },
    })
  },
})

/** Options of {@link mcgDiff}. */
export type McgDiffOptions = OptionsOf<typeof mcgDiff>
/** A step of {@link mcgDiff}. */
export type McgDiffStep = StepOf<typeof mcgDiff>
