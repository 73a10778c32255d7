import type { Tensor } from '@tweedie/tensor'
import { OptionError, ShapeError, sameShape } from '@tweedie/tensor'
import { sampleSize, sumPerSample } from '../linalg/per-sample.ts'
import { noiseLevel } from '../schedules/levels.ts'
import type { Prior, Schedule, Time } from '../types.ts'
import { noiseRange } from './noise-range.ts'

/** How times of {@link evidenceBound} are drawn: with a density in proportion to g²/σ², or to none. */
export const timeLaws = ['importance', 'uniform'] as const

/** A time, and what its term counts: dτ over the density it was drawn with, τ = log(σ_t/α_t). */
export interface WeightedTime {
  readonly t: Time
  readonly weight: number
}

/**
 * u, uniform on [0, 1), as a time of {@link evidenceBound}. g²/σ² is twice the rate of τ: `importance` is uniform in τ, all
 * weights alike; `uniform` is so in t, with the rate σ′/σ − α′/α of τ in its weight.
 * @throws {OptionError} for another law, or a `sigmaMin` out of range.
 * @example
 * ```ts
 * import { boundTime, ve } from '@tweedie/solvers'
 * // Half way from 0.01 to 100 in the logarithm, of a range of log 10⁴.
 * const { t, weight } = boundTime(ve({ sigmaMax: 100 }), 'importance', 0.01, 0.5)
 * t // ≈ 1.0000
 * weight // ≈ 9.21034
 * ```
 */
export function boundTime(
  schedule: Schedule,
  law: (typeof timeLaws)[number],
  sigmaMin: number,
  u: number,
): WeightedTime {
  const { low, high } = noiseRange(schedule, sigmaMin)
  if (law === 'importance') {
    const weight = Math.log(high / low)
    return { t: schedule.timeOfNoiseLevel(Math.min(high, low * Math.exp(u * weight))), weight }
  }
  if (law !== 'uniform') throw new OptionError('times', `must be ${timeLaws.join(' | ')}, got ${String(law)}`)
  const [from, to] = [schedule.timeOfNoiseLevel(low), schedule.timeOfNoiseLevel(high)]
  const t = from + u * (to - from)
  const slopes = schedule.slopes(t)
  return { t, weight: (to - from) * (slopes.sigma / schedule.sigma(t) - slopes.alpha / schedule.alpha(t)) }
}

/** What an estimate of {@link evidenceBound} draws; ε ~ N(0, I) like x each. */
export interface BoundDraws {
  /** Times with their noise; the mean over them estimates the integral. */
  readonly times: readonly (WeightedTime & { readonly noise: Tensor })[]
  /** The noise at the least level. */
  readonly end: Tensor
}

/**
 * An unbiased estimate of the evidence lower bound b_θ(x₀) ≤ log p_θ(x₀) of a diffusion (Song et al. 2021, arXiv 2101.09258; as a
 * prior arXiv 2309.01949), p_θ the law of the reverse SDE from N(0, I) with a last step N(x̂₀, s₀²I) from the level s₀ = `sigmaMin`:
 *
 *     b_θ(x₀) = E log π(x_T) − ½∫ (E[g²(‖s_θ − ∇log p(x_t|x₀)‖² − ‖∇log p(x_t|x₀)‖²)] − 2∇·f) dt + E log p_θ(x₀|x_{t₀}) + H(x_{t₀}|x₀)
 *             = −KL(p(x_T|x₀) ‖ π) − ∫ s⁻²·E‖x₀ − x̂₀(x_t)‖² dτ + E log N(x₀; x̂₀(x_{t₀}), s₀²I)
 *
 * with x_t = α_t·x₀ + σ_t·ε, s = σ_t/α_t, τ = log s. The second line is the first: s_θ − ∇log p(x_t|x₀) = α(x̂₀ − x₀)/σ²,
 * g² = 2σ²·dτ/dt, and −½∫(−g²·E‖∇log p‖² − 2∇·f)dt = H(x_T|x₀) − H(x_{t₀}|x₀): an entropy grows by ∇·f and half the
 * Fisher information. So −2∇·f in the bracket is right, and what does not depend on x₀ or is known needs no draw. The KL is of
 * w_T = x_T/√(α² + σ²) to N(0, I). One call of the denoiser a time and one at the end; differentiable in x through all of them.
 *
 * @param x - x₀ [N, …shape].
 * @returns [N].
 * @throws {ShapeError} where x is no batch of samples or a noise is not like it; {OptionError} for a `sigmaMin` out of range or
 * no times.
 * @example
 * ```ts
 * import { boundTime, evidenceBound, gaussianPrior } from '@tweedie/solvers'
 * import { tensor, zeros } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0], covariance: 1 })
 * const x = tensor([[0.5]], { dtype: 'float64' })
 * const time = boundTime(prior.schedule, 'importance', 0.01, 0.3)
 * const draws = { times: [{ ...time, noise: zeros([1, 1], { dtype: 'float64' }) }], end: zeros([1, 1], { dtype: 'float64' }) }
 * evidenceBound(prior, x, draws, 0.01).shape // => [1]
 * ```
 */
export function evidenceBound(prior: Prior, x: Tensor, { times, end }: BoundDraws, sigmaMin: number): Tensor {
  const { schedule } = prior
  if (!sameShape(x.shape.slice(1), prior.shape) || x.shape.length === 0)
    throw new ShapeError('evidenceBound', 'x must be a batch of samples', [x.shape, prior.shape])
  for (const { shape } of [end, ...times.map(({ noise }) => noise)])
    if (!sameShape(shape, x.shape))
      throw new ShapeError('evidenceBound', 'noise must be like x', [shape, x.shape])
  if (times.length === 0) throw new OptionError('times', 'needs at least one time')
  const { low, high } = noiseRange(schedule, sigmaMin)
  const n = sampleSize(x)
  const error = (t: Time, noise: Tensor): Tensor => {
    const xt = x.mul(schedule.alpha(t)).add(noise.mul(schedule.sigma(t)))
    return sumPerSample(x.sub(prior.denoise(xt, t)).square())
  }
  const integral = times
    .map(({ t, weight, noise }) => error(t, noise).mul(weight / noiseLevel(schedule, t) ** 2 / times.length))
    .reduce((sum, term) => sum.add(term))
  const share = 1 / (1 + high ** 2) // of the signal in the variance of w_T
  const divergence = sumPerSample(x.square())
    .mul(share / 2)
    .add((-n / 2) * (share + Math.log1p(-share)))
  const decoded = error(schedule.timeOfNoiseLevel(low), end)
    .mul(-0.5 / low ** 2)
    .sub((n / 2) * Math.log(2 * Math.PI * low ** 2))
  return decoded.sub(divergence).sub(integral)
}
