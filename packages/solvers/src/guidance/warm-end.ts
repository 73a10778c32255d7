import type { Key, Tensor } from '@tweedie/tensor'
import { measuredScore } from '../inner/coupled.ts'
import type { GaussianFitOptions } from '../inner/gaussian-fit.ts'
import { gaussianFit, placed } from '../inner/gaussian-fit.ts'
import { bridgeLaw } from '../samplers/bridge.ts'
import { forwardTransition } from '../samplers/steps.ts'
import { firstTime } from '../schedules/time-within.ts'
import type { Prior, Problem, Time } from '../types.ts'
import { likelihoodOf } from './likelihood.ts'
import { diagonal } from './midpoint.ts'

/** How a {@link warmEnd} is fitted and drawn. */
export interface WarmFit {
  readonly steps: number
  readonly learningRate: number
  keys(): readonly Key[]
  z(): Tensor
}

/**
 * x_f at the first time f that a prior is asked at, from a draw x_ℓ above it (the warm start of MGPS, arXiv 2410.09945): of a diagonal
 * Gaussian fitted to p(y | x_f)·p(x_f)·p(x_ℓ | x_f), begun at the bridge between x_ℓ and its x̂₀. p(x_ℓ | x_f) as a law of x_f is
 * N(x_ℓ/r, (b/r²)·I), r and b those of the forward transition; log p(x_f) comes in by its score, (α_f·x̂₀ − x_f)/σ_f². An update
 * evaluates the prior once and does not go back through it.
 *
 * @returns (x_ℓ, x̂₀(x_ℓ), ℓ, how) ↦ x_f. @throws {OptionError} where the noise has no likelihood.
 */
export function warmEnd(
  { operator, noise, y }: Problem,
  prior: Prior,
  optimizer: NonNullable<GaussianFitOptions['optimizer']>,
): (x: Tensor, x0hat: Tensor, t: Time, by: WarmFit) => Tensor {
  const { schedule } = prior
  const first = firstTime(schedule)
  const likelihood = likelihoodOf(noise)
  const measured = measuredScore(operator, y, (seen, clean) => likelihood.score(seen, clean))
  const gradient = (x: Tensor) => {
    const score = prior
      .denoise(x, first)
      .mul(schedule.alpha(first))
      .sub(x)
      .div(schedule.sigma(first) ** 2)
    return measured(x).add(score).neg()
  }
  return (x, x0hat, t, { steps, learningRate, keys, z }) => {
    const { ratio, variance } = forwardTransition({ schedule, t, s: first })
    const law = { mean: x.div(ratio), deviation: Math.sqrt(variance) / ratio }
    const start = diagonal(bridgeLaw({ schedule, t, s: first, end: schedule.clean }, x0hat, x))
    return placed(gaussianFit(gradient, law, start, { steps, learningRate, optimizer, keys: keys() }), z())
  }
}
