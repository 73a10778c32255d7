import type { Key, Tensor } from '@tweedie/tensor'
import { denoiserCovariance } from '../linalg/denoiser-jacobian.ts'
import { noiseLevel } from '../schedules/levels.ts'
import type { LinearOperator, Operator, Prior, Time } from '../types.ts'
import { coupledGradient, measuredScore } from './coupled.ts'
import { covarianceDraw } from './covariance-draw.ts'
import { langevin } from './langevin.ts'
import { momentumChain } from './momentum.ts'
import type { LinearGaussian, ProximalNoise } from './proximal.ts'
import { proximal, proximalDraw } from './proximal.ts'
import { reverseOde } from './reverse-ode.ts'

/** What stands for E[x₀ | x_t] in a decoupled step, and for Cov[x₀ | x_t]. */
export const estimates = ['ode', 'tweedie', 'covariance'] as const
/** How x₀ is drawn, given the estimate and y. */
export const coupledDraws = ['langevin', 'hmc', 'exact', 'map'] as const

/** Settings of {@link decoupled}. */
export interface DecoupledSettings {
  readonly estimate: (typeof estimates)[number]
  readonly draw: (typeof coupledDraws)[number]
  readonly odeSteps: number
  /** Of a chain: steps, the part of the momentum that is kept, and the time of the score in it where there is one. */
  readonly innerSteps: number
  readonly momentum: number
  readonly scoreTime?: Time | undefined
}

/** What changes from step to step. */
export interface DecoupledAt {
  readonly t: Time
  /** Step size of a chain. */
  readonly step: number
  noise(): ProximalNoise
  keys(): readonly Key[]
}

/** The measurement, y = A(x) + τ·ε. */
export interface DecoupledProblem {
  readonly operator: Operator
  /** The same operator where it is linear. */
  readonly linear: LinearOperator | undefined
  readonly y: Tensor
  readonly tau: number
}

/**
 * The decoupled step of DAPS (arXiv 2407.01521) and of its relatives RTO, MAP and Lang (arXiv 2503.03007): from x_t an
 * estimate x̂₀, then x₀ ~ N(x̂₀, C)·p(y | x₀), σ = σ_t/α_t.
 *
 *     ode          x̂₀ along the probability flow, C = σ²I
 *     tweedie      x̂₀ = E[x₀ | x_t], C = σ²I
 *     covariance   the same with C = Cov[x₀ | x_t] by Tweedie's second formula, dense, for `exact` and `map` alone
 *
 *     exact        a draw of that Gaussian, for linear A
 *     map          its mean, for linear A
 *     langevin, hmc   a chain from x̂₀; with `scoreTime` toward p(x₀ | x_t)·p(y | x₀) by the score of the prior there
 *
 * @returns (x_t, at) ↦ x̂₀ and x₀.
 */
export function decoupled(
  { operator, linear, y, tau }: DecoupledProblem,
  prior: Prior,
  { estimate, draw, odeSteps, innerSteps, momentum, scoreTime }: DecoupledSettings,
): (x: Tensor, at: DecoupledAt) => { readonly x0hat: Tensor; readonly x0: Tensor } {
  const { schedule } = prior
  const problem = (operator: LinearOperator): LinearGaussian => ({ operator, y, sigmaY: tau })
  const uphill = measuredScore(operator, y, (measured, clean) => measured.sub(clean).div(tau ** 2))
  /** α_s·E[x₀ | ·] − x over σ_s²: the score of the prior, noised to the level of the time s alone. */
  const priorScore = (x: Tensor, s: Time) =>
    prior
      .denoise(x.mul(schedule.alpha(s)), s)
      .sub(x)
      .div(noiseLevel(schedule, s) ** 2)
  return (x, { t, step, noise, keys }) => {
    const level = noiseLevel(schedule, t)
    if (estimate === 'covariance' && linear !== undefined) {
      using covariance = denoiserCovariance(prior, x, t)
      const { x0hat, times } = covariance
      return {
        x0hat,
        x0: covarianceDraw(problem(linear), x0hat, times, draw === 'map' ? undefined : noise()),
      }
    }
    const x0hat = estimate === 'ode' ? reverseOde(prior, x, t, { steps: odeSteps }) : prior.denoise(x, t)
    if (draw === 'map' && linear !== undefined) return { x0hat, x0: proximal(problem(linear), x0hat, level) }
    if (draw === 'exact' && linear !== undefined)
      return { x0hat, x0: proximalDraw(problem(linear), x0hat, level, noise()) }
    const gradient =
      scoreTime === undefined
        ? coupledGradient(uphill, x0hat, level)
        : coupledGradient((v) => uphill(v).add(priorScore(v, scoreTime)), x.div(schedule.alpha(t)), level)
    const chain = { steps: innerSteps, step, keys: keys() }
    return {
      x0hat,
      x0:
        draw === 'hmc'
          ? momentumChain(gradient, x0hat, { ...chain, momentum })
          : langevin(gradient, x0hat, chain),
    }
  }
}
