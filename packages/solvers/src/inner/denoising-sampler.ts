import type { Key, Tensor } from '@tweedie/tensor'
import { normal, ShapeError, scope } from '@tweedie/tensor'
import type { DdpmVariance } from '../samplers/steps.ts'
import { combine } from '../samplers/steps.ts'
import { noiseLevel } from '../schedules/levels.ts'
import type { Prior, Time } from '../types.ts'
import { reverseTimes } from './reverse-ode.ts'

/** Options of {@link denoisingSample}. */
export interface DenoisingSampleOptions {
  /** Levels from σ_t/α_t down, on the grid of `reverseOde`: evaluations of the prior. */
  readonly steps: number
  /** `large`: σ_i² − σ_j²; `small`: (σ_i² − σ_j²)·σ_j²/σ_i². */
  readonly variance: DdpmVariance
  /** One key per sample. */
  readonly keys: readonly Key[]
}

/**
 * A draw from p(x₀ | u), u = x₀ + σ·ε, by the reverse diffusion started at u itself (DDS-DDPM of DPnP, arXiv 2403.17042): with
 * levels σ = σ₀ > σ₁ > … > 0, E = E[x₀ | x₀ + σ_i·ε = u] and β = σ_j²/σ_i²
 *
 *     u ← β·u + (1 − β)·E + √v·z,     v = σ_i² − σ_j²  (large)  or  β·(σ_i² − σ_j²)  (small),     no z at the end.
 *
 * `small` is the ancestral step of `reverseSde`, `large` the Euler–Maruyama step of dx = 2σ·(E − x)/σ²·dσ + √(2σ)·dw: it does not
 * depend on α, where the `large` of `reverseSde` is that of x_t. Of a prior of variance v both tend to v·σ²/(v + σ²) as one
 * over the steps, `large` from above.
 *
 * @param u - [N, …shape], x₀ under noise of the level σ_t/α_t.
 * @throws {OptionError} as `reverseTimes`; {ShapeError} where there is not one key per sample.
 * @example
 * ```ts
 * import { denoisingSample, gaussianPrior, ve } from '@tweedie/solvers'
 * import { randomKey, tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0], covariance: 1, schedule: ve() })
 * // p(x₀ | u) is N(u/2, ½) at σ = 1.
 * denoisingSample(prior, tensor([[2]]), 1, { steps: 20, variance: 'small', keys: [randomKey(1)] }).shape // => [1, 1]
 * ```
 */
export function denoisingSample(
  prior: Prior,
  u: Tensor,
  t: Time,
  { steps, variance, keys }: DenoisingSampleOptions,
): Tensor {
  const { schedule, shape } = prior
  if (keys.length !== u.shape[0])
    throw new ShapeError('denoisingSample', `needs one key per sample, got ${keys.length}`, [u.shape])
  const times = reverseTimes(schedule, t, steps)
  const like = { dtype: u.dtype, device: u.device }
  return scope(() =>
    times.reduce((at, time, k) => {
      const [level, s] = [noiseLevel(schedule, time), times[k + 1]]
      const next = s === undefined ? 0 : noiseLevel(schedule, s)
      const ratio = (next / level) ** 2
      const spread = Math.sqrt((level ** 2 - next ** 2) * (variance === 'large' ? 1 : ratio))
      const fresh = () =>
        normal(
          keys.map((key) => key.fold(k)),
          shape,
          like,
        )
      const x0hat = prior.denoise(at.mul(schedule.alpha(time)), time)
      return s === undefined ? x0hat : combine([ratio, at], [1 - ratio, x0hat], [spread, fresh()])
    }, u),
  )
}
