import { OptionError } from '@tweedie/tensor'
import type { Schedule, Time } from '../types.ts'

/** One reverse step: from time t to the less noisy time s. */
export interface TimePair {
  readonly t: Time
  readonly s: Time
}

/** A value that is a positive integer. @throws {OptionError} of `option`, for any other. */
export function requirePositive(option: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new OptionError(option, `must be a positive integer, got ${value}`)
}

/** σ_t/α_t: the noise level in the variance-exploding variables x_t/α_t. */
export const noiseLevel = (schedule: Schedule, t: Time): number => schedule.sigma(t) / schedule.alpha(t)

/** ᾱ_t = α_t²/(α_t² + σ_t²), the fraction of the variance that is signal; α_t² itself for VP. */
export function alphaBar(schedule: Schedule, t: Time): number {
  const a = schedule.alpha(t) ** 2
  const s = schedule.sigma(t) ** 2
  return a / (a + s)
}
