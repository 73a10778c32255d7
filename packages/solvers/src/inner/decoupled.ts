import type { Key, Tensor } from '@tweedie/tensor'
import { denoiserCovariance } from '../linalg/denoiser-jacobian.ts'
import { noiseLevel } from '../schedules/levels.ts'
import type { Prior, Time } from '../types.ts'
import { coupledGradient } from './coupled.ts'
import { covarianceDraw } from './covariance-draw.ts'
import { langevin } from './langevin.ts'
import { momentumChain } from './momentum.ts'
import type { LinearGaussian, ProximalNoise } from './proximal.ts'
import { proximal, proximalDraw } from './proximal.ts'
import { reverseOde } from './reverse-ode.ts'

/** What a decoupled step makes of x_t: an estimate x̂₀ and x₀, both like x_t. */
export interface Decoupled {
  readonly x0hat: Tensor
  readonly x0: Tensor
}

/** x_t ↦ x̂₀. */
export type Estimate = (x: Tensor, t: Time) => Tensor

/** The end of the probability flow from x_t in a number of Euler steps; E[x₀ | x_t] where there is none. */
export const estimateOf =
  (prior: Prior, odeSteps: number | undefined): Estimate =>
  (x, t) =>
    odeSteps === undefined ? prior.denoise(x, t) : reverseOde(prior, x, t, { steps: odeSteps })

/**
 * The decoupled step for a linear measurement (RTO and MAP, arXiv 2503.03007): x₀ ~ N(x̂₀, C)·p(y | x₀), or the mean of that.
 *
 * @param estimate - x̂₀, with C = σ²I, σ = σ_t/α_t; or 'covariance': E[x₀ | x_t] and Cov[x₀ | x_t], by dense matrices.
 * @returns (x_t, t, ε) ↦ x̂₀ and x₀, its mean where ε is left out.
 */
export function decoupledGaussian(
  problem: LinearGaussian,
  prior: Prior,
  estimate: Estimate | 'covariance',
): (x: Tensor, t: Time, noise?: ProximalNoise) => Decoupled {
  return (x, t, noise) => {
    if (estimate === 'covariance') {
      using covariance = denoiserCovariance(prior, x, t)
      const { x0hat, times } = covariance
      return { x0hat, x0: covarianceDraw(problem, x0hat, times, noise) }
    }
    const [x0hat, level] = [estimate(x, t), noiseLevel(prior.schedule, t)]
    const x0 =
      noise === undefined ? proximal(problem, x0hat, level) : proximalDraw(problem, x0hat, level, noise)
    return { x0hat, x0 }
  }
}

/** A chain of a decoupled step. */
export interface DecoupledChain {
  readonly steps: number
  /** The part of the momentum that is kept (`momentumChain`); Langevin where left out. */
  readonly momentum?: number | undefined
  /** Where the score of the prior is taken, in place of N(x̂₀, σ²I). */
  readonly scoreTime?: Time | undefined
}

/**
 * The decoupled step of DAPS (arXiv 2407.01521): a chain from x̂₀ toward N(x̂₀, σ²I)·p(y | x₀), σ = σ_t/α_t; with `scoreTime`
 * toward p(x₀ | x_t)·p(y | x₀), by the score of the prior smoothed by the level there.
 *
 * @param score - x ↦ ∇ log p(y | x), as `measuredScore`.
 * @returns (x_t, t, step size and keys of the chain) ↦ x̂₀ and x₀.
 */
export function decoupledChain(
  score: (x: Tensor) => Tensor,
  prior: Prior,
  estimate: Estimate,
  { steps, momentum, scoreTime }: DecoupledChain,
): (x: Tensor, t: Time, by: { readonly step: number; readonly keys: readonly Key[] }) => Decoupled {
  const { schedule } = prior
  /** (E[x₀ | x_s = α_s·x] − x)/(σ_s/α_s)². */
  const priorScore = (x: Tensor, s: Time) =>
    prior
      .denoise(x.mul(schedule.alpha(s)), s)
      .sub(x)
      .div(noiseLevel(schedule, s) ** 2)
  return (x, t, by) => {
    const [x0hat, level] = [estimate(x, t), noiseLevel(schedule, t)]
    const gradient =
      scoreTime === undefined
        ? coupledGradient(score, x0hat, level)
        : coupledGradient((v) => score(v).add(priorScore(v, scoreTime)), x.div(schedule.alpha(t)), level)
    const chain = { steps, ...by }
    const x0 =
      momentum === undefined
        ? langevin(gradient, x0hat, chain)
        : momentumChain(gradient, x0hat, { ...chain, momentum })
    return { x0hat, x0 }
  }
}
