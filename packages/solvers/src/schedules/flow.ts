import { OptionError } from '@tweedie/tensor'
import type { Schedule } from '../types.ts'

/** Options of {@link flow}. */
export interface FlowOptions {
  /** The time at which sampling starts, at most 1; default 1, where nothing is left of x₀. */
  noisiest?: number
}

/**
 * The straight path of flow matching and rectified flow (arXiv 2210.02747, arXiv 2209.03003), x_t = (1 − t)·x₀ + t·ε:
 * t = 0 is clean, t = 1 is noise, and the velocity dx_t/dt is ε − x₀. (Some authors count t from noise to data.)
 *
 * At t = 1 the noise level σ/α is infinite: what steps in that level (`heun` and stochastic `euler` by default, the grid
 * 'karras') must start below, with a `noisiest` such as 0.999.
 *
 * @throws {OptionError} where `noisiest` leaves (0, 1], or for a time outside [0, noisiest].
 * @example
 * ```ts
 * import { flow } from '@tweedie/solvers'
 * const { alpha, sigma, timeOfNoiseLevel } = flow()
 * const values = [alpha(0.25), sigma(0.25), timeOfNoiseLevel(3)]
 * values // => [0.75, 0.25, 0.75]
 * ```
 */
export function flow({ noisiest = 1 }: FlowOptions = {}): Schedule {
  if (!(noisiest > 0 && noisiest <= 1)) {
    throw new OptionError('noisiest', `must be above 0 and at most 1, got ${noisiest}`)
  }
  const checked = (t: number) => {
    if (!(t >= 0 && t <= noisiest)) throw new OptionError('t', `must lie in [0, ${noisiest}], got ${t}`)
    return t
  }
  const top = noisiest / (1 - noisiest)
  return {
    name: 'flow',
    clean: 0,
    noisiest,
    alpha: (t) => 1 - checked(t),
    sigma: checked,
    slopes: (t) => {
      checked(t)
      return { alpha: -1, sigma: 1 }
    },
    timeOfNoiseLevel: (level) => {
      // A level beyond the last by rounding alone is the last.
      if (!(level >= 0 && level <= top * (1 + 1e-12))) {
        throw new OptionError('sigmaOverAlpha', `must lie in [0, ${top}], got ${level}`)
      }
      return level === Infinity ? 1 : Math.min(noisiest, level / (1 + level))
    },
  }
}
