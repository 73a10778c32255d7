import { vjp } from '@tweedie/autograd'
import type { Tensor } from '@tweedie/tensor'
import { concat, onesLike, randomUnits } from '@tweedie/tensor'
import { boundTime, evidenceBound, timeLaws } from '../../inner/index.ts'
import { choice, integer } from '../../options/index.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod } from '../define.ts'
import { bySample, flowPlan, flowSpecs, repeatedPath } from '../flow-posterior.ts'

/**
 * Efficient score-based prior (Feng and Bouman, arXiv 2309.01949): as the score-based prior (arXiv 2304.11751) a flow
 * x = G_φ(z), z ~ N(0, I), trained for one measurement by Adam on
 *
 *     E_z[−λ_d·log p(y | G_φ(z)) − λ_p·b_θ(G_φ(z)) − λ_e·log|det ∂G_φ/∂z|],
 *
 * with the evidence lower bound b_θ ≤ log p_θ of the diffusion ({@link evidenceBound}) in place of its log-density,
 *
 *     b_θ(x₀) = −KL(p(x_T|x₀) ‖ π) − ∫ (α_t/σ_t)²·E‖x₀ − x̂₀(x_t)‖² d log(σ_t/α_t) + E log N(x₀; x̂₀(x_{t₀}), s₀²I),
 *
 * estimated without bias by `times` times and one look at the least level: no ODE. Times have the density g²/σ², uniform in
 * log(σ/α), or with `timeLaw: 'uniform'` none. `sharing` draws of the flow have theirs in common, and one call of the denoiser.
 * Gradients go through the denoiser. The result of a sample is one draw of its trained flow; a step shows another as x, the
 * mean of its K draws as x̂₀, and `lossData`, `lossPrior` (an estimate) and `lossEntropy`. A run makes steps·updates updates;
 * only the length of the grid counts.
 *
 * Defaults: 20 000 updates by 64 draws, Adam with rate 10⁻⁵ after a warm-up over a quarter of them, gradients cut at norm 1, one
 * time, all λ = 1: the authors' configuration. With fewer updates take a larger rate. Their flow has 32 blocks; 4 are ours.
 *
 * Any differentiable operator and any noise with a likelihood. Known limits: noisy estimates of the bound, which small rates
 * average; KL(q ‖ p) leaves modes out; where the network's score is wrong the bound is loose.
 *
 * @example
 * ```ts
 * import { efficientScorePrior, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.5), y: tensor([[1]]) }
 * const options = { steps: 200, updates: 1, learningRate: 0.03, warmUp: 0, samples: 32, sharing: 8 }
 * let mean: ArrayLike<number> = []
 * await run(efficientScorePrior(problem, prior, options), { onStep: ({ x0hat }) => void (mean = x0hat.dataSync()) })
 * Math.abs(mean[0]! - 0.8) < 0.6 // => true
 * ```
 */
export const efficientScorePrior = defineMethod({
  name: 'efficient-score-prior',
  title: 'Efficient score-based prior',
  family: 'variational',
  paper: {
    arxiv: '2309.01949',
    algorithm: 'the variational objective with the evidence bound',
    authors: 'Feng and Bouman 2023',
  },
  needs: ['likelihood', 'operatorVjp', 'denoiserVjp'],
  limits: 'A flow has to be trained for every measurement; modes may be left out; the bound is an estimate.',
  steps: 1000,
  spacing: 'linspace',
  options: {
    ...flowSpecs({ updates: 20, samples: 64, learningRate: 1e-5, warmUp: 0.25 }),
    times: integer('times of an estimate of the bound', { default: 1, min: 1 }),
    timeLaw: choice('of their density: importance, in proportion to g²/σ²; uniform', timeLaws),
    sharing: integer('draws of the flow with times, and calls of the denoiser, in common', {
      default: 1,
      min: 1,
    }),
  },
  evaluations: (updates, { samples, sharing, times }) => updates * Math.ceil(samples / sharing) * (times + 1),
  path: repeatedPath,
  plan: (run) => {
    const { prior, z, keys } = run
    const { times: J, timeLaw, sharing, samples: K, sigmaMin } = run.options
    const groups = Array.from(
      { length: Math.ceil(K / sharing) },
      (_, g) => [g * sharing, Math.min(K, (g + 1) * sharing)] as const,
    )
    return flowPlan(run, (i) => {
      const units = keys(i, 'times').map((key) => randomUnits(key, J * groups.length))
      const noise = z(i, 'noise', [J, K, ...prior.shape])
      const end = z(i, 'end', [K, ...prior.shape])
      return bySample(K, (x, sample) => {
        const each = groups.map((rows, g) => {
          const times = Array.from({ length: J }, (_, j) => ({
            ...boundTime(prior.schedule, timeLaw, sigmaMin, units[sample]?.[g * J + j] ?? 0),
            noise: noise.slice(sample, j, rows),
          }))
          const draws = { times, end: end.slice(sample, rows) }
          const [value, back] = vjp((at: Tensor) => evidenceBound(prior, at, draws, sigmaMin), x.slice(rows))
          return { value, gradient: back(onesLike(value))[0] }
        })
        const joined = (part: 'value' | 'gradient') => concat(each.map((one) => one[part]))
        return { value: joined('value'), gradient: joined('gradient') }
      })
    })
  },
})

/** Options of {@link efficientScorePrior}. */
export type EfficientScorePriorOptions = OptionsOf<typeof efficientScorePrior>
/** A step of {@link efficientScorePrior}. */
export type EfficientScorePriorStep = StepOf<typeof efficientScorePrior>
