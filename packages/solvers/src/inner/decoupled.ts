import type { Key, Tensor } from '@tweedie/tensor'
import { denoiserCovariance } from '../linalg/denoiser-jacobian.ts'
import { denseSymmetric } from '../linalg/dense-solve.ts'
import { noiseLevel } from '../schedules/levels.ts'
import type { NoiseLikelihood, Operator, Prior, Time } from '../types.ts'
import { coupledGradient, measuredScore } from './coupled.ts'
import { covarianceDraw } from './covariance-draw.ts'
import { langevin } from './langevin.ts'
import { momentumChain } from './momentum.ts'
import { optimisedPoint } from './optimised-draw.ts'
import type { LinearGaussian, ProximalNoise } from './proximal.ts'
import { proximal, proximalDraw } from './proximal.ts'
import type { ReverseOdeOptions } from './reverse-ode.ts'
import { reverseOde } from './reverse-ode.ts'

/** x̂₀ and C of p(x₀ | x_t) ≈ N(x̂₀, C): the end of the flow and σ²I, E[x₀ | x_t] and σ²I, E[x₀ | x_t] and Cov[x₀ | x_t]. */
export const estimates = ['ode', 'tweedie', 'covariance'] as const

/** How x₀ is had of N(x̂₀, C)·p(y | x₀): two chains, a draw, the mean or mode. */
export const decoupledDraws = ['langevin', 'hmc', 'exact', 'map'] as const

/** How a decoupled step is made. */
export interface DecoupledSettings {
  readonly estimate: (typeof estimates)[number]
  readonly draw: (typeof decoupledDraws)[number]
  /** Euler steps of the flow, with `ode`, and the level of the last of them (`reverseOde`, `least`). */
  readonly odeSteps: number
  readonly odeMin?: number | undefined
  /** Steps of a chain. */
  readonly innerSteps: number
  /** The part of the momentum that `hmc` keeps (`momentumChain`). */
  readonly momentum: number
  /** Where a chain takes the score of the prior, in place of N(x̂₀, C). */
  readonly scoreTime?: Time | undefined
  /** Of L-BFGS, for `exact` and `map` of what is not linear and Gaussian. */
  readonly iterations: number
}

/** What was measured, as far as a step knows it. */
export interface DecoupledData {
  readonly operator: Operator
  readonly y: Tensor
  /** Where A is linear and the noise Gaussian: then `exact` and `map` are in closed form. */
  readonly linear?: LinearGaussian | undefined
  /** p(y | A x) in all other cases, and for chains. */
  readonly likelihood?: NoiseLikelihood | undefined
}

/** What a step draws with, each asked for where it is used, and the length of a step of its chain. */
export interface DecoupledDraw {
  /** ε_x, like x. */
  x(): Tensor
  /** ε_y, like y. */
  y(): Tensor
  /** y as it might have been measured: a draw of the noise about y. */
  measured(): Tensor
  keys(): readonly Key[]
  readonly step: number
}

/** What a decoupled step makes of x_t: an estimate x̂₀ and x₀, both like x_t. */
export interface Decoupled {
  readonly x0hat: Tensor
  readonly x0: Tensor
}

/** N(x̂₀, C), with C = level²I where there are no `times`. */
interface Believed {
  readonly x0hat: Tensor
  readonly level: number
  /** v ↦ C·v. */
  readonly times?: (v: Tensor) => Tensor
}

/** x_t ↦ x̂₀: the end of the probability flow from there, where its steps are given; else E[x₀ | x_t]. */
export const estimateOf =
  (prior: Prior, flow: ReverseOdeOptions | undefined): ((x: Tensor, t: Time) => Tensor) =>
  (x, t) =>
    flow === undefined ? prior.denoise(x, t) : reverseOde(prior, x, t, flow)

/**
 * The decoupled step of diffusion annealing (DAPS, arXiv 2407.01521; RTO and MAP, arXiv 2503.03007): x̂₀ and C of x_t, and an x₀ of
 *
 *     N(x₀; x̂₀, C)·p(y | A(x₀)).
 *
 * | draw | linear A, Gaussian noise | else |
 * | --- | --- | --- |
 * | `exact` | a draw of the Gaussian (`proximalDraw`, `covarianceDraw`) | randomise, then optimise: `optimisedPoint` of y and x̂₀ perturbed |
 * | `map` | its mean | the mode near x̂₀ |
 * | `langevin`, `hmc` | a chain from x̂₀ | the same |
 *
 * With `scoreTime` a chain goes toward p(x₀ | x_t)·p(y | x₀), by the score of the prior smoothed by the level there.
 *
 * @throws {TweedieError} of a chain: where C has no inverse.
 */
