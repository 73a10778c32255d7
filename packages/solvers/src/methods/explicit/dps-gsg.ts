import { greater, where, zerosLike } from '@tweedie/tensor'
import { lengthAdvice, scaleSteps, stepScale } from '../../guidance/scale.ts'
import { differenceSchemes, smoothedGradient, squaredLoss } from '../../inner/zeroth-order.ts'
import { sumPerSample } from '../../linalg/per-sample.ts'
import { choice, integer, number } from '../../options/index.ts'
import { clipped } from '../../priors/clipped.ts'
import { lookAt } from '../../run/look.ts'
import { residualNorm, unitOf } from '../../run/residual.ts'
import { ddim } from '../../samplers/kernel.ts'
import { clipRange, ddimEta } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'

/** Directions that a number of queries pays for. */
const directionsOf = (queries: number, scheme: string): number =>
  scheme === 'central' ? Math.floor(queries / 2) : queries

/**
 * DPS with a Gaussian-smoothed gradient (DPS-GSG; a baseline of Zheng et al., arXiv 2409.20175, Appendix): diffusion posterior
 * sampling for an operator that can only be run. With f(x₀) = ‖y − A(x₀)‖² and directions z_k ~ N(0, I),
 *
 *     ĝ = (1/K)·Σ z_k·(f(x̂₀ + μz_k) − f(x̂₀ − μz_k))/(2μ),     x_s = DDIM_η(x_t, x̂₀, z) − ζ·Jᵀĝ/(2‖y − A(x̂₀)‖),
 *
 * J = ∂x̂₀/∂x_t, all norms per sample: −ζ·∇‖y − A(x̂₀)‖ of DPS where ĝ is the gradient. `scheme: 'forward'` takes
 * (f(x̂₀ + μz_k) − f(x̂₀))/μ instead, twice as many directions for the same queries. As K → ∞ ĝ is the gradient of f smoothed by
 * N(0, μ²I), as μ → 0 that of f: then this is DPS with the same ζ. A step shows the displacement as `guidance`, and the standard
 * error of ĝ relative to ‖ĝ‖, which holds that error too, as `gradientError`: near 1 ĝ is mostly noise.
 *
 * Defaults of the authors' code: 1024 queries a step, central, μ = 0.01, ζ = 0.01, 1000 ancestral steps. Any operator; made for
 * Gaussian noise, of which σ_y is ignored. Known limits: of K directions in n dimensions ĝ is off by about √(n/K)·‖g‖, `gradientError` about √(n/(n + K)); where A
 * jumps, ĝ stays while ‖y − A(x̂₀)‖ vanishes, and the step leaps: take `scg` or `enkg` there.
 *
 * @example
 * ```ts
 * import { defineBlackBox, dpsGsg, gaussianNoise, gaussianPrior, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const energy = defineBlackBox({
 *   name: 'energy', summary: 'the energy of two numbers', example: 'energy', options: {},
 *   build: (shape) => ({ inShape: shape, outShape: [1], measure: ([a = 0, b = 0]) => [a * a + b * b] }),
 * })
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: energy([2]), noise: gaussianNoise(0.1), y: tensor([[2]]) }
 * const x = await run(dpsGsg(problem, prior, { steps: 200, queries: 16, scale: 0.05 }))
 * const [a = 0, b = 0] = x.dataSync()
 * Math.abs(a * a + b * b - 2) < 1 // => true
 * ```
 */
export const dpsGsg = defineMethod({
  name: 'dps-gsg',
  title: 'DPS with a Gaussian-smoothed gradient',
  family: 'explicit',
  paper: { arxiv: '2409.20175', algorithm: 'Appendix (baselines)', authors: 'Zheng et al. 2024' },
  needs: ['denoiserVjp'],
  limits:
    'Its gradient is off by about √(n/K) of itself for K directions in n dimensions; ignores σ_y, as DPS.',
  steps: 1000,
  spacing: 'guided',
  advice: lengthAdvice({ from: 10, to: 100, by: 'published configurations' }),
  queries: (steps, { queries, scheme }) =>
    steps * (1 + directionsOf(queries, scheme) * (scheme === 'central' ? 2 : 1)),
  options: {
    queries: integer('measurements of a step, beside one at x̂0', { default: 1024, min: 4 }),
    scheme: choice('central: two measurements a direction; forward: one', differenceSchemes),
    mu: number('μ, the width of the smoothing', { default: 0.01, above: 0 }),
    scale: number('ζ, the length of a guidance step, as in dps', { default: 0.01, min: 0 }),
    scaleSteps,
    eta: ddimEta(1),
    clip: clipRange,
  },
  plan: ({ problem, prior: given, options, times, noise, z }) => {
    const { queries, scheme, mu, eta, clip } = options
    const scale = stepScale(options.scale, options.scaleSteps, times.length)
    const [prior, kernel, K] = [clipped(given, clip), ddim(eta), directionsOf(queries, scheme)]
    const f = squaredLoss(problem, K)
    return stepping({
      start: () => ({ x: noise() }),
      step: ({ x }, { t, s }, i) => {
        const { x0hat, pullback } = lookAt(prior, x, t, true)
        const norm = residualNorm(problem.operator, problem.y, x0hat)
        const directions = z(i, 'directions', [K, ...prior.shape])
        const { gradient, variance } = smoothedGradient(f, x0hat, directions, () => norm.square(), {
          mu,
          scheme,
        })
        const norms = norm.reshape([norm.size, ...prior.shape.map(() => 1)])
        // As DPS: nothing where nothing is left over.
        const unit = where(greater(norms, 0), unitOf(gradient, norms.mul(2)), zerosLike(gradient))
        const guidance = pullback(unit).mul(-scale)
        const next = kernel(x, x0hat, () => z(i, 'step'), { t, s, schedule: prior.schedule })
        const error = unitOf(sumPerSample(variance), sumPerSample(gradient.square())).sqrt()
        return {
          state: { x: next.add(guidance) },
          shown: { x0hat, guidance },
          numbers: { residual: norm, gradientError: error },
        }
      },
    })
  },
})

/** Options of {@link dpsGsg}. */
export type DpsGsgOptions = OptionsOf<typeof dpsGsg>
/** A step of {@link dpsGsg}. */
export type DpsGsgStep = StepOf<typeof dpsGsg>
