import type { Tensor } from '@tweedie/tensor'
import { maximum, zeros } from '@tweedie/tensor'
import { batchOf } from '../../linalg/per-sample.ts'
import { inFloat64 } from '../../linalg/precise.ts'
import { choice, integer, number } from '../../options/index.ts'
import { populationOf, smcPlan } from '../../particles/index.ts'
import { ddim } from '../../samplers/kernel.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod } from '../define.ts'
import { particleOptions } from '../particle-options.ts'

/** How the rewards r of x̂₀ up to a time count in the potential there: by what is kept of them, and log G/λ. */
const potentials = {
  difference: {
    first: 0,
    kept: (_: Tensor, r: Tensor) => r,
    log: (kept: Tensor, past: Tensor) => kept.sub(past),
  },
  max: { first: -Infinity, kept: (past: Tensor, r: Tensor) => maximum(past, r), log: (kept: Tensor) => kept },
  sum: { first: 0, kept: (past: Tensor, r: Tensor) => past.add(r), log: (kept: Tensor) => kept },
} as const

/**
 * Feynman–Kac steering (Singhal et al., arXiv 2501.06848): particles of the unguided sampler, weighed on their way by the
 * rewards of where they seem to go, r_t = log p(y | x₀ = x̂₀(x_t)), without any gradient. At every `interval`-th step from `from` to `to`
 * a particle gains a potential G_t, and ancestors are drawn:
 *
 *     difference:  G_t = e^{λ(r_t − r_prev)},     max:  G_t = e^{λ·max_{u ≥ t} r_u},     sum:  G_t = e^{λ·Σ_{u ≥ t} r_u},
 *     last step:   G_0 = e^{λ·r(x₀)}/Π_t G_t,
 *
 * over the steps with a potential. For all three the target is p_θ(x₀)·p(y | x₀)^λ, p_θ the law of DDIM with η at these steps, and
 * `logEvidence` estimates its integral without bias. λ = 1 is the posterior.
 *
 * Defaults of the authors' code for pictures (zacharyhorvitz/Fk-Diffusion-Steering): 4 particles, potentials in steps 5, 10, … 30
 * of 100, multinomial; its λ is 10, of rewards of another scale. There a step is moved before its ancestors are drawn, `max` and `sum`
 * end in their own rewards in the place of r(x₀), and adaptive resampling forgets the weights where none are drawn: neither is exact.
 * `threshold: 0.5` is adaptive here, with the weights kept.
 *
 * Any operator, any noise of a known likelihood; `rewardProblem` makes a problem of a reward. Known limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { fkSteering, gaussianNoise, gaussianPrior, matrixOperator, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.3), y: tensor([[1]]) }
 * let logEvidence = 0
 * const x = await run(fkSteering(problem, prior, { steps: 50, particles: 200, to: 45 }), {
 *   onStep: (step) => void (logEvidence = step.logEvidence[0]!),
 * })
 * Math.abs(x.dataSync()[0]! - 0.92) < 1.5 // => true
 * Math.abs(logEvidence + 1.42) < 0.5 // => true
 * ```
 */
export const fkSteering = defineMethod({
  name: 'fk-steering',
  title: 'Feynman–Kac steering',
  family: 'exact',
  paper: { arxiv: '2501.06848', algorithm: 'Algorithm 1', authors: 'Singhal et al. 2025' },
  needs: ['likelihood'],
  limits:
    'Exact as K grows for the law of the sampler; with nothing but selection to steer by, few particles seldom come near a precise y.',
  cost: ['particles'],
  steps: 100,
  spacing: 'leading',
  options: {
    ...particleOptions(4, 'multinomial'),
    potential: choice('what of the rewards up to a time weighs a particle there', [
      'difference',
      'max',
      'sum',
    ]),
    lambda: number('λ of the target p(x₀)·p(y | x₀)^λ: 1 for the posterior', { default: 1, above: 0 }),
    interval: integer('steps from one potential to the next', { default: 5, min: 1 }),
    from: integer('the index of the first step with a potential', { default: 5, min: 0 }),
    to: integer('that of the last, beside the last of the run', { default: 30, min: 0 }),
    eta: number('η of the DDIM steps', { default: 1, min: 0, max: 1 }),
  },
  plan: (run) => {
    const { problem: { operator, noise, y: measured }, prior, options, start } = run // biome-ignore format: one line
    const { lambda, interval, from, to, eta } = options
    const { schedule, shape } = prior
    const { first, kept, log } = potentials[options.potential]
    const [cloud, kernel] = [populationOf(run), ddim(eta)]
    const reward = (x0: Tensor) =>
      inFloat64(noise.likelihood.log(cloud.spread(measured), operator.forward(x0)))
    return smcPlan('fk-steering', run, {
      start: () => {
        const x = cloud.z(0, 'start', shape).mul(schedule.sigma(start))
        const nothing = inFloat64(zeros([batchOf(x)], { device: x.device }))
        return { particles: { x, past: nothing.add(first), spent: nothing }, shared: {} }
      },
      weigh: ({ x, past, spent }, shared, { t, s }, i) => {
        const x0hat = prior.denoise(x, t)
        const here = i >= from && i <= to && (i - from) % interval === 0
        if (!here || s === schedule.clean)
          return { logWeight: spent.mul(0), found: { x, x0hat, past, spent }, shared, keep: true }
        const now = kept(past, reward(x0hat))
        const logWeight = log(now, past).mul(lambda)
        return { logWeight, found: { x, x0hat, past: now, spent: spent.add(logWeight) }, shared }
      },
      move: ({ x, x0hat, past, spent }, _, { t, s }, i) => {
        const next = kernel(x, x0hat, () => cloud.z(i, 'step', shape), { t, s, schedule })
        const particles = { x: next, past, spent }
        if (s !== schedule.clean) return { particles }
        return { particles, logWeight: reward(next).mul(lambda).sub(spent) }
      },
    })
  },
})

/** Options of {@link fkSteering}. */
export type FkSteeringOptions = OptionsOf<typeof fkSteering>
/** A step of {@link fkSteering}. */
export type FkSteeringStep = StepOf<typeof fkSteering>