export function decoupled(
  data: DecoupledData,
  prior: Prior,
  settings: DecoupledSettings,
): (x: Tensor, t: Time, draws: DecoupledDraw) => Decoupled {
  const { estimate, draw, odeSteps, odeMin, innerSteps, momentum } = settings
  const gradient = gradientOf(data, prior, settings)
  const centre = estimateOf(prior, estimate === 'tweedie' ? undefined : { steps: odeSteps, least: odeMin })
  const chain: Conditional = (belief, { step, keys }, x, t) =>
    (draw === 'hmc' ? momentumChain : langevin)(gradient(belief, x, t), belief.x0hat, {
      steps: innerSteps,
      step,
      momentum,
      keys: keys(),
    })
  const conditional =
    draw === 'langevin' || draw === 'hmc'
      ? chain
      : data.linear === undefined
        ? optimised(data, settings)
        : closedForm(data.linear, draw)
  return (x, t, draws) => {
    const level = noiseLevel(prior.schedule, t)
    if (estimate === 'covariance') {
      using covariance = denoiserCovariance(prior, x, t)
      const belief = { x0hat: covariance.x0hat, level, times: covariance.times }
      return { x0hat: belief.x0hat, x0: conditional(belief, draws, x, t) }
    }
    const x0hat = centre(x, t)
    return { x0hat, x0: conditional({ x0hat, level }, draws, x, t) }
  }
}

/** N(x̂₀, C) and what a step draws with ↦ x₀; x_t and t for the score of the prior. */
type Conditional = (belief: Believed, draws: DecoupledDraw, x: Tensor, t: Time) => Tensor

const closedForm =
  (linear: LinearGaussian, draw: 'exact' | 'map'): Conditional =>
  ({ x0hat, level, times }, { x, y }) => {
    const noise: ProximalNoise | undefined = draw === 'map' ? undefined : { x: x(), y: y() }
    if (times !== undefined) return covarianceDraw(linear, x0hat, times, noise)
    return noise === undefined ? proximal(linear, x0hat, level) : proximalDraw(linear, x0hat, level, noise)
  }

function optimised(
  { operator, y, likelihood }: DecoupledData,
  { draw, iterations }: DecoupledSettings,
): Conditional {
  return ({ x0hat, level, times }, draws) => {
    const root = times === undefined ? (v: Tensor) => v.mul(level) : denseSymmetric(times, x0hat).root
    const [centre, seen] = draw === 'map' ? [x0hat, y] : [x0hat.add(root(draws.x())), draws.measured()]
    return optimisedPoint({ operator, y: seen, likelihood: given(likelihood) }, centre, root, iterations)
  }
}

/** ∇U of a chain. */
function gradientOf(
  { operator, y, likelihood }: DecoupledData,
  prior: Prior,
  { scoreTime }: DecoupledSettings,
): (belief: Believed, x: Tensor, t: Time) => (x: Tensor) => Tensor {
  const score = measuredScore(operator, y, (seen, clean) => given(likelihood).score(seen, clean))
  const { schedule } = prior
  /** (E[x₀ | x_s = α_s·x] − x)/(σ_s/α_s)². */
  const priorScore = (x: Tensor, s: Time) =>
    prior
      .denoise(x.mul(schedule.alpha(s)), s)
      .sub(x)
      .div(noiseLevel(schedule, s) ** 2)
  return ({ x0hat, level, times }, x, t) => {
    if (scoreTime !== undefined)
      return coupledGradient((v) => score(v).add(priorScore(v, scoreTime)), x.div(schedule.alpha(t)), level)
    if (times === undefined) return coupledGradient(score, x0hat, level)
    const { inverse } = denseSymmetric(times, x0hat)
    return (v) => inverse(v.sub(x0hat)).sub(score(v))
  }
}

function given(likelihood: NoiseLikelihood | undefined): NoiseLikelihood {
  if (likelihood === undefined) throw new TypeError('a likelihood is needed where nothing is in closed form')
  return likelihood
}
