import { adam, vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { treeMap } from '@tweedie/tensor'
import { redDiffGradient } from '../../guidance/red-diff-gradient.ts'
import { redDiffOptions } from '../../guidance/red-diff-options.ts'
import { firstEstimate } from '../../linalg/first-estimate.ts'
import { choice, integer, number, object } from '../../options/index.ts'
import { population } from '../../particles/population.ts'
import { repulsion } from '../../particles/repulsion.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'
import { UnfitError } from '../fit.ts'

type Features = (x: Tensor) => Tensor
const isFeatures = (value: unknown): value is Features => typeof value === 'function'

/**
 * Repulsive score distillation (Zilberstein, Mardani & Segarra, arXiv 2406.16683), the form without a second variable: RED-diff
 * with K particles μ_i for each sample that repel each other, so that they do not all end in one mode. Each descends
 *
 *     v·½·mean((y − A(μ_i))²) + w_t·mean(sg[ε_θ(x_i; t) − ε_i − γ·σ_t·g_i]·μ_i),   x_i = α_t·μ_i + σ_t·ε_i,
 *     g_i = −∇_{x_i} log Σ_{j≠i} exp(−‖F(x_i) − F(x_j)‖²/h_i),   h_i = median_j ‖F(x_i) − F(x_j)‖²/log K
 *
 * with Adam ({@link repulsion}). ε_θ is −σ_t times the score of the prior, −g_i the score of the particles' own density: γ = 1
 * would be the gradient flow of KL(particles ‖ posterior), were the kernels that density. F are `features`, such as a
 * network's; the particles themselves where left out. `compare: 'clean'` compares the μ_i instead of the x_i: on pixels the
 * noise of the x_i is most of their distance, and drowns what tells the μ_i apart. Samples never see each other's particles.
 *
 * All particles have one weight: the result is the first of each sample. A step shows all, `particles` [N, K, …shape];
 * x̂₀, the residual and the losses are those of the first.
 *
 * Defaults: those of `red-diff`; K = 4 and x_i compared, as the authors' code; γ = 1. Their γ, 0 or 30, is for features of a
 * network on latents; they start at N(0, I), we about the estimate of `red-diff`. They take log(K − 1), with which two particles
 * do not repel at all; log K is the rule's own. With the paper's second variable, a picture tied to a decoded latent, it is
 * `latent-rlsd`; on latents without it give `compose(A, decoder)`.
 *
 * Where γ = 0 and `startSpread` = 0 the first particle is RED-diff, bit for bit. Known limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { gaussianMixturePrior, gaussianNoise, matrixOperator, rlsd, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianMixturePrior({ weights: [1, 1], means: [[1, -1], [1, 1]], covariances: 0.01 })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.05), y: tensor([[1]]) }
 * let both = 0
 * await run(rlsd(problem, prior, { steps: 200 }), {
 *   onStep: ({ particles }) => void (both = new Set([0, 1, 2, 3].map((k) => particles.dataSync()[2 * k + 1]! > 0)).size),
 * })
 * both // => 2
 * ```
 */
export const rlsd = defineMethod({
  name: 'rlsd',
  title: 'Repulsive score distillation',
  family: 'variational',
  paper: { arxiv: '2406.16683', algorithm: "the authors' rsd.py", authors: 'Zilberstein et al. 2024' },
  needs: ['operatorVjp'],
  limits: 'Those of RED-diff; the spread of the particles is set by γ and the kernel, not by the posterior.',
  cost: ['particles'],
  steps: 1000,
  spacing: 'linspace',
  finite: () => true,
  options: {
    particles: integer('K, particles of a sample', { default: 4, min: 1 }),
    gamma: number('γ, weight of the repulsion', { default: 1, min: 0 }),
    bandwidth: number('h of the kernel', { above: 0, otherwise: 'median²/log K of each particle' }),
    compare: choice('what particles are compared by: x_t or μ', ['noisy', 'clean']),
    startSpread: number('standard deviation of the μ_i about μ₀ at the start', { default: 0.1, min: 0 }),
    features: object('F, differentiable', 'a function of batches', isFeatures, 'the particles themselves'),
    ...redDiffOptions,
  },
  plan: ({ problem, prior, options, z }) => {
    const { particles, gamma, bandwidth, compare, startSpread, features } = options
    const initial = firstEstimate(problem, options.init, options.rankTolerance)
    const lack = `init '${options.init}' needs more than '${problem.operator.name}' has`
    if (initial === undefined) throw new UnfitError('rlsd', 'linear', lack)
    const cloud = population({ particles })
    const optimizer = adam(options)
    const wide = (x: Tensor) => x.reshape([-1, particles, ...x.shape.slice(1)])
    const first = (x: Tensor) => wide(x).slice(null, 0)
    const flat = (x: Tensor) => x.reshape([-1, ...prior.shape])
    const apart = (x: Tensor) => {
      if (features === undefined) return repulsion(x, { particles, bandwidth })
      const [f, back] = vjp(features, x)
      return back(repulsion(f, { particles, bandwidth }))[0]
    }
    const draw = (i: number, purpose: string) => flat(z(i, purpose, [particles, ...prior.shape]))
    return stepping({
      start: () => {
        const alike = cloud.spread(initial(problem.y))
        const all = startSpread > 0 ? alike.add(draw(0, 'start').mul(startSpread)) : alike
        return { x: first(all), particles: wide(all), adam: optimizer.init(all) }
      },
      step: (state, { t }, i) => {
        const mu = flat(state.particles)
        const strength = gamma * prior.schedule.sigma(t)
        const noise = {
          epsilon: draw(i, 'epsilon'),
          epsilon0: options.sigmaX0 > 0 ? draw(i, 'epsilon0') : undefined,
          repulsion:
            gamma > 0 ? (xt: Tensor) => apart(compare === 'noisy' ? xt : mu).mul(strength) : undefined,
        }
        const y = cloud.spread(problem.y)
        const at = { operator: problem.operator, y }
        const { gradient, x0hat, ...told } = redDiffGradient(at, prior, mu, t, noise, options)
        const { params, state: moved } = optimizer.update(gradient, state.adam, mu)
        return {
          state: { x: first(params), particles: wide(params), adam: moved },
          shown: { x0hat: first(x0hat), particles: wide(params) },
          numbers: treeMap(told, first),
        }
      },
    })
  },
})

/** Options of {@link rlsd}. */
export type RlsdOptions = OptionsOf<typeof rlsd>
/** A step of {@link rlsd}. */
export type RlsdStep = StepOf<typeof rlsd>
