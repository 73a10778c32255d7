import { OptionError } from '@tweedie/tensor'

/** x_t = α_t·x₀ + σ_t·ε at the indices 0 … T−1. */
export interface NoiseSchedule {
  alpha(t: number): number
  sigma(t: number): number
  /** The time that the network is told at an index; default the index itself, as DDPM's are. */
  time?(t: number): number
}

/** α_t, σ_t and, where it is another, the time of every index, for threads that cannot be handed functions. */
export interface NoiseTable {
  readonly alpha: Float64Array
  readonly sigma: Float64Array
  readonly time?: Float64Array
}

/** The values of a schedule at 0 … T−1. */
export function noiseTable(schedule: NoiseSchedule, timesteps: number): NoiseTable {
  const values = (f: (t: number) => number) => Float64Array.from({ length: timesteps }, (_, t) => f(t))
  return {
    alpha: values((t) => schedule.alpha(t)),
    sigma: values((t) => schedule.sigma(t)),
    ...(schedule.time === undefined ? {} : { time: values(schedule.time) }),
  }
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

/** Which noise levels σ a training on x₀ + σ·ε sees, in the units of the data. */
export interface NoiseLevels {
  readonly min: number
  readonly max: number
  /**
   * Mean and standard deviation of log σ, of which what lies within the range is drawn (EDM, arXiv 2206.00364: −1.2 and
   * 1.2); without them log σ is uniform.
   */
  readonly logMean?: number
  readonly logStd?: number
}

/** Cells of the sum over log σ that quantiles are read off. */
const cells = 2 ** 14

/**
 * x₀ + σ·ε with σ = t at T levels: index i is the quantile (i + ½)/T of the law of σ, so that indices drawn evenly are
 * levels drawn by it.
 * @example
 * ```ts
 * import { levelNoise } from '@tweedie/unet'
 * const { alpha, sigma } = levelNoise({ min: 0.01, max: 100 }, 3)
 * alpha(1) // => 1
 * sigma(1) // ≈ 1.000
 * ```
 */
export function levelNoise(
  { min, max, logMean = 0, logStd = Infinity }: NoiseLevels,
  T: number,
): NoiseSchedule {
  const [low, step] = [Math.log(min), Math.log(max / min) / cells]
  const density = (i: number) => Math.exp(-0.5 * ((low + (i + 0.5) * step - logMean) / logStd) ** 2)
  // What lies below the upper end of each cell.
  const below = new Float64Array(cells + 1)
  for (let i = 0; i < cells; i++) below[i + 1] = below[i]! + density(i)
  const total = below[cells]!
  const levels = new Float64Array(T)
  for (let i = 0, cell = 0; i < T; i++) {
    const wanted = ((i + 0.5) / T) * total
    while (cell < cells - 1 && below[cell + 1]! < wanted) cell++
    const within = (wanted - below[cell]!) / (below[cell + 1]! - below[cell]!)
    levels[i] = Math.exp(low + (cell + within) * step)
  }
  const sigma = (t: number) => levels[t]!
  return { alpha: () => 1, sigma, time: sigma }
}

/** Other paths than DDPM's, by name: the straight one of flow matching. */
export const trainPaths = ['straight'] as const

/**
 * The straight path of flow matching (arXiv 2210.02747), x = (1 − τ)·x₀ + τ·ε, at τ = (i + ½)/T; a network is told τ·T, the same as
 * by diffusers, but for one that predicts the `velocity`, which is told 1 − τ.
 * @example
 * ```ts
 * import { straightNoise } from '@tweedie/unet'
 * const { alpha, sigma, time } = straightNoise(4)
 * const last = [alpha(3), sigma(3), time?.(3)]
 * last // => [0.125, 0.875, 3.5]
 * ```
 */
export function straightNoise(T: number): NoiseSchedule {
  const tau = (t: number) => (t + 0.5) / T
  return { alpha: (t) => 1 - tau(t), sigma: tau, time: (t) => t + 0.5 }
}

/** Of a training on pictures without noise, at the one time 0. */
export const noNoise: NoiseSchedule = { alpha: () => 1, sigma: () => 0 }
