import { maximum, zeros, zerosLike } from '@tweedie/tensor'
import { policyGradient, squaredLoss } from '../../inner/zeroth-order.ts'
import { batchOf, sampleSize, sumPerSample } from '../../linalg/per-sample.ts'
import { choice, integer, number } from '../../options/index.ts'
import { clipped } from '../../priors/clipped.ts'
import { lookAt } from '../../run/look.ts'
import { residualNorm, unitOf } from '../../run/residual.ts'
import { ddim } from '../../samplers/kernel.ts'
import { clipRange, ddimEta } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'

/** Of the running loss: what is kept of it in a step. */
const kept = 0.9

/**
 * Diffusion policy gradient (DPG; Tang et al., arXiv 2403.10585, Algorithm 1): the guidance is the gradient of an expected
 * reward, which needs values of A alone. With ℓ(x₀) = ‖y − A(x₀)‖², per sample and step:
 *
 *     Z ← 0.9·Z + 0.1·ℓ(x̂₀) (at first ℓ(x̂₀)),     r = max(√(Z/n)/2, r_min),     x₀ᵏ = x̂₀ + r·z_k, k = 1 … K,
 *     R_k = e^{−(ℓ(x₀ᵏ) − ℓ(x̂₀))/Z},     ĝ = Jᵀ(1/K)·Σ (R_k − b_k)·z_k/r,     b_k = Σ_{j≠k} R_j/(K − 1),
 *     d = β_i·ĝ_before + (1 − β_i)·ĝ,  β_i = β·(N − i − 1)/N,     score ← score + scale·d/‖d‖,
 *
 * then a step of DDIM with η: x̂₀ gains (σ_t²/α_t)·scale·d/‖d‖. With `adds: 'noise'` it is −ε̂ = σ_t·score that gains it, and x̂₀
 * (σ_t/α_t)·scale·d/‖d‖: so the authors (loveisbasa/DPG). J = ∂x̂₀/∂x_t; n numbers in x₀; `ĝ_before` is the raw gradient of the step
 * before. ĝ has no bias for the gradient of E R(x̂₀ + r·z) through x̂₀. A step shows scale·d/‖d‖ as `guidance`, r as `radius` and
 * the standard error of the mean before Jᵀ, relative to its length, as `gradientError`.
 *
 * Defaults of the code beside EnKG (devzhk/enkg-pytorch): K = 5000, scale 200, β = 0.1, r_min = 0, 1000 steps of the SDE (η = 1).
 * The length of the guidance is the same whatever there is to correct: 200 is for √n of some hundreds, which ε̂ is long.
 * Any operator; σ_y is ignored. Known limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { dpg, gaussianNoise, gaussianPrior, quantise, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: quantise([2], { bits: 3 }), noise: gaussianNoise(0.05), y: tensor([[0.71, 0.43]]) }
 * const x = await run(dpg(problem, prior, { steps: 100, samples: 50, scale: 5 }))
 * Math.abs(x.dataSync()[0]! - 0.71) < 0.5 // => true
 * ```
 */
export const dpg = defineMethod({
  name: 'dpg',
  title: 'Diffusion policy gradient',
  family: 'explicit',
  paper: { arxiv: '2403.10585', algorithm: 'Algorithm 1', authors: 'Tang et al. 2024' },
  needs: ['denoiserVjp'],
  limits:
    'Its guidance has one length whatever is left to correct; of K points in n dimensions it is off by about √(n/K).',
  steps: 1000,
  spacing: 'guided',
  finite: () => true,
  queries: (steps, { samples }) => steps * (1 + samples),
  options: {
    samples: integer('K, points around x̂0', { default: 5000, min: 2 }),
    scale: number('the length of what is added to the score', { default: 200, min: 0 }),
    momentum: number('β, the part of the gradient before, at the first step', {
      default: 0.1,
      min: 0,
      max: 1,
    }),
    leastRadius: number('r_min, the least radius around x̂0', { default: 0, min: 0 }),
    adds: choice('what gains it: the score, or σ times the score, the noise', ['score', 'noise']),
    eta: ddimEta(1),
    clip: clipRange,
  },
  plan: ({ problem, prior: given, options, times, noise, z }) => {
    const { samples: K, scale, momentum, leastRadius, adds, eta, clip } = options
    const [prior, kernel, loss] = [clipped(given, clip), ddim(eta), squaredLoss(problem, K)]
    const { shape, schedule } = prior
    const wide = shape.map(() => 1)
    return stepping({
      start: () => {
        const x = noise()
        return {
          x,
          past: zerosLike(x),
          Z: zeros([batchOf(x), ...wide], { dtype: x.dtype, device: x.device }),
        }
      },
      step: ({ x, past, Z: before }, { t, s }, i) => {
        const { x0hat, pullback, sigma, alpha } = lookAt(prior, x, t, true)
        const N = batchOf(x)
        const norm = residualNorm(problem.operator, problem.y, x0hat).reshape([N, ...wide])
        const here = norm.square()
        const Z = i === 0 ? here : before.mul(kept).add(here.mul(1 - kept))
        const r = maximum(Z.div(sampleSize(x)).sqrt().div(2), Math.max(leastRadius, 1e-15))
        const points = z(i, 'points', [K, ...shape])
        const around = x0hat.reshape([N, 1, ...shape]).add(points.mul(r.reshape([N, 1, ...wide])))
        const gained = here.reshape([N, 1]).sub(loss(around.reshape([N * K, ...shape])).reshape([N, K]))
        const rewards = gained.div(maximum(Z.reshape([N, 1]), 1e-30)).exp()
        const { gradient, variance } = policyGradient(rewards, points, r)
        const raw = pullback(gradient)
        const beta = i === 0 ? 0 : (momentum * (times.length - i - 1)) / times.length
        const guidance = unitOf(past.mul(beta).add(raw.mul(1 - beta))).mul(scale)
        const x0 = x0hat.add(guidance.mul(sigma ** (adds === 'score' ? 2 : 1) / alpha))
        const error = unitOf(sumPerSample(variance), sumPerSample(gradient.square())).sqrt()
        return {
          state: { x: kernel(x, x0, () => z(i, 'step'), { t, s, schedule }), past: raw, Z },
          shown: { x0hat, guidance },
          numbers: { residual: norm, radius: r, gradientError: error },
        }
      },
    })
  },
})

/** Options of {@link dpg}. */
export type DpgOptions = OptionsOf<typeof dpg>
/** A step of {@link dpg}. */
export type DpgStep = StepOf<typeof dpg>
