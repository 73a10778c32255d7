import { OptionError } from '@tweedie/tensor'

/** x_t = α_t·x₀ + σ_t·ε at the DDPM indices 0 … T−1. */
export interface NoiseSchedule {
  alpha(t: number): number
  sigma(t: number): number
}

/** α_t and σ_t of every index, for threads that cannot be handed functions. */
export interface NoiseTable {
  readonly alpha: Float64Array
  readonly sigma: Float64Array
}

/** The values of a schedule at 0 … T−1. */
export function noiseTable(schedule: NoiseSchedule, timesteps: number): NoiseTable {
  const values = (f: (t: number) => number) => Float64Array.from({ length: timesteps }, (_, t) => f(t))
  return { alpha: values((t) => schedule.alpha(t)), sigma: values((t) => schedule.sigma(t)) }
}

/**
 * The schedule of DDPM (arXiv 2006.11239 §4): β rises linearly from 1e-4 to 0.02 over T steps (both
 * scaled by 1000/T), α_t = √ᾱ_t, σ_t = √(1 − ᾱ_t).
 * @throws {OptionError} for a T that is no positive integer, or one of 2 … 19, where β would pass 1.
 * @example
 * ```ts
 * import { linearNoise } from '@tweedie/unet'
 * linearNoise(1000).alpha(999) ** 2 // ≈ 0.00004
 * ```
 */
export function linearNoise(timesteps = 1000): NoiseSchedule {
  if (!Number.isSafeInteger(timesteps) || timesteps < 1 || (timesteps > 1 && timesteps < 20)) {
    throw new OptionError(
      'timesteps',
      `must be 1 or at least 20 for the linear schedule, whose β ends at 20/T, got ${timesteps}`,
    )
  }
  const scale = 1000 / timesteps
  const table = new Float64Array(timesteps)
  let product = 1
  for (let t = 0; t < timesteps; t++) {
    product *= 1 - scale * (1e-4 + (timesteps === 1 ? 0 : (t / (timesteps - 1)) * (0.02 - 1e-4)))
    table[t] = product
  }
  const alphaBar = (t: number) => {
    const value = table[t]
    if (value === undefined)
      throw new OptionError('t', `must be an index from 0 to ${timesteps - 1}, got ${t}`)
    return value
  }
  return { alpha: (t) => Math.sqrt(alphaBar(t)), sigma: (t) => Math.sqrt(1 - alphaBar(t)) }
}

/** Of a training on pictures without noise, at the one time 0. */
export const noNoise: NoiseSchedule = { alpha: () => 1, sigma: () => 0 }
