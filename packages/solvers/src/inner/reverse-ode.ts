import type { Key, Tensor } from '@tweedie/tensor'
import { normal, OptionError, ShapeError, sameShape, scope } from '@tweedie/tensor'
import { heun } from '../samplers/integrate.ts'
import { ddim, ddpm } from '../samplers/kernel.ts'
import type { Sampler } from '../samplers/sampler.ts'
import { byKernel } from '../samplers/sampler.ts'
import type { DdpmVariance } from '../samplers/steps.ts'
import { karrasBetween } from '../schedules/level-grids.ts'
import { noiseLevel, requirePositive } from '../schedules/levels.ts'
import type { Prior, Schedule, Time } from '../types.ts'

/** Options of {@link reverseOde}. */
export interface ReverseOdeOptions {
  /** n, at least 1. */
  steps: number
  /** `euler` (default) evaluates the prior n times, `heun` 2n − 1 times. */
  solver?: 'euler' | 'heun'
  /** The grid: noise levels σ/α evenly spaced in their root of this degree. Default 7, as EDM; at least 1. */
  exponent?: number
  /**
   * The level of the last node before the clean end, such as 0.01 of DAPS; that of the schedule's index 0 is the least. Where
   * it is 0 or left out steps shrink down to the clean end.
   */
  least?: number | undefined
}

/**
 * The times of n steps from t to the clean end, t first and `schedule.clean` left out: noise levels
 * (a + (b − a)·i/m)^ρ from a^ρ, that of t. On a schedule of discrete steps b^ρ is the level of its index 0, below
 * which no network was trained, and m = n − 1 (EDM, arXiv 2206.00364 eq. 5); else b = 0 and m = n, so that the last
 * step shrinks with the others. One time alone where t is at index 0 or below, or at `end`, which b^ρ is at least.
 */
export function reverseTimes(schedule: Schedule, t: Time, n: number, exponent = 7, end = 0): Time[] {
  requirePositive('steps', n)
  if (!(exponent >= 1 && exponent < Infinity))
    throw new OptionError('exponent', `must be at least 1 and finite, got ${exponent}`)
  const level = noiseLevel(schedule, t)
  if (!(level > 0)) throw new OptionError('t', `must be noisier than the clean end, got ${t}`)
  if (!(level < Infinity))
    throw new OptionError('t', `must have a finite noise level, got ${level} at t = ${t}: start below`)
  const index0 = schedule.discreteSteps === undefined ? 0 : noiseLevel(schedule, 0)
  const least = Math.max(index0, end)
  // A level that was made a time and read back is off by rounding.
  if (level <= least * (1 + 1e-12) || n === 1) return [t]
  const intervals = least === 0 ? n : n - 1
  const between = (i: number) =>
    schedule.timeOfNoiseLevel(karrasBetween(level, least, i / intervals, exponent))
  // The ends are exact: rounding would take index 0 below itself.
  const last = () => (least === index0 ? 0 : schedule.timeOfNoiseLevel(least))
  return Array.from({ length: n }, (_, i) => (i === 0 ? t : i === intervals ? last() : between(i)))
}

/**
 * x₀ from x_t by n steps of the probability-flow ODE: in u = x/α and the noise level s = σ/α it is
 * du/ds = (u − E[x₀ | x_t])/s for any schedule (arXiv 2206.00364 eq. 4). Euler's step is DDIM's with η = 0, of order
 * 1. Heun's averages the slopes at both ends (ibid., Algorithm 1), of order 2; its last step is Euler's.
 * No draw from p(x₀ | x_t): a point on the path of the flow, as DAPS (arXiv 2407.01521) takes it.
 * Differentiable in x_t.
 *
 * @param xt - x_t [N, …shape].
 * @throws {OptionError} for options out of range or a time at the clean end; {ShapeError} where x_t is no batch of
 * samples.
 * @example
 * ```ts
 * import { gaussianPrior, reverseOde, ve } from '@tweedie/solvers'
 * import { tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0], covariance: 4, schedule: ve() })
 * // The flow of N(0, 4) scales: x₀ = x_t·√(4/(4 + σ²)) = 1.2 for x_t = 3 at σ = √21.
 * const x = tensor([[3]], { dtype: 'float64' })
 * reverseOde(prior, x, Math.sqrt(21), { steps: 40, solver: 'heun' }).dataSync() // ≈ [1.20]
 * ```
 */
