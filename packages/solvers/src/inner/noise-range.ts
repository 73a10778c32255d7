import { OptionError } from '@tweedie/tensor'
import { noiseLevel } from '../schedules/levels.ts'
import type { Schedule } from '../types.ts'

/** Noise levels σ/α, from the least to the most. */
export interface NoiseRange {
  readonly low: number
  readonly high: number
}

/** Where the noisiest level is infinite, this stands for it: data of variance 1 are then one part in 10⁶. */
const most = 1000

/**
 * The noise levels of a schedule from `sigmaMin` on; on one of discrete steps from that of its index 0 on, below which no
 * network was trained.
 * @throws {OptionError} where nothing is left.
 * @example
 * ```ts
 * import { noiseRange, ve } from '@tweedie/solvers'
 * noiseRange(ve({ sigmaMax: 50 }), 0.01) // => { low: 0.01, high: 50 }
 * ```
 */
export function noiseRange(schedule: Schedule, sigmaMin: number): NoiseRange {
  const least = schedule.discreteSteps === undefined ? 0 : noiseLevel(schedule, 0)
  const top = noiseLevel(schedule, schedule.noisiest)
  const range = { low: Math.max(sigmaMin, least), high: top < Infinity ? top : most }
  if (sigmaMin > 0 && range.low < range.high) return range
  throw new OptionError('sigmaMin', `must be above 0 and below ${range.high}, got ${sigmaMin}`)
}
