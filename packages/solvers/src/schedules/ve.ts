import { OptionError } from '@tweedie/tensor'
import type { Schedule } from '../types.ts'

/**
 * The variance-exploding schedule whose time is the noise level itself: α_t = 1, σ_t = t from 0 to
 * `sigmaMax` (EDM, arXiv 2206.00364 §3).
 *
 * @param options - `sigmaMax`, in the units of the data; default 80.
 * @throws {OptionError} where `sigmaMax` is not positive, or for a time outside [0, sigmaMax].
 * @example
 * ```ts
 * import { ve } from '@tweedie/solvers'
 * const schedule = ve({ sigmaMax: 10 })
 * schedule.sigma(schedule.timeOfNoiseLevel(0.5)) // => 0.5
 * ```
 */
export function ve({ sigmaMax = 80 }: { sigmaMax?: number } = {}): Schedule {
  if (!(sigmaMax > 0 && sigmaMax < Infinity)) {
    throw new OptionError('sigmaMax', `must be positive and finite, got ${sigmaMax}`)
  }
  const checked = (t: number) => {
    if (!(t >= 0 && t <= sigmaMax)) throw new OptionError('t', `must lie in [0, ${sigmaMax}], got ${t}`)
    return t
  }
  return {
    name: 've',
    clean: 0,
    noisiest: sigmaMax,
    alpha: (t) => {
      checked(t)
      return 1
    },
    sigma: checked,
    timeOfNoiseLevel: checked,
  }
}
