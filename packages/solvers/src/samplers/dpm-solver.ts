import type { Tensor } from '@tweedie/tensor'
import { OptionError } from '@tweedie/tensor'
import { noiseLevel } from '../schedules/levels.ts'
import type { Sampler } from './sampler.ts'
import { combine } from './steps.ts'

/** Whether {@link dpmSolver} solves the ODE or the SDE. */
export const dpmForms = ['ode', 'sde'] as const

/** What {@link dpmSolver} remembers: the last estimate of x₀, and h, the length of the step since, in log-SNR/2. */
export interface DpmMemory {
  readonly x0?: Tensor
  readonly h?: number
}

/**
 * DPM-Solver++(2M) (arXiv 2211.01095 Algorithm 2) and its stochastic form SDE-DPM-Solver++(2M) (§3.4 and appendix there).
 * With ρ = (σ_s/α_s)/(σ_t/α_t) = e^(−h) and D = x̂₀ + (h/2h')·(x̂₀ − x̂₀'), a prime for the step before,
 *
 *     ODE:  x_s = (σ_s/σ_t)·x_t + α_s·(1 − ρ)·D
 *     SDE:  x_s = (σ_s/σ_t)·ρ·x_t + α_s·(1 − ρ²)·D + σ_s·√(1 − ρ²)·z
 *
 * One look a step, order 2 for the ODE. The first step, and the one to the clean end, are of order 1 (D = x̂₀).
 *
 * @throws {OptionError} for another form.
 */
export function dpmSolver({ form = 'ode' }: { form?: (typeof dpmForms)[number] } = {}): Sampler<DpmMemory> {
  if (!dpmForms.includes(form)) {
    throw new OptionError('form', `must be ${dpmForms.join(' | ')}, got ${String(form)}`)
  }
  return {
    name: 'dpm++2m',
    evaluations: (steps) => steps,
    init: () => ({}),
    step: (denoise, x, { x0: before, h: past }, { schedule, t, s }, z) => {
      const x0hat = denoise(x, t)
      const ratio = noiseLevel(schedule, s) / noiseLevel(schedule, t)
      const h = -Math.log(ratio)
      const ahead = before === undefined || past === undefined || h === Infinity ? 0 : h / (2 * past)
      const D = combine([1 + ahead, x0hat], [-ahead, before])
      const [alpha, sigma] = [schedule.alpha(s), schedule.sigma(s)]
      const kept = sigma / schedule.sigma(t)
      const next =
        form === 'ode'
          ? combine([kept, x], [alpha * (1 - ratio), D])
          : combine(
              [kept * ratio, x],
              [alpha * (1 - ratio ** 2), D],
              [sigma * Math.sqrt(1 - ratio ** 2), sigma > 0 ? z('step') : undefined],
            )
      return { x: next, x0hat, memory: { x0: x0hat, h } }
    },
  }
}
