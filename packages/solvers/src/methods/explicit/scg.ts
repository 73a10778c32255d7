import { zerosLike } from '@tweedie/tensor'
import { squaredLoss } from '../../inner/zeroth-order.ts'
import { integer, number } from '../../options/index.ts'
import { population } from '../../particles/index.ts'
import { clipped } from '../../priors/clipped.ts'
import { residualNorm } from '../../run/residual.ts'
import { ddim } from '../../samplers/kernel.ts'
import { clipRange } from '../common-options.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'

/** Index of the first step with candidates. */
const firstOf = (steps: number, from: number): number => Math.floor(from * steps)

/**
 * Stochastic control guidance (SCG; Huang et al., arXiv 2402.14285, Algorithm 1): of K draws of a reverse step the one is kept
 * that seems to lead nearest to the data. From step ⌊from·N⌋ of N on, the last apart,
 *
 *     x_sᵏ = DDIM_η(x_t, x̂₀, z_k),  k = 1 … K,     x_s = x_sᵏ with the least ‖y − A(x̂₀(x_sᵏ, s))‖² ;
 *
 * the other steps are DDIM's. No gradient of anything: neither the operator's nor the denoiser's. A step shows how far the choice
 * is from the first candidate, which a run without choice would have gone to, as `guidance`.
 *
 * Defaults of the code beside EnKG (devzhk/enkg-pytorch): K = 512, from a quarter of 1000 ancestral steps on. (There step ⌊from·N⌋
 * itself goes to x̂₀ without noise, which puts x on another noise level than the next step takes it for; here it chooses as well.)
 * Any operator; σ_y is ignored. Known limits: choice is all there is to steer by. The best of K moves x_s by no more than about
 * √(2·ln K)·σ̃ along one direction of its noise σ̃: y with many numbers is approached slowly.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, quantise, run, scg } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: quantise([2], { bits: 3 }), noise: gaussianNoise(0.05), y: tensor([[0.71, 0.43]]) }
 * const x = await run(scg(problem, prior, { steps: 100, candidates: 16 }))
 * Math.abs(x.dataSync()[0]! - 0.71) < 0.4 // => true
 * ```
 */
export const scg = defineMethod({
  name: 'scg',
  title: 'Stochastic control guidance',
  family: 'explicit',
  paper: { arxiv: '2402.14285', algorithm: 'Algorithm 1', authors: 'Huang et al. 2024' },
  needs: [],
  limits:
    'Steers by choice alone: the best of K draws is nearer by √(2·ln K) of the noise, along one direction.',
  cost: ['particles'],
  steps: 1000,
  spacing: 'guided',
  evaluations: (steps, { from }) => steps + Math.max(0, steps - 1 - firstOf(steps, from)),
  queries: (steps, { candidates, from }) =>
    steps + candidates * Math.max(0, steps - 1 - firstOf(steps, from)),
  options: {
    candidates: integer('K, draws of a step', { default: 512, min: 1 }),
    from: number('the part of the steps before the first choice', { default: 0.25, min: 0, max: 1 }),
    eta: number("DDIM's η of the reverse step; 1 is ancestral", { default: 1, above: 0, max: 1 }),
    clip: clipRange,
  },
  plan: ({ problem, prior: given, options, times, noise, z: normal }) => {
    const { candidates: K, from, eta, clip } = options
    const [prior, kernel] = [clipped(given, clip), ddim(eta)]
    const [cloud, loss] = [population({ particles: K }), squaredLoss(problem, K)]
    const { schedule, shape } = prior
    const [first, last] = [firstOf(times.length, from), times.length - 1]
    return stepping({
      start: () => ({ x: noise() }),
      step: ({ x }, { t, s }, i) => {
        const x0hat = prior.denoise(x, t)
        const numbers = { residual: residualNorm(problem.operator, problem.y, x0hat) }
        const at = { t, s, schedule }
        if (i < first || i === last) {
          const next = kernel(x, x0hat, () => normal(i, 'step'), at)
          return { state: { x: next }, shown: { x0hat, guidance: zerosLike(x) }, numbers }
        }
        const z = () => cloud.noise({ normal }, i, 'step', shape)
        const all = kernel(cloud.spread(x), cloud.spread(x0hat), z, at)
        const losses = loss(prior.denoise(all, s)).dataSync()
        const each = Array.from({ length: losses.length / K }, (_, n) => losses.subarray(n * K, (n + 1) * K))
        const best = cloud.select(
          all,
          each.map((own) => Int32Array.of(own.indexOf(Math.min(...own)))),
        )
        const plain = cloud.select(
          all,
          each.map(() => Int32Array.of(0)),
        )
        return { state: { x: best }, shown: { x0hat, guidance: best.sub(plain) }, numbers }
      },
    })
  },
})

/** Options of {@link scg}. */
export type ScgOptions = OptionsOf<typeof scg>
/** A step of {@link scg}. */
export type ScgStep = StepOf<typeof scg>
