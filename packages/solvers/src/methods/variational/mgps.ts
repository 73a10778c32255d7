import type { Tensor } from '@tweedie/tensor'
import { midpointDraw, midpointFits } from '../../guidance/midpoint.ts'
import { warmEnd } from '../../guidance/warm-end.ts'
import { choice, integer, number } from '../../options/index.ts'
import { residualNorm } from '../../run/residual.ts'
import { bridgeLaw } from '../../samplers/bridge.ts'
import { firstTime, timeWithin } from '../../schedules/time-within.ts'
import type { Time } from '../../types.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'
import { fitsOf, mgpsEvaluations, warmSteps } from './mgps-updates.ts'

/**
 * Midpoint guidance (MGPS; Janati et al., arXiv 2410.09945). What y says is asked at a midpoint ℓ = ⌊α·s⌋ between s and the clean
 * end, where x̂₀ says more than at s; q is the bridge of the forward process. A step from t to s:
 *
 *     x_ℓ ~ q(x_ℓ | x₀ = x̂₀(x_t), x_t)·p(y | x₀ = x̂₀(x_ℓ)),     x_s ~ q(x_s | x_ℓ, x_t),
 *
 * the first of a Gaussian N(m, diag e^{2v}) fitted to it by a few steps of Adam on E[−log p(y | x̂₀)] + KL, begun at the bridge from
 * the last x̂₀(x_ℓ). α = 1 guides at s, α → 0 at x₀. The end is x̂₀. Long fits are made in the first `longFirst` steps and in every
 * `longEvery`-th from the end, none in the last `quietLast`. In the first `warm` part of the steps a second fit, begun at the bridge
 * between x_ℓ and its x̂₀, is of the first time that a prior is asked at, its target p(y | x)·p(x)·p(x_ℓ | x) with the score of the
 * prior; its draw then takes the place of x_ℓ in x_s and of x̂₀(x_ℓ). `fit: 'exact'` draws x_ℓ itself with x̂₀ to first order (linear A, Gaussian
 * noise), exact for a Gaussian prior: what is left of its error is the midpoint's alone.
 *
 * Defaults: α = ½, 300 steps, rate 0.03, 2 and 20 updates as the authors' for FFHQ; their `i` counts down, so that long fits are at
 * the beginning. They leave x̂₀ out of the potential at the index above the clean end; here it stays. Limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, matrixOperator, mgps, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.2), y: tensor([[1]]) }
 * const x = await run(mgps(problem, prior, { steps: 50, warm: 0 }))
 * Math.abs(x.dataSync()[0]! - 1) < 1 // => true
 * ```
 */
export const mgps = defineMethod({
  name: 'mgps',
  title: 'Midpoint guidance (MGPS)',
  family: 'variational',
  paper: { arxiv: '2410.09945', algorithm: 'Algorithm 1', authors: 'Janati et al. 2024' },
  needs: ['likelihood', 'denoiserVjp', 'operatorVjp'],
  limits:
    'A diagonal Gaussian of a few updates stands for x_ℓ given y; the bridge to x̂₀ is narrower than p(x_ℓ | x_t), the more the lower α.',
  cost: ['inner'],
  steps: 300,
  spacing: 'linspace',
  options: {
    alpha: number('α: the midpoint is at this part of s', { default: 0.5, above: 0, max: 1 }),
    fit: choice('how x_ℓ is drawn: by a fit, or with x̂₀ to first order', midpointFits),
    fitSteps: integer('updates of a fit', { default: 2, min: 0 }),
    longSteps: integer('updates of a long fit', { default: 20, min: 0 }),
    longFirst: integer('long fits in the first steps, so many', { default: 5, min: 0 }),
    longEvery: integer('and one in so many from the end', { default: 10, min: 1 }),
    quietLast: integer('none with so many steps left', { default: 20, min: 0 }),
    learningRate: number('rate of Adam, length of a normalised step', { default: 0.03, above: 0 }),
    warm: number('part of the steps, the first, that have a second fit', { default: 0.3, min: 0, max: 1 }),
  },
  evaluations: mgpsEvaluations,
  plan: ({ problem, prior, options, times, start, noise, z, keys }) => {
    const { operator, y } = problem
    const { alpha, fit, warm, learningRate } = options
    const { schedule } = prior
    const [first, steps] = [firstTime(schedule), times.length]
    const guided = midpointDraw(problem, prior, fit)
    const second = warmEnd(problem, prior, fit === 'normalised' ? fit : 'adam')
    return stepping({
      start: () => {
        const x = noise()
        return { x, end: prior.denoise(x, start) }
      },
      step: ({ x, end }, { t, s }, i) => {
        const x0hat = prior.denoise(x, t)
        const numbers = { residual: residualNorm(operator, y, x0hat) }
        if (s === schedule.clean) return { state: { x: x0hat, end: x0hat }, shown: { x0hat }, numbers }
        const [isWarm, updates] = [i < warmSteps(steps, warm), fitsOf(i, steps, options)]
        const midpoint = timeWithin(schedule, s, alpha)
        const mid = isWarm && !(midpoint > first) ? s : midpoint
        const bridged = (from: Tensor, s: Time, clean = schedule.clean) =>
          bridgeLaw({ schedule, t, s, end: clean }, from, x)
        const xMid = guided({
          t: mid,
          law: bridged(x0hat, mid),
          start: bridged(end, mid, isWarm ? first : schedule.clean),
          steps: updates,
          learningRate,
          keys: () => keys(i, 'fit'),
          z: (purpose, shape) => z(i, purpose, shape),
        })
        const ofMid = prior.denoise(xMid, mid)
        const by = {
          steps: updates,
          learningRate,
          keys: () => keys(i, 'second fit'),
          z: () => z(i, 'second'),
        }
        const near = isWarm ? second(xMid, ofMid, mid, by) : xMid
        const { mean, deviation } = bridged(near, s, isWarm ? first : mid)
        const next = { x: mean.add(z(i, 'step').mul(deviation)), end: isWarm ? near : ofMid }
        return { state: next, shown: { x0hat }, numbers }
      },
    })
  },
})

/** Options of {@link mgps}. */
export type MgpsOptions = OptionsOf<typeof mgps>
/** A step of {@link mgps}. */
export type MgpsStep = StepOf<typeof mgps>