export function reverseOde(prior: Prior, xt: Tensor, t: Time, options: ReverseOdeOptions): Tensor {
  const { schedule } = prior
  const { steps, solver = 'euler', exponent, least } = options
  if (solver !== 'euler' && solver !== 'heun')
    throw new OptionError('solver', `must be euler or heun, got ${String(solver)}`)
  requireSamples('reverseOde', prior, xt)
  const times = reverseTimes(schedule, t, steps, exponent, least)
  return scope(() => along(prior, solver === 'heun' ? heun() : byKernel('euler', ddim(0)), times, xt, noDraw))
}

/** x after the steps of a sampler without memory from time to time, the last to the clean end. */
function along(
  prior: Prior,
  sampler: Sampler<undefined>,
  times: readonly Time[],
  xt: Tensor,
  z: (step: number) => Tensor,
): Tensor {
  const { schedule } = prior
  const denoise = (x: Tensor, t: Time) => prior.denoise(x, t)
  return times.reduce((x, t, k) => {
    const at = { t, s: times[k + 1] ?? schedule.clean, schedule, steps: times.length }
    return sampler.step(denoise, x, undefined, at, () => z(k)).x
  }, xt)
}

const noDraw = (): never => {
  throw new OptionError('solver', 'the ODE draws nothing')
}

/** Options of {@link reverseSde}. */
export interface ReverseSdeOptions extends Omit<ReverseOdeOptions, 'solver'> {
  /** That of an ancestral step, `small` (default) or `large`. */
  variance?: DdpmVariance
  /** One key per sample, as `streams.keysOf(i, 'prior')`. */
  keys: readonly Key[]
}

/**
 * A draw from p(x₀ | x_t) by n ancestral steps (DDPM, arXiv 2006.11239 eq. 7) on the grid of {@link reverseOde}, up
 * to O(1/n): the prior step of split Gibbs samplers, which start it at their coupling ρ = σ_t/α_t itself
 * (PnP-DM, arXiv 2405.18782). n evaluations of the prior. Step k of a sample draws from its key folded by k.
 *
 * On a prior of variance v the variance drawn is v·s²/(v + s²) but for O(1/n), s = σ_t/α_t. Where s² ≫ v, `small` is nearer: it is
 * exact for v = 0. Where s² ≪ v, `large` is: its variances add up to s², those of `small` to s²·(1 − 15/n) on this grid.
 *
 * @param xt - x_t [N, …shape].
 * @throws as {@link reverseOde}; {ShapeError} where there is not one key per sample.
 * @example
 * ```ts
 * import { gaussianPrior, reverseSde, ve } from '@tweedie/solvers'
 * import { randomKey, tensor } from '@tweedie/tensor'
 * const prior = gaussianPrior({ mean: [0], covariance: 1, schedule: ve() })
 * // p(x₀ | x_t) is N(x_t/2, ½) at σ = 1.
 * reverseSde(prior, tensor([[2], [2]]), 1, { steps: 20, keys: [randomKey(1), randomKey(2)] }).shape // => [2, 1]
 * ```
 */
export function reverseSde(prior: Prior, xt: Tensor, t: Time, options: ReverseSdeOptions): Tensor {
  const { schedule } = prior
  const { steps, exponent, least, variance = 'small', keys } = options
  requireSamples('reverseSde', prior, xt)
  if (keys.length !== xt.shape[0])
    throw new ShapeError('reverseSde', `needs one key per sample, got ${keys.length}`, [xt.shape])
  const times = reverseTimes(schedule, t, steps, exponent, least)
  const like = { dtype: xt.dtype, device: xt.device }
  const z = (k: number) =>
    normal(
      keys.map((key) => key.fold(k)),
      prior.shape,
      like,
    )
  return scope(() => along(prior, byKernel('ddpm', ddpm(variance)), times, xt, z))
}

function requireSamples(op: string, prior: Prior, xt: Tensor): void {
  if (!sameShape(xt.shape.slice(1), prior.shape))
    throw new ShapeError(op, 'x_t must be a batch of samples', [xt.shape, prior.shape])
}
