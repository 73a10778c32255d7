import type { Tensor } from '@tweedie/tensor'
import { midpointDraw, midpointFits } from '../../guidance/midpoint.ts'
import { ancestralDraw } from '../../inner/ancestral-draw.ts'
import { normalLike } from '../../inner/gaussian-fit.ts'
import { choice, integer, number } from '../../options/index.ts'
import { residualNorm } from '../../run/residual.ts'
import { bridgeLaw } from '../../samplers/bridge.ts'
import type { OptionsOf, StepOf } from '../define.ts'
import { defineMethod, stepping } from '../define.ts'
import { fitsOf, tauOf } from './mgdm-times.ts'

/**
 * Mixture-guided diffusion (MGDM; Janati et al., arXiv 2502.03332, Algorithm 1): a Gibbs sampler of x_s, x_τ and x₀ in a step from t to
 * s, where y is asked at a time τ < s that runs through all, so that a mixture over τ stands for p(y | x_s). With q the bridge of the
 * forward process, x_s ~ q(x_s | x₀, x_t) with η, and then R times
 *
 *     x_τ ~ q(x_τ | x₀, x_s)·p(y | x₀ = x̂₀(x_τ)),     x₀ ~ DDIM from x_τ with η,     x_s ~ q(x_s | x_τ, x_t).
 *
 * The first is of a diagonal Gaussian fitted by Adam, its KL of the same draw as the potential, or itself with x̂₀ to first order
 * (`exact`, linear A, Gaussian noise). `tau`: `last` is the time after s, `uniform` below it, `mix` that, and after the `mixed` part
 * of the run the former. The end is x₀.
 *
 * More repeats R come nearer to the posterior. τ is the same for all samples, and even over the steps by the golden ratio, not by
 * chance: so a batch is its samples. A step needs two times below it: the last two repeat the one before, from the same x_t.
 *
 * Defaults: the authors' for images, 100 steps, R = 1, 19 steps of denoising (their 20 times), τ from 1 % of the way, 3 updates and 20
 * in the last tenth, rate 0.03, in the first 11 of 100 steps 0.01. Limits: `info.limits`.
 *
 * @example
 * ```ts
 * import { gaussianNoise, gaussianPrior, matrixOperator, mgdm, run } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0, 0], covariance: [[1, 0.9], [0.9, 1]] })
 * const problem = { operator: matrixOperator(tensor([[1, 0]])), noise: gaussianNoise(0.2), y: tensor([[1]]) }
 * const x = await run(mgdm(problem, prior, { steps: 20, denoiseSteps: 10, fit: 'exact' }))
 * Math.abs(x.dataSync()[0]! - 1) < 1 // => true
 * ```
 */
export const mgdm = defineMethod({
  name: 'mgdm',
  title: 'Mixture-guided diffusion (MGDM)',
  family: 'variational',
  paper: { arxiv: '2502.03332', algorithm: 'Algorithm 1', authors: 'Janati et al. 2025' },
  needs: ['likelihood', 'denoiserVjp', 'operatorVjp'],
  limits: 'x̂₀ stands for x₀ at τ, a diagonal Gaussian of a few updates for x_τ given y.',
  cost: ['inner'],
  steps: 100,
  spacing: 'linspace',
  options: {
    repeats: integer('R, rounds of the Gibbs sampler in a step', { default: 1, min: 1 }),
    tau: choice('τ: uniform below s and then s, one of these alone', ['mix', 'uniform', 'last']),
    mixed: number('part of the run with a uniform τ', { default: 0.7, min: 0, max: 1 }),
    minTau: number('least τ, as a part of the way from clean to noisiest', {
      default: 0.01,
      min: 0,
      below: 1,
    }),
    denoiseSteps: integer('steps of the denoising', { default: 19, min: 1 }),
    eta: number("DDIM's η of the denoising and of x_t", { default: 1, min: 0, max: 1 }),
    fit: choice('how x_τ is drawn: by a fit, or with x̂₀ to first order', midpointFits),
    fitSteps: integer('updates of a fit', { default: 3, min: 0 }),
    longSteps: integer('updates of a fit in the last steps', { default: 20, min: 0 }),
    longPart: number('part of the run, the last, that has those', { default: 0.1, min: 0, max: 1 }),
    learningRate: number('rate of Adam, length of a normalised step', { default: 0.03, above: 0 }),
    firstRate: number('the same in the first steps', { default: 0.01, above: 0 }),
    firstPart: number('part of the run, the first, that has that', { default: 0.11, min: 0, max: 1 }),
  },
  evaluations: (steps, { repeats, fit, denoiseSteps, ...plan }) => {
    const each = (i: number) => (fit === 'exact' ? 1 : fitsOf(i, steps, plan)) + denoiseSteps
    return Array.from({ length: steps < 3 ? 0 : steps }, (_, i) => repeats * each(i)).reduce(
      (sum, n) => sum + n,
      1,
    )
  },
  plan: ({ problem, prior, options, times, start, noise, z, keys }) => {
    const { repeats, eta, fit, denoiseSteps } = options
    const [{ operator, y }, { schedule }, steps] = [problem, prior, times.length]
    const { clean } = schedule
    const guided = midpointDraw(problem, prior, fit, 'sampled')
    return stepping({
      start: () => {
        const x = noise()
        return { x, x0: prior.denoise(x, start) }
      },
      step: ({ x, x0: before }, _, i) => {
        const [at, below] = [times[Math.min(i, steps - 3)], times[Math.min(i, steps - 3) + 1]]
        const residual = (x0: Tensor) => ({ residual: residualNorm(operator, y, x0) })
        if (at === undefined || below === undefined) {
          return { state: { x: before, x0: before }, shown: { x0hat: before }, numbers: residual(before) }
        }
        const { t, s } = at
        const middle = tauOf(i, steps, schedule, [s, below.s], options)
        const begun = bridgeLaw({ schedule, t, s, end: clean, eta }, before, x)
        let [x0, xs] = [before, begun.mean.add(z(i, 'step').mul(begun.deviation))]
        const own = keys(i, 'round')
        for (let round = 0; round < repeats; round++) {
          const of = (purpose: string) => own.map((key) => key.fold(round).fold(purpose))
          const xTau = guided({
            t: middle,
            law: bridgeLaw({ schedule, t: s, s: middle, end: clean }, x0, xs),
            steps: fitsOf(i, steps, options),
            learningRate: i < options.firstPart * steps ? options.firstRate : options.learningRate,
            keys: () => of('fit'),
            z: (purpose) => normalLike(of(purpose), purpose === 'measured' ? y : x),
          })
          x0 = ancestralDraw(prior, xTau, middle, { steps: denoiseSteps, eta, keys: of('denoising') })
          const { mean, deviation } = bridgeLaw({ schedule, t, s, end: middle }, xTau, x)
          xs = mean.add(normalLike(of('step'), x).mul(deviation))
        }
        const next = i === steps - 1 ? x0 : i < steps - 3 ? xs : x
        return { state: { x: next, x0 }, shown: { x0hat: x0 }, numbers: residual(x0) }
      },
    })
  },
})

/** Options of {@link mgdm}. */
export type MgdmOptions = OptionsOf<typeof mgdm>
/** A step of {@link mgdm}. */
export type MgdmStep = StepOf<typeof mgdm>
