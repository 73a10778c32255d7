import { OptionError } from '@tweedie/tensor'

/**
 * β(s, r) = (s + r)!/(s!·r!), or 0 for r < 0: the most steps that s slots reverse when none runs more than
 * r times for storing alone (Griewank & Walther, ACM TOMS 26(1), 2000, Algorithm 799).
 */
export function reach(slots: number, repetitions: number): number {
  if (repetitions < 0) return 0
  let product = 1
  for (let i = 1; i <= repetitions; i++) product = (product * (slots + i)) / i
  return product
}

/** The r of β(s, r − 1) < n ≤ β(s, r). */
function repetitionsOf(n: number, slots: number): number {
  let r = 0
  while (reach(slots, r) < n) r++
  return r
}

/** @throws {OptionError} where a number is no count, or steps are to be reversed without a slot. */
function requireSchedule(n: number, slots: number): void {
  if (!(Number.isSafeInteger(n) && n >= 0)) {
    throw new OptionError('steps', `must be a non-negative integer, got ${n}`)
  }
  const least = n > 1 ? 1 : 0
  if (!(Number.isSafeInteger(slots) && slots >= least)) {
    throw new OptionError('slots', `${n} steps need a whole number of slots from ${least}, got ${slots}`)
  }
}

/**
 * The fewest steps that have to run again to reverse a chain of n when only `slots` states are stored at a
 * time, the first included: t(n, s) = r·n − β(s + 1, r − 1) with β(s, r) = (s + r)!/(s!·r!) and r the least
 * with n ≤ β(s, r) (Griewank & Walther, "Algorithm 799: revolve", ACM TOMS 26(1), 2000). From n − 1
 * slots on it is n − 1: every step but the last runs twice.
 *
 * @throws {OptionError} where n is no count, or n > 1 and there is no slot.
 * @example
 * ```ts
 * import { revolveRecomputations } from '@tweedie/autograd'
 * revolveRecomputations(50, 8) // => 95
 * revolveRecomputations(10, 9) // => 9
 * revolveRecomputations(10, 1) // => 45
 * ```
 */
export function revolveRecomputations(n: number, slots: number): number {
  requireSchedule(n, slots)
  if (n <= 1) return 0
  const r = repetitionsOf(n, slots)
  return r * n - reach(slots + 1, r - 1)
}

/**
 * Where a chain of n ≥ 2 steps with `slots` is to be cut: the state after the first m steps is stored, the
 * n − m steps after it are reversed with one slot less, then the m before with all. Any m with
 * β(s, r − 2) ≤ m ≤ β(s, r − 1) and β(s − 1, r − 1) ≤ n − m ≤ β(s − 1, r) attains t(n, s); this is the least.
 */
export function revolveCut(n: number, slots: number): number {
  requireSchedule(n, slots)
  const s = Math.min(slots, n - 1)
  const r = repetitionsOf(n, s)
  return Math.max(reach(s, r - 2), n - reach(s - 1, r))
}

/** What the gradient of a chain is made of, in bytes. */
export interface ChainBytes {
  /** n. */
  readonly steps: number
  /** One state. */
  readonly state: number
  /** The peak of the gradient of one step alone, with all that comes before and after the chain; `peakBytesOf` measures it. */
  readonly step: number
}

/** Bytes for scalars, beside states and tapes. */
const small = 64

/**
 * The most that the gradient of a chain has alive at once under the binomial schedule: its slots, two states and a
 * cotangent in hand, and one step's tape.
 */
export const chainPeak = ({ steps, state, step }: ChainBytes, slots: number): number =>
  steps <= 1 ? step : step + (Math.min(slots, steps - 1) + 3) * state + small

/**
 * The fastest way to the gradient of a chain whose peak stays within a budget: the full tape where n tapes of a step fit,
 * else the most slots that do.
 *
 * @param bytes - The budget, above what is there before.
 * @throws {OptionError} where not even one slot fits, naming the least that would do. Its `option` is `memory`.
 * @example
 * ```ts
 * import { strategyWithin } from '@tweedie/autograd'
 * const chain = { steps: 50, state: 3136, step: 2_380_896 }
 * strategyWithin(2_500_000, chain) // => { slots: 34 }
 * strategyWithin(200_000_000, chain) // => 'tape'
 * ```
 */
export function strategyWithin(bytes: number, chain: ChainBytes): 'tape' | { readonly slots: number } {
  if (bytes >= Math.max(1, chain.steps) * chain.step) return 'tape'
  const least = chainPeak(chain, 1)
  if (!(bytes >= least)) {
    throw new OptionError(
      'memory',
      `the gradient through ${chain.steps} steps needs at least ${least} bytes, got ${bytes}`,
    )
  }
  return { slots: Math.min(Math.max(1, chain.steps - 1), 1 + Math.floor((bytes - least) / chain.state)) }
}
