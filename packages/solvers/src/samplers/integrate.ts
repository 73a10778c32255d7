import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import { noiseLevel } from '../schedules/levels.ts'
import type { Schedule, Time } from '../types.ts'
import type { Kernel } from './kernel.ts'
import type { Sampler } from './sampler.ts'
import { combine } from './steps.ts'

/** In which variable an integrator steps; see {@link IntegratorOptions}. */
export const variables = ['level', 'time'] as const

/** Options of {@link euler} and {@link heun}. */
export interface IntegratorOptions {
  /**
   * `level` (default): x_t/α_t over the noise level σ_t/α_t, as EDM, whatever the schedule; `time`: x_t over the
   * schedule's own t, by its slopes.
   */
  variable?: (typeof variables)[number]
  /** λ: 0 (default) is the probability-flow ODE, 1 the reverse SDE; all λ ≥ 0 have the same marginals. */
  noise?: number
}

/** The path X = α·x₀ + σ·ε over a clock, at one time, and X/x_t. */
interface Path {
  readonly clock: number
  readonly scale: number
  readonly alpha: number
  readonly sigma: number
  readonly slopes: { readonly alpha: number; readonly sigma: number }
}

const pathAt = {
  level: (schedule: Schedule, t: Time): Path => {
    const level = noiseLevel(schedule, t)
    if (level === Infinity) {
      throw new OptionError(
        't',
        `the noise level of '${schedule.name}' is infinite at t = ${t}: start below, or step in the variable 'time'`,
      )
    }
    return {
      clock: level,
      scale: 1 / schedule.alpha(t),
      alpha: 1,
      sigma: level,
      slopes: { alpha: 0, sigma: 1 },
    }
  },
  time: (schedule: Schedule, t: Time): Path => ({
    clock: t,
    scale: 1,
    alpha: schedule.alpha(t),
    sigma: schedule.sigma(t),
    slopes: schedule.slopes(t),
  }),
}

/**
 * dX = (byX·X + byX0·x̂₀)·dτ + √spread·dw, over the clock τ, which runs backwards (arXiv 2011.13456 eq. 6 and 13; arXiv
 * 2206.00364 eq. 6). Without noise the drift is the mean velocity α′·x̂₀ + σ′·ε̂; λ adds λ·κ·(X − α·x̂₀) to it and
 * 2λ·κ·σ² to the variance, κ = d log(σ/α)/dτ.
 */
function driftOf(
  { alpha, sigma, slopes }: Path,
  lambda: number,
): { byX: number; byX0: number; spread: number } {
  const rate = slopes.sigma / sigma
  const flow = { byX: rate, byX0: slopes.alpha - alpha * rate, spread: 0 }
  if (lambda === 0) return flow
  if (alpha === 0)
    throw new OptionError('noise', 'must be 0 where nothing is left of x₀: start at a lower noise')
  const kappa = lambda * (rate - slopes.alpha / alpha)
  return { byX: flow.byX + kappa, byX0: flow.byX0 - alpha * kappa, spread: 2 * kappa * sigma ** 2 }
}

function checked({ variable = 'level', noise = 0 }: IntegratorOptions): Required<IntegratorOptions> {
  if (!variables.includes(variable)) {
    throw new OptionError('variable', `must be ${variables.join(' | ')}, got ${String(variable)}`)
  }
  if (!(noise >= 0 && noise < Infinity)) {
    throw new OptionError('noise', `must be at least 0 and finite, got ${noise}`)
  }
  return { variable, noise }
}

/**
 * Euler's step, of the ODE or (Euler–Maruyama) of the SDE: order 1. The step to the clean end gives x̂₀. In the variable
 * `level` without noise it is DDIM with η = 0.
 *
 * @throws {OptionError} for options out of range; from a step, at an infinite noise level.
 * @example
 * ```ts
 * import { byKernel, euler, flow, gaussianPrior, run, sampleFrom } from '@tweedie/solvers'
 * const prior = gaussianPrior({ mean: [2], covariance: 1e-6, schedule: flow() })
 * const x = await run(sampleFrom(prior, byKernel('euler', euler({ variable: 'time' })), { steps: 10 }))
 * x.dataSync() // ≈ [2.00]
 * ```
 */
export function euler(options: IntegratorOptions = {}): Kernel {
  const { variable, noise } = checked(options)
  return (x, x0, z, { schedule, t, s }) => {
    if (s === schedule.clean) return x0
    const [from, to] = [pathAt[variable](schedule, t), pathAt[variable](schedule, s)]
    const [step, drift] = [to.clock - from.clock, driftOf(from, noise)]
    return combine(
      [(from.scale * (1 + step * drift.byX)) / to.scale, x],
      [(step * drift.byX0) / to.scale, x0],
      [Math.sqrt(-step * drift.spread) / to.scale, noise > 0 ? z() : undefined],
    )
  }
}

/**
 * Heun's method: an Euler step, a second look at its end, and the mean of both drifts (arXiv 2206.00364 Algorithm 1, for
 * any schedule; with noise, the same noise in both). Order 2: of the ODE, and in law of the SDE. Two looks a step; the
 * step to the clean end is one look and gives x̂₀.
 *
 * @throws {OptionError} for options out of range; from a step, at an infinite noise level.
 */
export function heun(options: IntegratorOptions = {}): Sampler<undefined> {
  const { variable, noise } = checked(options)
  return {
    name: 'heun',
    evaluations: (steps) => 2 * steps - 1,
    init: () => undefined,
    step: (denoise, x, memory, { schedule, t, s }, z) => {
      const x0hat = denoise(x, t)
      if (s === schedule.clean) return { x: x0hat, x0hat, memory }
      const [from, to] = [pathAt[variable](schedule, t), pathAt[variable](schedule, s)]
      const step = to.clock - from.clock
      const [first, second] = [driftOf(from, noise), driftOf(to, noise)]
      const X = x.mul(from.scale)
      const drift: Tensor = combine([first.byX, X], [first.byX0, x0hat])
      // The variance over the step by the trapezoidal rule, so that the law is right to second order.
      const spread = Math.sqrt((-step * (first.spread + second.spread)) / 2)
      const drawn = noise > 0 ? z('step') : undefined
      const ahead = combine([1, X], [step, drift], [spread, drawn])
      const x0ahead = denoise(ahead.mul(1 / to.scale), s)
      const ended = combine(
        [1, X],
        [step / 2, drift],
        [(step / 2) * second.byX, ahead],
        [(step / 2) * second.byX0, x0ahead],
        [spread, drawn],
      )
      return { x: ended.mul(1 / to.scale), x0hat, memory }
    },
  }
}
