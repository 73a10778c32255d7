import { OptionError } from '@tweedie/tensor'
import type { LearningRate } from './optimizer.ts'
import { checkRate, rateAt } from './optimizer.ts'

/** A learning rate as a function of the number of updates made before: see {@link LearningRate}. */
export type RateSchedule = (step: number) => number

/** From one rate to another over `steps` updates, and constant after. */
export interface RateRamp {
  from: number
  /** Default 0. */
  to?: number
  steps: number
}

function checkedRamp({ from, to = 0, steps }: RateRamp): Required<RateRamp> {
  for (const [name, value] of Object.entries({ from, to })) {
    if (!(value >= 0 && value < Infinity))
      throw new OptionError(name, `must be finite and at least 0, got ${value}`)
  }
  checkSteps(steps)
  return { from, to, steps }
}

function checkSteps(steps: number): void {
  if (!(Number.isInteger(steps) && steps > 0))
    throw new OptionError('steps', `must be a positive integer, got ${steps}`)
}

/** The same rate at every step. */
export function constantRate(rate: number): RateSchedule {
  checkRate(rate)
  return () => rate
}

/**
 * A straight line: from + (to − from)·k/steps at step k, `to` from step `steps` on.
 * @throws {OptionError} for negative rates, or `steps` that is no positive integer.
 * @example
 * ```ts
 * import { linearRate } from '@tweedie/autograd'
 * const rate = linearRate({ from: 1, steps: 4 })
 * const rates = [0, 1, 4, 9].map(rate)
 * rates // => [1, 0.75, 0, 0]
 * ```
 */
export function linearRate(ramp: RateRamp): RateSchedule {
  const { from, to, steps } = checkedRamp(ramp)
  return (step) => (step >= steps ? to : from + ((to - from) * step) / steps)
}

/**
 * Half a cosine (arXiv 1608.03983 eq. 5, without restarts): to + ½(from − to)(1 + cos(πk/steps)) at step k,
 * `to` from step `steps` on.
 * @throws {OptionError} for negative rates, or `steps` that is no positive integer.
 * @example
 * ```ts
 * import { cosineRate } from '@tweedie/autograd'
 * const rates = [0, 1, 2, 3].map(cosineRate({ from: 1, to: 0.5, steps: 2 }))
 * rates // => [1, 0.75, 0.5, 0.5]
 * ```
 */
export function cosineRate(ramp: RateRamp): RateSchedule {
  const { from, to, steps } = checkedRamp(ramp)
  return (step) => (step >= steps ? to : to + ((from - to) * (1 + Math.cos((Math.PI * step) / steps))) / 2)
}

/**
 * A linear warm-up (arXiv 1706.02677 §2.2) before another rate: the first rate of `then` times (k + 1)/steps
 * at steps k < `steps`, after which `then` begins, at its own step 0. The rate is never 0 on the way.
 * @throws {OptionError} for a rate that is not above 0, or `steps` that is no positive integer.
 * @example
 * ```ts
 * import { linearRate, warmUp } from '@tweedie/autograd'
 * const rates = [0, 1, 2, 3, 4].map(warmUp(2, linearRate({ from: 1, steps: 2 })))
 * rates // => [0.5, 1, 1, 0.5, 0]
 * ```
 */
export function warmUp(steps: number, then: LearningRate): RateSchedule {
  checkSteps(steps)
  checkRate(then)
  return (step) => (step < steps ? (rateAt(then, 0) * (step + 1)) / steps : rateAt(then, step - steps))
}
